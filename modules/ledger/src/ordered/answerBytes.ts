import type { ErrorCode } from '@anarq/common-schemas';
import type { BatchAnswer } from '../engine/group.ts';
import { LedgerRefusal } from '../engine/refusal.ts';

/** What became of a batch of an order, as bytes: the same at every node. */
const Kind = { DONE: 0, REFUSED: 1 } as const;
const At = { KIND: 0, TIMESTAMP: 4, ORDINAL: 12, PAGE: 20, COUNT: 28, PAIRS: 32 } as const;

export function encodeAnswer({ results, timestamp, ordinal, page }: BatchAnswer): Uint8Array {
  const refused = [...results.entries()].filter(([, result]) => result !== 0);
  const bytes = Buffer.alloc(At.PAIRS + refused.length * 8);
  bytes[At.KIND] = Kind.DONE;
  bytes.writeBigUInt64LE(timestamp, At.TIMESTAMP);
  bytes.writeBigUInt64LE(BigInt(ordinal), At.ORDINAL);
  bytes.writeBigUInt64LE(BigInt(page), At.PAGE);
  bytes.writeUInt32LE(results.length, At.COUNT);
  for (const [place, [index, result]] of refused.entries()) {
    bytes.writeUInt32LE(index, At.PAIRS + place * 8);
    bytes.writeUInt32LE(result, At.PAIRS + place * 8 + 4);
  }
  return bytes;
}

/** A batch that the order has, and the books do not take, at no node: nothing of it happened. */
export function encodeRefusal({ code, message }: LedgerRefusal): Uint8Array {
  return Buffer.concat([
    Buffer.from([Kind.REFUSED, 0, 0, 0]),
    Buffer.from(JSON.stringify({ code, message })),
  ]);
}

/** @throws LedgerRefusal where it was refused */
export function decodeAnswer(bytes: Uint8Array): BatchAnswer {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view[At.KIND] === Kind.REFUSED) {
    const { code, message } = JSON.parse(view.toString('utf8', At.TIMESTAMP)) as {
      code: ErrorCode;
      message: string;
    };
    throw new LedgerRefusal(code, message);
  }
  const results = new Uint32Array(view.readUInt32LE(At.COUNT));
  for (let at: number = At.PAIRS; at < view.byteLength; at += 8)
    results[view.readUInt32LE(at)] = view.readUInt32LE(at + 4);
  return {
    results,
    timestamp: view.readBigUInt64LE(At.TIMESTAMP),
    ordinal: Number(view.readBigUInt64LE(At.ORDINAL)),
    page: Number(view.readBigUInt64LE(At.PAGE)),
  };
}
