/** Values on their way into PostgreSQL's wire protocol, in text except for bytes, and out of it. */

import { Buffer } from 'node:buffer';

import { StoreError } from '../errors.ts';
import type { SqlValue } from '../types.ts';

/** Object ids of the server's own types. https://www.postgresql.org/docs/15/datatype-oid.html */
const OID = { bool: 16, bytea: 17, int8: 20, int2: 21, int4: 23, oid: 26, text: 25 } as const;
const FLOAT4 = 700;
const FLOAT8 = 701;
const NUMERIC = 1700;

/**
 * The type that a parameter is declared with; '0' leaves it to the server. As text, because that is
 * how the types of `pg` have it.
 */
export function typeOf(value: SqlValue): string {
  switch (typeof value) {
    case 'string':
      return String(OID.text);
    case 'bigint':
      return String(OID.int8);
    case 'number':
      return String(FLOAT8);
    default:
      return value === null ? '0' : String(OID.bytea);
  }
}

/**
 * The value as it is bound.
 * @throws StoreError `SQL` for a text with the character U+0000, which PostgreSQL cannot hold.
 */
export function bound(name: string, value: SqlValue): string | Buffer | null {
  if (value === null) return null;
  if (typeof value === 'string') {
    if (!value.includes('\0')) return value;
    const message = `:${name} holds the character U+0000, which PostgreSQL cannot store in a text`;
    throw new StoreError('SQL', message, { name });
  }
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return String(value);
}

/** A column of a result: its name, and how its text becomes a value. */
export interface Field {
  readonly name: string;
  readonly parse: (text: string) => SqlValue;
}

/** How to read a column of this name and type. */
export function fieldOf(name: string, type: number): Field {
  return { name, parse: parserOf(name, type) };
}

function parserOf(name: string, type: number): (text: string) => SqlValue {
  switch (type) {
    case OID.int8:
    case OID.int4:
    case OID.int2:
    case OID.oid:
      return name.endsWith('_minor') ? BigInt : (text) => exact(name, text);
    case NUMERIC:
      // Sums of 64-bit integers are numeric; what has a fraction is a float for SQLite.
      return (text) => (/^-?\d+$/.test(text) ? whole(name, text) : Number(text));
    case FLOAT8:
    case FLOAT4:
      return Number;
    case OID.bool:
      return (text) => (text === 't' ? 1 : 0);
    case OID.bytea:
      return (text) => new Uint8Array(Buffer.from(text.slice(2), 'hex'));
    default:
      return (text) => text;
  }
}

function exact(name: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number)) return number;
  throw unsafe(name, 'a number');
}

function whole(name: string, text: string): number | bigint {
  if (!name.endsWith('_minor')) return exact(name, text);
  const value = BigInt(text);
  if (BigInt.asIntN(64, value) === value) return value;
  throw unsafe(name, '64 bits');
}

function unsafe(column: string, what: string): StoreError {
  const message = `column ${column} holds an integer that ${what} cannot carry exactly`;
  return new StoreError('UNSAFE_INTEGER', message, { column });
}
