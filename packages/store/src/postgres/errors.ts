/**
 * How what PostgreSQL and its driver report becomes a StoreError.
 * Codes: https://www.postgresql.org/docs/15/errcodes-appendix.html
 */

import { DatabaseError } from 'pg';

import { StoreError, type StoreErrorCode, type StoreErrorDetails } from '../errors.ts';

const CODE_OF_STATE: Readonly<Record<string, StoreErrorCode>> = {
  '23505': 'UNIQUE',
  '22003': 'UNSAFE_INTEGER', // numeric value out of range
  '53100': 'FULL',
  '53200': 'FAILED', // no memory
  '53300': 'BUSY', // too many connections
  '55P03': 'BUSY', // a lock was not to be had in time
  '55006': 'BUSY', // object in use
  '40001': 'BUSY', // serialization failure
  '40P01': 'BUSY', // deadlock
  '57014': 'FAILED', // the statement took too long
  P0001: 'CONSTRAINT', // raised by a trigger
};

const CODE_OF_CLASS: Readonly<Record<string, StoreErrorCode>> = {
  '22': 'SQL', // data exception
  '23': 'CONSTRAINT',
  '25': 'SQL', // read-only transaction
  '42': 'SQL',
  '0A': 'SQL',
  '54': 'SQL', // a limit of the server
  '58': 'FAILED', // input/output
  XX: 'CORRUPT',
};

/** The connection is gone, and with it a transaction that was not committed. */
export class ConnectionLost extends Error {}

/** Whether an error means that the session is over. */
export function isLoss(thrown: unknown): boolean {
  if (!(thrown instanceof DatabaseError)) return true;
  const state = thrown.code ?? '';
  return state.startsWith('57P') || state.startsWith('08');
}

/** The server planned a statement before its tables were changed. */
export function isStalePlan(thrown: unknown): boolean {
  return (
    thrown instanceof DatabaseError && thrown.code === '0A000' && /cached plan/.test(thrown.message)
  );
}

/** Turns what the driver throws into a StoreError; `extra` joins the details. */
export function fromPostgres(thrown: unknown, extra: StoreErrorDetails = {}): StoreError {
  if (thrown instanceof StoreError)
    return new StoreError(thrown.code, thrown.message, { ...extra, ...thrown.details });
  if (!(thrown instanceof DatabaseError)) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new StoreError('FAILED', message, extra);
  }
  const state = thrown.code ?? '';
  const code = CODE_OF_STATE[state] ?? CODE_OF_CLASS[state.slice(0, 2)] ?? 'FAILED';
  const details = { ...extra, postgres: state };
  // Never the server's `detail`: it repeats the values of the row.
  if (code !== 'UNIQUE') return new StoreError(code, thrown.message, details);
  return new StoreError(code, thrown.message, { ...details, constraint: constraintOf(thrown) });
}

/** The columns of the key as SQLite names them: "account.tenant, account.name". */
function constraintOf({ table = '', detail = '', constraint = '' }: DatabaseError): string {
  // "Key (tenant, name)=(home, x) already exists."
  const columns = /^Key \(([^)]+)\)=/.exec(detail)?.[1];
  if (columns === undefined) return constraint;
  return columns
    .split(', ')
    .map((column) => `${table}.${column}`)
    .join(', ');
}
