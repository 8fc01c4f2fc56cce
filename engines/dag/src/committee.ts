import { Writer } from './bytes.ts';
import { digestOf } from './hash.ts';

/** The validators of one epoch. Validators are numbered from 0 in the order in which their keys stand. */
export interface Committee {
  readonly chainId: Uint8Array;
  readonly epoch: number;
  /** ML-DSA-65 public keys, one a validator. */
  readonly publicKeys: readonly Uint8Array[];
  /** How many of them may do anything at all: f of n >= 3f + 1. */
  readonly faults_max: number;
  /** n - f: any two sets of this size share a validator that is honest. */
  readonly quorum: number;
  /** What the order of leaders follows from; known to nobody before the epoch begins. */
  readonly seed: Uint8Array;
  readonly leadersPerRound: number;
}

export const VALIDATORS_MAX = 100;

/**
 * A committee of these keys.
 * @throws RangeError for no validator, or more than VALIDATORS_MAX
 */
export function committeeOf(
  chainId: Uint8Array,
  epoch: number,
  publicKeys: readonly Uint8Array[],
  seed: Uint8Array,
): Committee {
  const size = publicKeys.length;
  if (size < 1 || size > VALIDATORS_MAX)
    throw new RangeError(`a committee has 1 to ${VALIDATORS_MAX} validators, not ${size}`);
  const faults_max = Math.floor((size - 1) / 3);
  const leadersPerRound = size >= 7 ? 2 : 1;
  return {
    chainId,
    epoch,
    publicKeys,
    faults_max,
    quorum: size - faults_max,
    seed,
    leadersPerRound,
  };
}

/** What a committee is known by: its digest stands in the checkpoint before its epoch. */
export function committeeDigest(publicKeys: readonly Uint8Array[]): Uint8Array {
  const writer = new Writer().u16(publicKeys.length);
  for (const key of publicKeys) writer.bytes(key);
  return digestOf('committee', writer.done());
}

/**
 * The leaders of a round, the first before the second. They follow from a hash and not from a pattern, so
 * that no crashed validator leads every time that matters.
 */
export function leadersOf(committee: Committee, round: number): readonly number[] {
  let rounds = leaders.get(committee);
  if (rounds === undefined) leaders.set(committee, (rounds = new Map()));
  let found = rounds.get(round);
  if (found === undefined) {
    // Leaders of long ago are asked for no more.
    if (rounds.size >= ROUNDS_KEPT) rounds.clear();
    rounds.set(round, (found = chosenLeaders(committee, round)));
  }
  return found;
}

const ROUNDS_KEPT = 1_000;
const leaders = new WeakMap<Committee, Map<number, readonly number[]>>();

function chosenLeaders(committee: Committee, round: number): readonly number[] {
  const size = committee.publicKeys.length;
  const bytes = digestOf('leaders', committee.seed, new Writer().u32(round).done());
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = view.getUint32(0) % size;
  if (committee.leadersPerRound === 1) return [first];
  const step = 1 + (view.getUint32(4) % (size - 1));
  return [first, (first + step) % size];
}
