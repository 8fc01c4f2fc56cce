import type { Block, Ref } from './block.ts';
import type { EpochRun } from './epochRun.ts';
import type { Message, Peer } from './messages.ts';
import { GROUNDS_MAX } from './wire.ts';

/** How many blocks are asked for at a time. */
const ASKED_AT_ONCE = 64;
/** An answer with fewer blocks has all that there are. */
export const SENT_AT_ONCE = 64;
/** With what belongs to them it stays below the 4 MiB that a network carries at once. */
const SENT_BYTES_MAX = 3 << 20;

/** Those of these blocks that are here; undefined where none is, and one is so old that it was forgotten. */
export function blocksNamed({ dag }: EpochRun, refs: readonly Ref[]): readonly Block[] | undefined {
  const asked = refs.slice(0, ASKED_AT_ONCE);
  const here = withinBytes(asked.flatMap(({ digest }) => dag.get(digest) ?? []));
  return here.length === 0 && asked.some(({ round }) => round < dag.floor) ? undefined : here;
}

/** The first blocks from a round on, in the order of rounds; undefined where that round was forgotten. */
export function blocksFrom({ dag }: EpochRun, fromRound: number): readonly Block[] | undefined {
  if (fromRound < dag.floor) return undefined;
  const blocks: Block[] = [];
  for (let round = Math.max(1, fromRound); round <= dag.highestRound; round += 1) {
    blocks.push(...dag.in(round));
    if (blocks.length >= SENT_AT_ONCE) break;
  }
  return withinBytes(blocks);
}

/** Asks for what comes next. @param oldestOpen of earlier epochs, the oldest checkpoint without a certificate */
export function wantOf(
  { committee, dag, finality, executor }: EpochRun,
  oldestOpen: number | undefined,
): Message {
  return {
    kind: 'want',
    epoch: committee.epoch,
    fromRound: Math.max(dag.highestRound - 1, dag.floor),
    fromSeq: oldestOpen ?? finality.oldestOpen ?? executor.executed.seq + 1,
  };
}

/** What the end of an epoch rests on, for whoever is still in it: no more blocks will build on that. */
export function groundsOf(run: EpochRun | undefined): Message | undefined {
  if (run === undefined) return undefined;
  const refs = run.sequencer.grounds.slice(0, GROUNDS_MAX);
  return refs.length > 0 ? { kind: 'grounds', epoch: run.committee.epoch, refs } : undefined;
}

function withinBytes(blocks: readonly Block[]): readonly Block[] {
  let size = 0;
  return blocks.filter(
    ({ size: bytes, signature }) => (size += bytes + signature.length) <= SENT_BYTES_MAX,
  );
}

const NOTHING: ReadonlyMap<Peer, readonly Ref[]> = new Map();

/**
 * What to ask of whom for what others build on and is not here: first whoever sent what builds on it, then its
 * author, then everybody in turn.
 */
export function asksNow(
  { waiting, peers }: EpochRun,
  now_ms: number,
  again_ms: number,
  inTurn: () => Peer,
): ReadonlyMap<Peer, readonly Ref[]> {
  if (waiting.missing === 0) return NOTHING;
  const asks = waiting.toAsk(now_ms, again_ms, ASKED_AT_ONCE);
  const whom = asks.map(({ ref, from, tries }) => {
    const peer = tries === 1 ? from : tries === 2 ? (peers[ref.author] ?? inTurn()) : inTurn();
    return { peer, ref };
  });
  const byPeer = Map.groupBy(whom, ({ peer }) => peer);
  return new Map([...byPeer].map(([peer, each]) => [peer, each.map(({ ref }) => ref)]));
}
