import { crc32 } from 'node:zlib';

/**
 * What goes over a socket of the ledger: frames of a header of 32 bytes and a body, little-endian.
 * `request` is the client's number, and comes back in the answer; answers come in the order of the
 * requests of a connection.
 */
export const FRAME_BYTES = 32;
const FRAME_MAGIC = 0x52474c51;
const FRAME_VERSION = 1;

/** Most bytes of a body: 8,190 records of 128 bytes fit. */
export const BODY_BYTES_MAX = 1 << 20;
/** Most bytes of a body until OPENED has come: credentials fit, and a stranger fills no memory. */
export const UNOPENED_BODY_BYTES_MAX = 65_536;

/** Offsets within a header. */
const At = {
  MAGIC: 0,
  KIND: 4,
  VERSION: 5,
  REQUEST: 8,
  COUNT: 16,
  BODY: 20,
  CHECKSUM: 24,
} as const;

export const FrameKind = {
  /** Client: a JSON object with what the server's gate asks for. First of all, and once. */
  OPEN: 1,
  /** Client: records of accounts, of transfers. */
  CREATE_ACCOUNTS: 2,
  CREATE_TRANSFERS: 3,
  /** Client: ids of 16 bytes. */
  LOOKUP_ACCOUNTS: 4,
  LOOKUP_TRANSFERS: 5,
  /** Client: a filter as a JSON object; numbers beyond 2^53 as decimal strings. */
  ACCOUNT_TRANSFERS: 6,
  /** Server: it is open; a JSON object of what there is to say, or nothing. */
  OPENED: 64,
  /** Server: time of the last event u64, ordinal of the first u64, then pairs of index and result. */
  RESULTS: 65,
  /** Server: records of 128 bytes, those that were found. */
  RECORDS: 66,
  /** Server: a JSON object with `code` and `message`; nothing of the request happened. */
  REFUSED: 127,
} as const;

export interface FrameHeader {
  readonly kind: number;
  readonly request: number;
  readonly count: number;
  readonly bodyBytes: number;
  readonly checksum: number;
}

/** Bytes that are no frame: whoever sent them is not spoken to any longer. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** Writes a header in front of a body. */
export function writeHeader(
  into: Buffer,
  at: number,
  frame: { readonly kind: number; readonly request: number; readonly count: number },
  body: Uint8Array,
): void {
  into.fill(0, at, at + FRAME_BYTES);
  into.writeUInt32LE(FRAME_MAGIC, at + At.MAGIC);
  into[at + At.KIND] = frame.kind;
  into[at + At.VERSION] = FRAME_VERSION;
  into.writeUInt32LE(frame.request >>> 0, at + At.REQUEST);
  into.writeUInt32LE(Math.floor(frame.request / 2 ** 32), at + At.REQUEST + 4);
  into.writeUInt32LE(frame.count, at + At.COUNT);
  into.writeUInt32LE(body.byteLength, at + At.BODY);
  into.writeUInt32LE(crc32(body), at + At.CHECKSUM);
}

/** Reads a header. @throws FrameError for anything else, and for a body beyond the limit */
export function readFrameHeader(bytes: Buffer, at: number, bodyBytesMax: number): FrameHeader {
  if (bytes.readUInt32LE(at + At.MAGIC) !== FRAME_MAGIC)
    throw new FrameError('these bytes are no frame of a ledger');
  const version = bytes.readUInt8(at + At.VERSION);
  if (version !== FRAME_VERSION)
    throw new FrameError(`a frame of version ${version}; this is version ${FRAME_VERSION}`);
  const bodyBytes = bytes.readUInt32LE(at + At.BODY);
  if (bodyBytes > bodyBytesMax)
    throw new FrameError(`a body has at most ${bodyBytesMax} bytes here, not ${bodyBytes}`);
  return {
    kind: bytes.readUInt8(at + At.KIND),
    request:
      bytes.readUInt32LE(at + At.REQUEST) + bytes.readUInt32LE(at + At.REQUEST + 4) * 2 ** 32,
    count: bytes.readUInt32LE(at + At.COUNT),
    bodyBytes,
    checksum: bytes.readUInt32LE(at + At.CHECKSUM),
  };
}

/** @throws FrameError where the body is not the one that was sent */
export function checkBody({ checksum }: FrameHeader, body: Uint8Array): void {
  if (crc32(body) !== checksum) throw new FrameError('the body of a frame has another checksum');
}

/** One frame as bytes. */
export function frameOf(kind: number, request: number, count: number, body: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_BYTES + body.byteLength);
  writeHeader(frame, 0, { kind, request, count }, body);
  frame.set(body, FRAME_BYTES);
  return frame;
}

/** An object as the body of a frame. */
export const jsonBody = (value: object): Buffer => Buffer.from(JSON.stringify(value));

/** The object in a body. @throws FrameError where there is none */
export function readJsonBody(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Readonly<Record<string, unknown>>;
  } catch {
    // Said below.
  }
  throw new FrameError('the body of this frame is a JSON object');
}
