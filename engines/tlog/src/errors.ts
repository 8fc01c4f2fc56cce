/** Why a note, checkpoint, key, proof text or tile was refused. */
export type TlogErrorCode =
  | 'TLOG_MALFORMED'
  | 'TLOG_RANGE'
  | 'TLOG_SIGNATURE'
  | 'TLOG_UNSIGNED'
  | 'TLOG_LIMIT';

/** Thrown by every parser and maker of this engine; verifiers of proofs return a boolean instead. */
export class TlogError extends Error {
  readonly code: TlogErrorCode;

  constructor(code: TlogErrorCode, message: string) {
    super(message);
    this.name = 'TlogError';
    this.code = code;
  }
}

/** Throws a TLOG_MALFORMED error; for parsers, which have many places to say no. */
export function malformed(message: string): never {
  throw new TlogError('TLOG_MALFORMED', message);
}
