import { createHash } from 'node:crypto';
import type { BatchAnswer } from '../engine/group.ts';
import type { Witness } from './batchBytes.ts';

const WITNESS_BYTES = 8;
/** Places of the order that another node's digest can still be compared at. */
const REMEMBERED = 4_096;

/** A batch that left something in the books. */
export interface Acted extends BatchAnswer {
  readonly sequence: bigint;
  /** 24 bytes that name it. */
  readonly key: Uint8Array;
}

/** A place in the order, and the digest of all that had acted by then. */
export interface HistoryPlace {
  readonly sequence: bigint;
  /** 32 bytes. */
  readonly digest: Uint8Array;
}

/**
 * A digest over all that acted and what it was answered, place by place: books that come apart differ in it
 * from there on.
 */
export class History {
  readonly #places: HistoryPlace[];

  constructor(begin: HistoryPlace) {
    this.#places = [begin];
  }

  get last(): HistoryPlace {
    const last = this.#places.at(-1);
    if (last === undefined) throw new Error('a history has a beginning');
    return last;
  }

  add({ sequence, key, timestamp, ordinal, results }: Acted): void {
    const fixed = Buffer.alloc(28);
    fixed.writeBigUInt64LE(sequence, 0);
    fixed.writeBigUInt64LE(timestamp, 8);
    fixed.writeBigUInt64LE(BigInt(ordinal), 16);
    fixed.writeUInt32LE(results.length, 24);
    const digest = createHash('sha256')
      .update(this.last.digest)
      .update(fixed)
      .update(key)
      .update(new Uint8Array(results.buffer, results.byteOffset, results.byteLength))
      .digest();
    this.#places.push({ sequence, digest });
    if (this.#places.length > 2 * REMEMBERED) this.#places.splice(0, REMEMBERED);
  }

  get witness(): Witness {
    const { sequence, digest } = this.last;
    return { sequence, digest: digest.subarray(0, WITNESS_BYTES) };
  }

  /**
   * Whether another node had the same by a place of the order that is behind us; true where that is too long
   * ago to tell.
   */
  agrees({ sequence, digest }: Witness): boolean {
    const at = this.#places.findLast((place) => place.sequence <= sequence);
    if (at === undefined) return true;
    return (
      at.sequence === sequence && Buffer.compare(at.digest.subarray(0, WITNESS_BYTES), digest) === 0
    );
  }
}
