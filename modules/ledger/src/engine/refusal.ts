import type { ErrorCode } from '@anarq/common-schemas';
import { BATCH_EVENTS_MAX, LimitReached, RECORD_BYTES } from '@anarq/ledger-engine';

const CAUSE_BYTES = 32;

/** Whether an error says that the disk, or what its owner may use of it, is full. */
export const isDiskFull = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');

/** A batch that was not taken at all: nothing of it happened, and it may be sent again. */
export class LedgerRefusal extends Error {
  override readonly name = 'LedgerRefusal';
  /** A code of the table of errors. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * How many records a batch has.
 * @throws LedgerRefusal where it is none
 */
export function countOf(events: Uint8Array, cause: Uint8Array | undefined): number {
  const count = events.byteLength / RECORD_BYTES;
  if (!Number.isInteger(count) || count > BATCH_EVENTS_MAX || events.byteOffset % 4 !== 0)
    throw new LedgerRefusal(
      'INPUT_INVALID',
      `a batch is at most ${BATCH_EVENTS_MAX} records of ${RECORD_BYTES} bytes, aligned to 4`,
    );
  if (cause !== undefined && cause.byteLength !== CAUSE_BYTES)
    throw new LedgerRefusal('INPUT_INVALID', `a digest has ${CAUSE_BYTES} bytes`);
  return count;
}

/** Why the books did not take a batch, where that is all that happened: nothing was changed. */
export function refusalOf(error: unknown): LedgerRefusal | undefined {
  if (error instanceof LimitReached) return new LedgerRefusal('LIMIT_EXCEEDED', error.message);
  // Indexes are written away before a batch begins.
  if (isDiskFull(error)) return noRoom(error);
  return undefined;
}

/** Whether a batch was refused for want of room alone: it may be taken when there is some. */
export const isNoRoom = (error: Error): boolean =>
  error instanceof LedgerRefusal && error.code === 'QDRIVE_STORAGE_FULL';

/** A batch that is refused for want of room. */
export const noRoom = (error: Error): LedgerRefusal =>
  new LedgerRefusal('QDRIVE_STORAGE_FULL', `the disk is full: ${error.message}`);
