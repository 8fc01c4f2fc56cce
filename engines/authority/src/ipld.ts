import { CID } from 'multiformats/cid';
import { compareKeys } from './dag-cbor-strict.ts';

const DESCRIPTION_LENGTH_MAX = 120;

/** A map of the IPLD data model: a plain object, not a list, bytes or a link. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array) &&
    !(value instanceof CID)
  );
}

/** @returns the values of a map in the canonical order of its keys, so that an index means one. */
export function valuesInOrder(map: Readonly<Record<string, unknown>>): unknown[] {
  const encoder = new TextEncoder();
  return Object.keys(map)
    .map((key) => ({ key, bytes: encoder.encode(key) }))
    .toSorted((a, b) => compareKeys(a.bytes, b.bytes))
    .map(({ key }) => map[key]);
}

/**
 * Deep equality of the IPLD data model. An integer and a float of the same value are equal
 * (UCAN Delegation, Comparisons). Goes no deeper than the literal, whose depth is limited.
 *
 * @param literal the value in the policy
 * @param actual the value in the arguments
 */
export function sameValue(literal: unknown, actual: unknown): boolean {
  if (literal === actual) return true;
  if (typeof literal === 'number' && typeof actual === 'bigint') {
    return Number.isInteger(literal) && BigInt(literal) === actual;
  }
  if (literal instanceof Uint8Array) {
    if (!(actual instanceof Uint8Array) || literal.length !== actual.length) return false;
    return literal.every((byte, i) => byte === actual[i]);
  }
  if (literal instanceof CID) return actual instanceof CID && literal.equals(actual);
  if (Array.isArray(literal)) {
    if (!Array.isArray(actual) || literal.length !== actual.length) return false;
    return literal.every((item, i) => sameValue(item, actual[i]));
  }
  if (!isMap(literal) || !isMap(actual)) return false;
  const keys = Object.keys(literal);
  if (keys.length !== Object.keys(actual).length) return false;
  return keys.every((key) => Object.hasOwn(actual, key) && sameValue(literal[key], actual[key]));
}

/** @returns a value in a few words for a message: scalars as they are, of others only the shape. */
export function describe(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (value instanceof CID) return value.toString();
  if (isMap(value)) return `a map of ${Object.keys(value).length}`;
  if (typeof value !== 'string') return String(value);
  const short = value.slice(0, DESCRIPTION_LENGTH_MAX);
  return JSON.stringify(short) + (short.length < value.length ? '…' : '');
}
