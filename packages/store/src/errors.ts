/**
 * The one error of this package, and how SQLite's result codes become its codes.
 * Codes: https://www.sqlite.org/rescode.html
 */

/** What went wrong, for a program to branch on. */
export type StoreErrorCode =
  | 'CONFLICT' // an expectation on changes or rows did not hold
  | 'UNIQUE' // a unique index or primary key refused the row
  | 'CONSTRAINT' // a foreign key, check, not-null or type constraint refused the row
  | 'BUSY' // too many calls are waiting, or another connection holds the file too long
  | 'FULL' // the disk, or the file's page limit, is full; nothing of the batch was kept
  | 'CLOSED' // the store was closed
  | 'CORRUPT' // the file is not a database, or is damaged
  | 'LOCKED' // another store, in this or another process, owns the file
  | 'MIGRATION_CHANGED' // the recorded migrations and the given ones do not agree
  | 'UNSAFE_INTEGER' // an integer that a number, or 64 bits, cannot carry exactly
  | 'SQL' // the statement or its parameters are wrong, or exceed a limit
  | 'FAILED'; // input/output failed, or a thread died; `details.outcome` may be 'unknown'

/** Facts beside the message: plain values only, because they cross a thread. */
export type StoreErrorDetails = Readonly<Record<string, string | number>>;

/** Thrown by every function of this package, and by nothing else. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;
  readonly details: StoreErrorDetails;

  constructor(code: StoreErrorCode, message: string, details: StoreErrorDetails = {}) {
    super(message);
    this.name = 'StoreError';
    this.code = code;
    this.details = details;
  }
}

/** A StoreError as it crosses a thread: structured clone would lose its class and fields. */
export interface WireError {
  readonly code: StoreErrorCode;
  readonly message: string;
  readonly details: StoreErrorDetails;
}

/** The plain form of any thrown value. */
export function toWire(thrown: unknown): WireError {
  const { code, message, details } = toStoreError(thrown);
  return { code, message, details };
}

/** The error again, with the stack of the side that waits. */
export function fromWire(wire: WireError): StoreError {
  return new StoreError(wire.code, wire.message, wire.details);
}

/** Turns what `node:sqlite` throws into a StoreError; `extra` joins the details. */
export function toStoreError(thrown: unknown, extra: StoreErrorDetails = {}): StoreError {
  if (thrown instanceof StoreError) {
    return new StoreError(thrown.code, thrown.message, { ...extra, ...thrown.details });
  }
  if (!(thrown instanceof Error)) return new StoreError('FAILED', String(thrown), extra);
  if (!('errcode' in thrown) || typeof thrown.errcode !== 'number') {
    // Argument errors of node:sqlite itself (ERR_INVALID_ARG_VALUE and the like).
    const fromNode = 'code' in thrown && String(thrown.code).startsWith('ERR_');
    return new StoreError(fromNode ? 'SQL' : 'FAILED', thrown.message, extra);
  }
  const sqlite = thrown.errcode;
  const details = { ...extra, sqlite };
  const code = codeOf(sqlite);
  if (sqlite === SQLITE_AUTH) {
    return new StoreError(
      code,
      'transaction control, ATTACH and PRAGMA are not taken here',
      details,
    );
  }
  if (code !== 'UNIQUE') return new StoreError(code, thrown.message, details);
  // "UNIQUE constraint failed: account.tenant, account.name"
  const constraint = thrown.message.slice(thrown.message.indexOf(': ') + 2);
  return new StoreError(code, thrown.message, { ...details, constraint });
}

const SQLITE_AUTH = 23;
const UNIQUE_RESULTS: ReadonlySet<number> = new Set([1555, 2067, 2579]); // primary key, unique, rowid

const CODE_OF_PRIMARY_RESULT: Readonly<Record<number, StoreErrorCode>> = {
  1: 'SQL', // error
  5: 'BUSY',
  6: 'BUSY', // a table is locked
  7: 'FAILED', // no memory
  8: 'SQL', // read-only connection
  10: 'FAILED', // input/output
  11: 'CORRUPT',
  13: 'FULL',
  14: 'FAILED', // cannot open
  17: 'BUSY', // the schema kept changing
  18: 'SQL', // too big
  19: 'CONSTRAINT',
  20: 'SQL', // type mismatch
  21: 'SQL', // misuse
  23: 'SQL', // refused by the authorizer
  25: 'SQL', // parameter out of range
  26: 'CORRUPT', // not a database
};

function codeOf(extendedResult: number): StoreErrorCode {
  if (UNIQUE_RESULTS.has(extendedResult)) return 'UNIQUE';
  return CODE_OF_PRIMARY_RESULT[extendedResult & 0xff] ?? 'FAILED';
}
