import { QError, type ErrorCode } from '@anarq/common-schemas';
import { readU128, type AccountFilter } from '@anarq/ledger-engine';
import type { BatchAnswer } from '../engine/group.ts';
import { LedgerRefusal } from '../engine/refusal.ts';
import { FrameError, FrameKind, frameOf, jsonBody } from './frames.ts';

/** Most records of an answer: as many as a body has room for. */
const RECORDS_MAX = 8_190;
const ID_BYTES = 16;

export const refusal = (request: number, code: ErrorCode, message: string): Buffer =>
  frameOf(FrameKind.REFUSED, request, 0, jsonBody({ code, message }));

/** The answer to a request that something stopped. */
export function refusalFor(request: number, error: unknown): Buffer {
  if (error instanceof LedgerRefusal || error instanceof QError)
    return refusal(request, error.code, error.message);
  if (error instanceof FrameError) return refusal(request, 'INPUT_INVALID', error.message);
  process.stderr.write(`A request over the ledger's socket failed: ${String(error)}\n`);
  return refusal(request, 'INTERNAL', 'The ledger failed; what happened is in its log.');
}

export function resultsFrame(
  request: number,
  { results, timestamp, ordinal }: BatchAnswer,
): Buffer {
  let count = 0;
  for (const result of results) if (result !== 0) count++;
  const body = Buffer.allocUnsafe(16 + count * 8);
  body.writeBigUInt64LE(timestamp, 0);
  body.writeBigUInt64LE(BigInt(ordinal), 8);
  let at = 16;
  for (const [index, result] of count === 0 ? [] : results.entries()) {
    if (result === 0) continue;
    body.writeUInt32LE(index, at);
    body.writeUInt32LE(result, at + 4);
    at += 8;
  }
  return frameOf(FrameKind.RESULTS, request, count, body);
}

export const recordsFrame = (request: number, records: readonly Uint8Array[]): Buffer =>
  frameOf(FrameKind.RECORDS, request, records.length, Buffer.concat(records));

/** The ids that a client asked for. @throws LedgerRefusal where they are cut off, or too many */
export function idsIn(body: Buffer): bigint[] {
  if (body.byteLength % ID_BYTES !== 0 || body.byteLength > RECORDS_MAX * ID_BYTES)
    throw new LedgerRefusal(
      'INPUT_INVALID',
      `At most ${RECORDS_MAX} ids of ${ID_BYTES} bytes, not ${body.byteLength} bytes.`,
    );
  const words = new Uint32Array(body.buffer, body.byteOffset, body.byteLength / 4);
  return Array.from({ length: body.byteLength / ID_BYTES }, (_, index) =>
    readU128(words, index * 4),
  );
}

/** The filter that a client asked for. @throws FrameError where it is none */
export function filterOf(asked: Readonly<Record<string, unknown>>): AccountFilter {
  const big = (name: string, bits: number): bigint => {
    const value = asked[name] ?? '0';
    const number =
      typeof value === 'string' && /^\d{1,39}$/.test(value) ? BigInt(value) : undefined;
    // A larger one would be that of another account by its lower bits.
    if (number === undefined || number >> BigInt(bits) !== 0n)
      throw new FrameError(`${name} is a whole number below 2^${bits} in a string`);
    return number;
  };
  const small = (name: string, otherwise: number): number => {
    const value = asked[name] ?? otherwise;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 0xffffffff)
      throw new FrameError(`${name} is a whole number below 2^32`);
    return value;
  };
  return {
    accountId: big('accountId', 128),
    userData128: big('userData128', 128),
    userData64: big('userData64', 64),
    userData32: small('userData32', 0),
    code: small('code', 0),
    timestampMin: big('timestampMin', 64),
    timestampMax: big('timestampMax', 64),
    limit: Math.min(small('limit', RECORDS_MAX), RECORDS_MAX),
    debits: asked['debits'] !== false,
    credits: asked['credits'] !== false,
    isReversed: asked['isReversed'] === true,
  };
}
