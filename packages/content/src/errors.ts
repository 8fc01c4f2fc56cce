/**
 * Why a content operation was refused.
 *
 * - `NOT_FOUND`: the store has no block of that CID.
 * - `CORRUPT`: what was read is not what its CID, length or place in the file says.
 * - `SEAL_BROKEN`: a chunk does not open: other key, other file, other position, or changed bytes.
 * - `TRUNCATED`: a sealed stream ended before the file did.
 * - `TOO_LARGE`: more bytes than the limit that the message names.
 * - `STORAGE_FULL`: the disk or its quota is full; nothing was stored.
 * - `CID_INVALID`, `RANGE_INVALID`, `ARGUMENT_INVALID`, `FILE_NAME_INVALID`: the caller's argument.
 * - `TICKET_INVALID`, `TICKET_EXPIRED`: an upload or download ticket.
 */
export type ContentErrorCode =
  | 'NOT_FOUND'
  | 'CORRUPT'
  | 'SEAL_BROKEN'
  | 'TRUNCATED'
  | 'TOO_LARGE'
  | 'STORAGE_FULL'
  | 'CID_INVALID'
  | 'RANGE_INVALID'
  | 'ARGUMENT_INVALID'
  | 'FILE_NAME_INVALID'
  | 'TICKET_INVALID'
  | 'TICKET_EXPIRED';

/** An error of this package. Callers map `code` to the platform's error table. */
export class ContentError extends Error {
  readonly code: ContentErrorCode;

  constructor(code: ContentErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ContentError';
    this.code = code;
  }
}
