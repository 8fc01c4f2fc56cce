import type { Ref } from './block.ts';
import { Reader, Writer } from './bytes.ts';
import { VALIDATORS_MAX } from './committee.ts';
import type { Slot } from './commitRule.ts';
import { bytesOfHex, DIGEST_BYTES, digestOf, hexOf } from './hash.ts';
import type { ChainState } from './state.ts';
import { PUBLIC_KEY_BYTES_MAX } from './transaction.ts';

/** A commit reaches back at most so many rounds from its leader: what is older and was left out stays out. */
export const REACH_ROUNDS = 50;

/**
 * A weak parent is at most so many rounds older: so whatever may still be ordered builds on nothing that another
 * validator forgot already.
 */
export const WEAK_ROUNDS_MAX = 40;

/** Where an executor begins: a chain's beginning, or a checkpoint. */
export interface Executed {
  readonly state: ChainState;
  readonly seq: number;
  readonly commits: number;
  readonly commitDigest: Uint8Array;
  readonly checkpoint_ms: number;
  readonly epochBegan_ms: number;
  /** Keys (hex) of validators of this epoch that are proved to have made two blocks for a round. */
  readonly offenders: readonly string[];
  /** The slot that ordering goes on with. */
  readonly next: Slot;
  /** Commits of this epoch that a later one could still reach back into, the oldest first. */
  readonly recent: readonly RecentCommit[];
}

export interface RecentCommit {
  readonly leaderRound: number;
  readonly time_ms: number;
  /** The blocks that the commit put in order, its leader among them. */
  readonly refs: readonly Ref[];
}

const encoded = new WeakMap<RecentCommit, Uint8Array>();

/** Bytes of a commit, made once: each checkpoint covers those of many rounds. */
export function encodeRecent(commit: RecentCommit): Uint8Array {
  let bytes = encoded.get(commit);
  if (bytes === undefined) encoded.set(commit, (bytes = recentBytes(commit)));
  return bytes;
}

function recentBytes({ leaderRound, time_ms, refs }: RecentCommit): Uint8Array {
  const writer = new Writer().u32(leaderRound).time_ms(time_ms).u32(refs.length);
  for (const { round, author, digest } of refs)
    writer.u32(round).u16(author).raw(bytesOfHex(digest));
  return writer.done();
}

/** Where ordering goes on, and what of the epoch is in no other digest of a checkpoint. */
export function encodeOrder(executed: Executed): Uint8Array {
  const { checkpoint_ms, epochBegan_ms, offenders, next, recent } = executed;
  const writer = new Writer().time_ms(checkpoint_ms).time_ms(epochBegan_ms).u32(offenders.length);
  for (const key of offenders) writer.bytes(bytesOfHex(key));
  writer.u32(next.round).u32(next.offset).u32(recent.length);
  for (const commit of recent) writer.raw(encodeRecent(commit));
  return writer.done();
}

const OFFENDERS_MAX = VALIDATORS_MAX;
const RECENT_MAX = 4 * REACH_ROUNDS;
const REFS_MAX = 1 << 17;

/** What `encodeOrder` wrote. @throws Malformed */
export function decodeOrder(
  bytes: Uint8Array,
): Pick<Executed, 'checkpoint_ms' | 'epochBegan_ms' | 'offenders' | 'next' | 'recent'> {
  const reader = new Reader(bytes);
  const checkpoint_ms = reader.time_ms();
  const epochBegan_ms = reader.time_ms();
  const offenders = Array.from({ length: reader.count(OFFENDERS_MAX) }, () =>
    hexOf(reader.bytes(PUBLIC_KEY_BYTES_MAX)),
  );
  const next = { round: reader.u32(), offset: reader.u32() };
  const recent = Array.from({ length: reader.count(RECENT_MAX) }, () => ({
    leaderRound: reader.u32(),
    time_ms: reader.time_ms(),
    refs: Array.from({ length: reader.count(REFS_MAX) }, () => ({
      round: reader.u32(),
      author: reader.u16(),
      digest: hexOf(reader.raw(DIGEST_BYTES)),
    })),
  }));
  reader.end();
  return { checkpoint_ms, epochBegan_ms, offenders, next, recent };
}

export const orderDigest = (executed: Executed): Uint8Array =>
  digestOf('order', encodeOrder(executed));
