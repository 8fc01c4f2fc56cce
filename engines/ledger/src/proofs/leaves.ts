import { RECORD_BYTES } from '../layout.ts';

/** Bytes of the leaf of an event: ordinal u64, result u32, record. */
const EVENT_LEAF_BYTES = 12 + RECORD_BYTES;

/**
 * The leaf of an event in the tree of transfers: its ordinal, what became of it, and its record with
 * the time at which it happened.
 * @param record 128 bytes, with its timestamp
 * @param result a number of TRANSFER_RESULTS
 */
export function eventLeaf(ordinal: number, result: number, record: Uint8Array): Uint8Array {
  const leaf = new Uint8Array(EVENT_LEAF_BYTES);
  const view = new DataView(leaf.buffer);
  view.setBigUint64(0, BigInt(ordinal), true);
  view.setUint32(8, result, true);
  leaf.set(record.subarray(0, RECORD_BYTES), 12);
  return leaf;
}

/** Where the books stood when balances were taken: the first leaf of the tree of accounts. */
export interface BooksPosition {
  /** Events of transfers before, refused ones too: the size of the tree of transfers. */
  readonly events: number;
  /** Root of the tree of transfers then. */
  readonly transfersRoot: Uint8Array;
  /** Time of the last event, in nanoseconds. */
  readonly timestamp: bigint;
}

const POSITION_MARK = new TextEncoder().encode('ledger position\n');

/** The leaf of a position. No account has one of this length. */
export function positionLeaf({ events, transfersRoot, timestamp }: BooksPosition): Uint8Array {
  const leaf = new Uint8Array(POSITION_MARK.length + 16 + transfersRoot.length);
  leaf.set(POSITION_MARK);
  const view = new DataView(leaf.buffer);
  view.setBigUint64(POSITION_MARK.length, BigInt(events), true);
  view.setBigUint64(POSITION_MARK.length + 8, timestamp, true);
  leaf.set(transfersRoot, POSITION_MARK.length + 16);
  return leaf;
}
