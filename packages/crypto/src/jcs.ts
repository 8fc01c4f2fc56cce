import { CryptoError } from './errors.ts';

const DEPTH_MAX = 100;
const LENGTH_MAX = 16 * 1024 * 1024;

/**
 * The canonical JSON of a value (RFC 8785, JCS): members sorted by UTF-16 code units, numbers as
 * ECMAScript writes them, no white space. Throws `NOT_JSON` for what is no JSON value: undefined
 * (also as a member), bigint, functions, objects of a class, holes in arrays, members named by
 * symbols, numbers that are not finite, lone surrogates; and beyond 100 levels or 16 Mi characters.
 */
export function canonicalJson(value: unknown): string {
  const writer: Writer = { length: 0 };
  return write(value, 0, writer);
}

/** Characters written so far: what stops a small value with shared parts from growing without end. */
interface Writer {
  length: number;
}

function write(value: unknown, depth: number, writer: Writer): string {
  if (depth > DEPTH_MAX) throw notJson(`more than ${DEPTH_MAX} levels`);
  if (typeof value === 'object' && value !== null) {
    return Array.isArray(value)
      ? writeArray(value, depth, writer)
      : writeObject(value, depth, writer);
  }
  return count(writeScalar(value), writer);
}

function writeScalar(value: unknown): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
      if (!Number.isFinite(value)) throw notJson('a number that is not finite');
      // RFC 8785 3.2.2.3 is ECMAScript's Number to string; minus zero becomes 0.
      return JSON.stringify(value);
    case 'string':
      return writeString(value);
    default:
      throw notJson(`a value of type ${typeof value}`);
  }
}

function writeString(text: string): string {
  if (!text.isWellFormed()) throw notJson('a lone surrogate');
  // For well-formed text, JSON.stringify escapes exactly as RFC 8785 3.2.2.2 asks.
  return JSON.stringify(text);
}

function writeArray(items: readonly unknown[], depth: number, writer: Writer): string {
  const written: string[] = [];
  // By index, not by iterator: a hole reads as undefined and is refused.
  for (let index = 0; index < items.length; index++) {
    written.push(write(items[index], depth + 1, writer));
  }
  return count(`[${written.join(',')}]`, writer, items.length + 1);
}

function writeObject(value: object, depth: number, writer: Writer): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw notJson('an object of a class');
  if (Object.getOwnPropertySymbols(value).length > 0) throw notJson('a member named by a symbol');
  const given = Object.keys(value);
  // Many come sorted, from code that lists them.
  const names = areSorted(given) ? given : given.toSorted((left, right) => (left < right ? -1 : 1));
  let written = '';
  for (const name of names) {
    const text = `${written === '' ? '' : ','}${writeString(name)}:`;
    count(text, writer);
    written += text + write((value as Record<string, unknown>)[name], depth + 1, writer);
  }
  return count(`{${written}}`, writer, 2);
}

function areSorted(names: readonly string[]): boolean {
  for (let at = 1; at < names.length; at++)
    if ((names[at - 1] ?? '') > (names[at] ?? '')) return false;
  return true;
}

function count(text: string, writer: Writer, added: number = text.length): string {
  writer.length += added;
  if (writer.length > LENGTH_MAX) throw notJson(`more than ${LENGTH_MAX} characters`);
  return text;
}

function notJson(what: string): CryptoError {
  return new CryptoError('NOT_JSON', `cannot be canonical JSON (RFC 8785): ${what}`);
}
