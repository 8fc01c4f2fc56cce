import { BLOCK_BYTES_MAX, type Block, type Ref } from './block.ts';
import type { EpochRun } from './epochRun.ts';
import type { Message, Peer, Want } from './messages.ts';
import type { AskSettings } from './waiting.ts';
import { GROUNDS_MAX, HERE_ROUNDS_MAX } from './wire.ts';

/** How many blocks are asked for at a time. */
const ASKED_AT_ONCE = 64;
/** An answer with fewer blocks has all that there are. */
const SENT_AT_ONCE = 64;
/** Whoever asks for the blocks of one author alone misses the last ones. */
const OWN_AT_ONCE = 2;
/** With what belongs to them it stays below the 4 MiB that a network carries at once. */
const SENT_BYTES_MAX = 3 << 20;

/** Those of these blocks that are here; undefined where none is, and one is so old that it was forgotten. */
export function blocksNamed({ dag }: EpochRun, refs: readonly Ref[]): readonly Block[] | undefined {
  const asked = refs.slice(0, ASKED_AT_ONCE);
  const here = asked.flatMap(({ digest }) => dag.get(digest) ?? []);
  return here.length === 0 && asked.some(({ round }) => round < dag.floor) ? undefined : here;
}

/**
 * The first blocks that are wanted, in the order of rounds; undefined where the round that is asked from was forgotten.
 * @param me this node's number, whose blocks alone may be asked for
 */
export function blocksFrom(
  { dag }: EpochRun,
  { fromRound, here, isOwn }: Want,
  me: number | undefined,
): readonly Block[] | undefined {
  if (fromRound < dag.floor) return undefined;
  const blocks: Block[] = [];
  for (let round = Math.max(1, fromRound); round <= dag.highestRound; round += 1) {
    const known = here[round - fromRound];
    for (const block of dag.in(round))
      if (!known?.includes(block.author) && (!isOwn || block.author === me)) blocks.push(block);
    if (blocks.length >= (isOwn ? OWN_AT_ONCE : SENT_AT_ONCE)) break;
  }
  return blocks;
}

/** What the end of an epoch rests on, for whoever is still in it: no more blocks will build on that. */
export function groundsOf(run: EpochRun | undefined): Message | undefined {
  if (run === undefined) return undefined;
  const refs = run.sequencer.grounds.slice(0, GROUNDS_MAX);
  return refs.length > 0 ? { kind: 'grounds', epoch: run.committee.epoch, refs } : undefined;
}

/** As many of the first blocks as are sent at once. */
export function withinBytes(blocks: readonly Block[]): readonly Block[] {
  let bytes = 0;
  const over = blocks.findIndex((block) => (bytes += bytesOf(block)) > SENT_BYTES_MAX);
  return over < 0 ? blocks : blocks.slice(0, over);
}

/** Whether an answer with these blocks had no room for more. */
export const isCutShort = (blocks: readonly Block[]): boolean =>
  blocks.length >= SENT_AT_ONCE ||
  blocks.reduce((sum, block) => sum + bytesOf(block), 0) > SENT_BYTES_MAX - BLOCK_BYTES_MAX;

const bytesOf = ({ size, signature }: Block): number => size + signature.length;

/**
 * What a node asks for that may have missed something, and what of it is here already.
 * @param oldestOpen of earlier epochs, the oldest checkpoint without a certificate
 */
export function wantOf(run: EpochRun, oldestOpen: number | undefined, isOwn: boolean): Want {
  const { committee, dag, waiting, finality, executor } = run;
  const fromSeq = oldestOpen ?? finality.oldestOpen ?? executor.executed.seq + 1;
  const fromRound = Math.max(dag.highestRound - 1, dag.floor);
  const authors = [...committee.publicKeys.keys()];
  const here = Array.from({ length: HERE_ROUNDS_MAX }, (_, at) =>
    authors.filter(
      (author) =>
        dag.of(fromRound + at, author).length > 0 || waiting.of(fromRound + at, author) > 0,
    ),
  );
  const last = here.findLastIndex(({ length }) => length > 0);
  const { epoch } = committee;
  return { kind: 'want', epoch, fromRound, fromSeq, here: here.slice(0, last + 1), isOwn };
}

/** Validators of whom no block of the last round is here. */
export function silentIn({ dag, peers, waiting }: EpochRun): readonly Peer[] {
  const round = dag.highestRound;
  return peers.filter(
    (_, author) => dag.of(round, author).length === 0 && waiting.of(round, author) === 0,
  );
}

const NOTHING: ReadonlyMap<Peer, readonly Ref[]> = new Map();

/**
 * What to ask of whom for what others build on and is not here: first of those who sent what builds on it, then of its
 * author, then of everybody in turn.
 */
export function asksNow(
  { waiting, peers }: EpochRun,
  now_ms: number,
  settings: AskSettings,
  inTurn: () => Peer,
): ReadonlyMap<Peer, readonly Ref[]> {
  if (waiting.missing === 0) return NOTHING;
  const asks = waiting.toAsk(now_ms, settings, ASKED_AT_ONCE);
  const whom = asks.map(({ ref, from, tries }) => {
    const peer = from ?? (tries === 2 ? peers[ref.author] : undefined) ?? inTurn();
    return { peer, ref };
  });
  const byPeer = Map.groupBy(whom, ({ peer }) => peer);
  return new Map([...byPeer].map(([peer, each]) => [peer, each.map(({ ref }) => ref)]));
}
