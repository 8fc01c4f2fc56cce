import { sealedBlock, type Block, type Ref } from '../../block.ts';
import { Writer } from '../../bytes.ts';
import { CommitRule } from '../../commitRule.ts';
import { committeeOf, type Committee } from '../../committee.ts';
import { Dag } from '../../dag.ts';
import { digestOf } from '../../hash.ts';
import { SimRandom } from './random.ts';

const ROUNDS = 14;
const VIEWS = 5;

/**
 * What no network can be worse than: blocks that build on any quorum, liars with two in each round, and nodes each of
 * which has any part of it that is complete in itself.
 * @returns what two of them decide differently; undefined where all agree as far as they decide
 */
export function viewsDisagree(seed: number): string | undefined {
  const random = new SimRandom(seed);
  const committee = committeeOfSeed(random.pick([4, 4, 7]), seed);
  const rounds = randomRounds(committee, random);
  const blocks = rounds.flat();
  const known = new Map(blocks.map((block) => [block.ref.digest, block]));
  const views = Array.from({ length: VIEWS }, () => {
    const tips = random.some(blocks.slice(blocks.length / 2), 1 + random.below(3));
    return decided(committee, closed(tips, known, blocks));
  });
  const whole = decided(committee, blocks);
  for (const view of views)
    for (const [at, decision] of view.entries())
      if (decision !== whole[at]) return `slot ${at} is ${decision}, and ${whole[at] ?? 'open'}`;
  return undefined;
}

function committeeOfSeed(size: number, seed: number): Committee {
  const named = (name: string, at: number) =>
    digestOf('views', new TextEncoder().encode(name), new Writer().u32(seed).u32(at).done());
  const keys = Array.from({ length: size }, (_, at) => named('key', at));
  return committeeOf(named('chain', 0), 0, keys, named('seed', 0));
}

function randomRounds(committee: Committee, random: SimRandom): readonly (readonly Block[])[] {
  const size = committee.publicKeys.length;
  const rounds: Block[][] = [[...new Dag(committee, 0).in(0)]];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const before = Map.groupBy(rounds[round - 1]!, ({ author }) => author);
    const authors = random.some(
      [...committee.publicKeys.keys()],
      random.chance(0.3) ? committee.quorum : size,
    );
    const blocks: Block[] = [];
    for (const author of authors)
      for (let copy = author < committee.faults_max ? 2 : 1; copy > 0; copy -= 1)
        blocks.push(randomBlock(committee, { round, author, before, random, copy }));
    rounds.push(blocks);
  }
  return rounds.slice(1);
}

function randomBlock(
  committee: Committee,
  {
    round,
    author,
    before,
    random,
    copy,
  }: {
    readonly round: number;
    readonly author: number;
    readonly before: ReadonlyMap<number, readonly Block[]>;
    readonly random: SimRandom;
    readonly copy: number;
  },
): Block {
  const { quorum } = committee;
  const count = quorum + random.below(before.size - quorum + 1);
  const parents: readonly Ref[] = random
    .some([...before.values()], count)
    .map((blocks) => random.pick(blocks).ref);
  return sealedBlock(
    committee.chainId,
    { epoch: 0, round, author, parents, weakParents: [], entries: [], evidence: [], time_ms: copy },
    new Uint8Array(),
  );
}

/** These blocks and all that they build on, in the order of rounds. */
function closed(
  tips: readonly Block[],
  known: ReadonlyMap<string, Block>,
  blocks: readonly Block[],
): readonly Block[] {
  const found = new Set(tips);
  for (const block of found)
    for (const { digest } of block.parents) {
      const parent = known.get(digest);
      if (parent !== undefined) found.add(parent);
    }
  return blocks.filter((block) => found.has(block));
}

/** What a node decides that has these blocks, slot after slot. */
function decided(committee: Committee, blocks: readonly Block[]): readonly string[] {
  const dag = new Dag(committee, 0);
  for (const block of blocks) dag.add(block);
  return new CommitRule(dag)
    .decide({ round: 1, offset: 0 })
    .map((decision) => (decision.kind === 'commit' ? decision.leader.ref.digest : 'skipped'));
}
