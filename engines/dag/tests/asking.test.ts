import { expect, it } from 'vitest';
import { Answers } from '../src/answers.ts';
import { sealedBlock, type Block } from '../src/block.ts';
import { EpochRun } from '../src/epochRun.ts';
import { History } from '../src/history.ts';
import { Sent } from '../src/sent.ts';
import { blocksFrom, wantOf } from '../src/serving.ts';
import { DEFAULT_SETTINGS } from '../src/settings.ts';
import { chainId, committee, executed, TIME_MS, validators } from './chain.ts';

/** All blocks of the first rounds, by round and author. */
function roundsIn(run: EpochRun, rounds: number): Block[][] {
  const made: Block[][] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const before = made.at(-1) ?? [...run.dag.in(0)];
    const parents = before.map(({ ref }) => ref);
    const rest = { parents, weakParents: [], entries: [], evidence: [], time_ms: TIME_MS + round };
    const blocks = validators.map((_, author) =>
      sealedBlock(chainId, { epoch: 0, round, author, ...rest }, new Uint8Array([author])),
    );
    for (const block of blocks) expect(run.receive(block, '').kind).toBe('accepted');
    made.push(blocks);
  }
  return made;
}

it('an answer leaves out what the one who asks has, and what is on its way there', () => {
  const run = new EpochRun(committee, executed, DEFAULT_SETTINGS);
  const [, , third = [], fourth = []] = roundsIn(run, 4);
  const asked = wantOf(run, undefined, false);
  expect(asked).toMatchObject({
    fromRound: 3,
    here: [
      [0, 1, 2, 3],
      [0, 1, 2, 3],
    ],
  });
  const want = { ...asked, here: [[0, 1, 2]] };
  const found = blocksFrom(run, want, 0) ?? [];
  expect(found).toEqual([third[3], ...fourth]);
  expect(blocksFrom(run, { ...want, isOwn: true }, 3)).toEqual([third[3], fourth[3]]);

  const sent = new Sent(350);
  expect(sent.due('ana', found, 0)).toEqual(found);
  expect(sent.due('ana', found, 349)).toEqual([]);
  expect(sent.due('ben', found, 349)).toEqual(found);
  expect(sent.due('ana', found, 350)).toEqual(found);
  expect(sent.due('ana', found, 1_049)).toEqual([]);
  expect(sent.due('ana', found, 1_050)).toEqual(found);
});

it('a block of an equivocator goes out as often as it is asked for, since whoever had two did not keep it', () => {
  const run = new EpochRun(committee, executed, DEFAULT_SETTINGS);
  const [, blocks = []] = roundsIn(run, 2);
  const [liars, honest] = blocks;
  if (liars === undefined || honest === undefined) throw new RangeError('a round has four blocks');
  const other = sealedBlock(chainId, { ...liars, time_ms: TIME_MS }, liars.signature);
  expect(run.receive(other, '').kind).toBe('accepted');
  const answers = new Answers(new History({ committee, executed, trail: [] }), DEFAULT_SETTINGS);
  const asked = (at_ms: number) => answers.blocks('ana', 0, run, () => [honest, other], at_ms);
  expect(asked(0)).toEqual({ kind: 'blocks', blocks: [honest, other] });
  expect(asked(10)).toEqual({ kind: 'blocks', blocks: [other] });
});
