import { crc32 } from 'node:zlib';

/** Begins every record, so that the next one is found behind one that is damaged. */
const MAGIC = 0x51_44_41_47;
const HEAD_BYTES = 17;

export type RecordKind = 'head' | 'own' | 'other';
const KINDS: readonly RecordKind[] = ['head', 'own', 'other'];

/** One record of a segment, as it was read. */
export interface LogRecord {
  readonly kind: RecordKind;
  readonly payload: Uint8Array;
}

/**
 * A record: magic, length, CRC-32 (of all that follows), kind, and how far the segment was safe when the record
 * was made. What lies below that and is damaged was lost by the disk, not by a crash.
 */
export function encodeRecord(
  kind: RecordKind,
  payload: Uint8Array,
  safe_bytes: number,
): Uint8Array {
  const record = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  record.writeUInt32BE(MAGIC, 0);
  record.writeUInt32BE(payload.length, 4);
  record.writeUInt8(KINDS.indexOf(kind), 12);
  record.writeUInt32BE(safe_bytes, 13);
  record.set(payload, HEAD_BYTES);
  record.writeUInt32BE(crc32(record.subarray(12)), 8);
  return record;
}

export interface SegmentContent {
  readonly records: readonly LogRecord[];
  /** Bytes of the records that are whole. */
  readonly whole_bytes: number;
  /** How far the segment is known to have been safe. */
  readonly safe_bytes: number;
}

/** Reads the records of a segment up to the first that is not whole, and what later ones say about it. */
export function readSegment(bytes: Uint8Array): SegmentContent {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: LogRecord[] = [];
  let at = 0;
  let safe_bytes = 0;
  for (let found = recordAt(buffer, at); found !== undefined; found = recordAt(buffer, at)) {
    records.push(found.record);
    safe_bytes = Math.max(safe_bytes, found.safe_bytes);
    at += found.bytes;
  }
  return { records, whole_bytes: at, safe_bytes: Math.max(safe_bytes, laterSafe(buffer, at)) };
}

/** The most that records behind a damaged place say was safe. */
function laterSafe(buffer: Buffer, from: number): number {
  const magic = Buffer.alloc(4);
  magic.writeUInt32BE(MAGIC);
  let safe_bytes = 0;
  for (let at = buffer.indexOf(magic, from); at >= 0;) {
    const found = recordAt(buffer, at);
    if (found !== undefined) safe_bytes = Math.max(safe_bytes, found.safe_bytes);
    at = buffer.indexOf(magic, at + (found?.bytes ?? 1));
  }
  return safe_bytes;
}

function recordAt(
  buffer: Buffer,
  at: number,
): { readonly record: LogRecord; readonly bytes: number; readonly safe_bytes: number } | undefined {
  if (at + HEAD_BYTES > buffer.length || buffer.readUInt32BE(at) !== MAGIC) return undefined;
  const length = buffer.readUInt32BE(at + 4);
  const end = at + HEAD_BYTES + length;
  if (end > buffer.length) return undefined;
  if (crc32(buffer.subarray(at + 12, end)) !== buffer.readUInt32BE(at + 8)) return undefined;
  const kind = KINDS[buffer.readUInt8(at + 12)];
  if (kind === undefined) return undefined;
  // Copied: what is kept of a segment must not keep all of it.
  const payload = Uint8Array.from(buffer.subarray(at + HEAD_BYTES, end));
  return { record: { kind, payload }, bytes: end - at, safe_bytes: buffer.readUInt32BE(at + 13) };
}
