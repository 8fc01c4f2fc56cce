/** Values on their way into SQLite and out of it: copied, counted, exact. */

import { StoreError } from './errors.ts';
import { checkNames } from './parameters.ts';
import type { Params, Row, SqlValue } from './types.ts';

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** Approximate bytes that a value occupies. */
export function sizeOf(value: SqlValue): number {
  if (typeof value === 'string') return value.length;
  return value instanceof Uint8Array ? value.byteLength : 8;
}

/**
 * The parameters as they are sent to PostgreSQL: checked, and copied, so that what the caller changes
 * afterwards is not what is stored. Whole numbers become bigint: they are declared as such.
 * @throws StoreError `UNSAFE_INTEGER` or `SQL`.
 */
export function toParams(params: Params): Record<string, SqlValue> {
  const copy: Record<string, SqlValue> = {};
  for (const [name, value] of Object.entries(params)) copy[name] = whole(checked(name, value));
  return copy;
}

/**
 * The values of these parameters, in their order, as they are sent to a thread: checked and copied.
 * @throws StoreError `UNSAFE_INTEGER` or `SQL`.
 */
export function valuesOf(names: readonly string[], params: Params): SqlValue[] {
  let count = 0;
  for (const _ in params) count += 1;
  const values: SqlValue[] = [];
  for (const name of names) {
    const value = params[name];
    if (value === undefined) checkNames(names, params);
    values.push(checked(name, value as SqlValue));
  }
  // As many as there are names, and all of these are among them.
  if (count !== names.length) checkNames(names, params);
  return values;
}

/**
 * As a value is bound. node:sqlite binds every number as a float, and `typeof(:n)` or `:n / 2` would
 * show it of a whole one.
 */
export const whole = (value: SqlValue): SqlValue =>
  typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value;

function checked(name: string, value: SqlValue): SqlValue {
  if (typeof value === 'string' || value === null) return value;
  if (typeof value === 'number') return checkedNumber(name, value);
  if (typeof value === 'bigint') {
    if (value >= INT64_MIN && value <= INT64_MAX) return value;
    throw new StoreError('UNSAFE_INTEGER', `:${name} does not fit in 64 bits`, { name });
  }
  // A view on a larger buffer would be cloned with the whole buffer.
  if (value instanceof Uint8Array) return new Uint8Array(value);
  throw new StoreError(
    'SQL',
    `:${name} must be a string, number, bigint, null or Uint8Array, not ${typeof value}`,
    { name },
  );
}

function checkedNumber(name: string, value: number): number {
  if (Number.isSafeInteger(value)) return value;
  if (Number.isInteger(value)) {
    const message = `:${name} is a whole number above 2^53: pass a bigint, it would not be exact`;
    throw new StoreError('UNSAFE_INTEGER', message, { name });
  }
  if (Number.isFinite(value)) return value;
  throw new StoreError('SQL', `:${name} is not a finite number`, { name });
}

/**
 * Makes the bigints of a row, as read, numbers where the column name allows it. Changes the row.
 * @returns the row's size in bytes.
 * @throws StoreError `UNSAFE_INTEGER`.
 */
export function settleRow(row: Row): number {
  let bytes = 0;
  for (const column in row) {
    const value = row[column];
    if (value === undefined) continue;
    if (typeof value === 'bigint' && !column.endsWith('_minor')) {
      const number = Number(value);
      if (!Number.isSafeInteger(number)) {
        const message = `column ${column} holds an integer that a number cannot carry exactly`;
        throw new StoreError('UNSAFE_INTEGER', message, { column });
      }
      row[column] = number;
    }
    bytes += sizeOf(value);
  }
  return bytes;
}
