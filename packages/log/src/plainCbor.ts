import { Buffer } from 'node:buffer';

/**
 * DAG-CBOR (https://ipld.io/specs/codecs/dag-cbor/spec/) of what records are made of: texts, bytes, safe
 * integers, truth values, null, lists and maps with ASCII names. A fifth of the time that the library
 * takes for any value; a property test holds it to the library.
 * @param max bytes at most
 * @returns undefined for anything else, and for what is too long: the library encodes that, or says why not
 */
export function encodePlain(value: unknown, max: number): Uint8Array | undefined {
  if (scratch.length < max) scratch = Buffer.allocUnsafeSlow(max);
  const end = write(value, 0, 0, max);
  if (end === NOT_PLAIN) return undefined;
  const bytes = new Uint8Array(end);
  bytes.set(scratch.subarray(0, end));
  // What it held may be sealed next.
  scratch.fill(0, 0, end);
  return bytes;
}

const DEPTH_MAX = 64;
const NOT_PLAIN = -1;
const HEAD_BYTES_MAX = 9;
const MAJOR = {
  uint: 0x00,
  negative: 0x20,
  bytes: 0x40,
  text: 0x60,
  list: 0x80,
  map: 0xa0,
} as const;
const SIMPLE = { false: 0xf4, true: 0xf5, null: 0xf6 } as const;

let scratch = Buffer.alloc(0);

/** @returns where the value ends, or NOT_PLAIN */
function write(value: unknown, at: number, depth: number, max: number): number {
  if (at + HEAD_BYTES_MAX > max || depth > DEPTH_MAX) return NOT_PLAIN;
  switch (typeof value) {
    case 'string':
      return writeText(value, at, max);
    case 'number':
      return writeInteger(value, at);
    case 'boolean':
      return writeByte(value ? SIMPLE.true : SIMPLE.false, at);
    case 'object':
      if (value === null) return writeByte(SIMPLE.null, at);
      if (Array.isArray(value)) return writeList(value, at, depth, max);
      if (value instanceof Uint8Array) return writeBytes(value, at, max);
      return writeMap(value, at, depth, max);
    default:
      return NOT_PLAIN;
  }
}

function writeText(text: string, at: number, max: number): number {
  if (!text.isWellFormed()) return NOT_PLAIN;
  const length = Buffer.byteLength(text);
  const start = writeHead(MAJOR.text, length, at);
  if (start + length > max) return NOT_PLAIN;
  scratch.write(text, start, 'utf8');
  return start + length;
}

function writeInteger(value: number, at: number): number {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) return NOT_PLAIN;
  return value >= 0 ? writeHead(MAJOR.uint, value, at) : writeHead(MAJOR.negative, -1 - value, at);
}

function writeBytes(bytes: Uint8Array, at: number, max: number): number {
  const start = writeHead(MAJOR.bytes, bytes.length, at);
  if (start + bytes.length > max) return NOT_PLAIN;
  scratch.set(bytes, start);
  return start + bytes.length;
}

function writeList(items: readonly unknown[], at: number, depth: number, max: number): number {
  let end = writeHead(MAJOR.list, items.length, at);
  for (let place = 0; place < items.length && end !== NOT_PLAIN; place++)
    end = write(items[place], end, depth + 1, max);
  return end;
}

function writeMap(map: object, at: number, depth: number, max: number): number {
  const prototype: unknown = Object.getPrototypeOf(map);
  if (prototype !== Object.prototype && prototype !== null) return NOT_PLAIN;
  const names = Object.keys(map).toSorted(byLength);
  let end = writeHead(MAJOR.map, names.length, at);
  for (const name of names) {
    if (!ASCII.test(name) || end + HEAD_BYTES_MAX > max) return NOT_PLAIN;
    end = writeText(name, end, max);
    if (end === NOT_PLAIN) return end;
    end = write((map as Record<string, unknown>)[name], end, depth + 1, max);
    if (end === NOT_PLAIN) return end;
  }
  return end;
}

/** Map keys by length, then by bytes; of ASCII both are those of the text. */
const byLength = (left: string, right: string): number =>
  left.length - right.length || (left < right ? -1 : 1);

// eslint-disable-next-line no-control-regex -- ASCII is meant
const ASCII = /^[\x00-\x7f]*$/;

function writeByte(byte: number, at: number): number {
  scratch[at] = byte;
  return at + 1;
}

/** A major type with its length or value, in the fewest bytes. */
function writeHead(major: number, value: number, at: number): number {
  if (value < 24) return writeByte(major | value, at);
  if (value < 0x100) return scratch.writeUInt8(value, writeByte(major | 24, at));
  if (value < 0x1_0000) return scratch.writeUInt16BE(value, writeByte(major | 25, at));
  if (value < 0x1_0000_0000) return scratch.writeUInt32BE(value, writeByte(major | 26, at));
  return scratch.writeBigUInt64BE(BigInt(value), writeByte(major | 27, at));
}
