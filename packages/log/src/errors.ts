/**
 * Why the log refused:
 * - `MALFORMED`: a record body, party, cursor or tile that is not what its function takes.
 * - `LIMIT`: more bytes, parties or records than allowed; the message says which limit.
 * - `NOT_FOUND`: no such record, or none that this party may open.
 * - `CONTRADICTION`: what is stored disagrees with the last signed checkpoint.
 * - `CLOSED`: the log was closed.
 */
export type LogErrorCode = 'MALFORMED' | 'LIMIT' | 'NOT_FOUND' | 'CONTRADICTION' | 'CLOSED';

/** What every function of this package throws for its own reasons; a StoreError passes unchanged. */
export class LogError extends Error {
  readonly code: LogErrorCode;

  constructor(code: LogErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LogError';
    this.code = code;
  }
}
