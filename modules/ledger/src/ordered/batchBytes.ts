import { BATCH_EVENTS_MAX, LogOperation, RECORD_BYTES } from '@anarq/ledger-engine';

/** What the books had when a batch was looked at by the node that hands it in. */
interface Seen {
  readonly accounts: number;
  readonly events: number;
}

/** What the node that hands a batch in had applied by then: other books than those are noticed by it. */
export interface Witness {
  readonly sequence: bigint;
  /** The first 8 bytes of the digest of its history. */
  readonly digest: Uint8Array;
}

/** A batch of a ledger as it is put in an order. */
export interface BatchForOrder {
  /** ACCOUNTS or TRANSFERS of LogOperation. */
  readonly operation: number;
  /** Records of 128 bytes. */
  readonly events: Uint8Array;
  /** Undefined where it was not looked at. */
  readonly seen: Seen | undefined;
  readonly witness: Witness;
}

const VERSION = 1;
const WITNESS_BYTES = 8;
const At = { VERSION: 0, OPERATION: 1, ACCOUNTS: 4, EVENTS: 8, SEQUENCE: 12, WITNESS: 20 } as const;
const HEAD_BYTES = At.WITNESS + WITNESS_BYTES;
const NOT_SEEN = 0xffffffff;

export function encodeBatch({ operation, events, seen, witness }: BatchForOrder): Uint8Array {
  const bytes = Buffer.alloc(HEAD_BYTES + events.byteLength);
  bytes[At.VERSION] = VERSION;
  bytes[At.OPERATION] = operation;
  bytes.writeUInt32LE(seen?.accounts ?? NOT_SEEN, At.ACCOUNTS);
  bytes.writeUInt32LE(seen?.events ?? NOT_SEEN, At.EVENTS);
  bytes.writeBigUInt64LE(witness.sequence, At.SEQUENCE);
  bytes.set(witness.digest.subarray(0, WITNESS_BYTES), At.WITNESS);
  bytes.set(events, HEAD_BYTES);
  return bytes;
}

/** @returns undefined for bytes that are no batch of a ledger, at every node alike */
export function decodeBatch(bytes: Uint8Array): BatchForOrder | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records = (view.byteLength - HEAD_BYTES) / RECORD_BYTES;
  if (records < 0 || !Number.isInteger(records) || records > BATCH_EVENTS_MAX) return undefined;
  const operation = view[At.OPERATION];
  if (view[At.VERSION] !== VERSION) return undefined;
  if (operation !== LogOperation.ACCOUNTS && operation !== LogOperation.TRANSFERS) return undefined;
  const accounts = view.readUInt32LE(At.ACCOUNTS);
  return {
    operation,
    // The books write over them, and whoever handed them in may hand them in again.
    events: new Uint8Array(bytes.slice(HEAD_BYTES)),
    seen: accounts === NOT_SEEN ? undefined : { accounts, events: view.readUInt32LE(At.EVENTS) },
    witness: {
      sequence: view.readBigUInt64LE(At.SEQUENCE),
      digest: bytes.slice(At.WITNESS, HEAD_BYTES),
    },
  };
}
