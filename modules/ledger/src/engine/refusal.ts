/** A batch that was not taken at all: nothing of it happened, and it may be sent again. */
export class LedgerRefusal extends Error {
  override readonly name = 'LedgerRefusal';
  /** A code of the table of errors. */
  readonly code: 'LIMIT_EXCEEDED' | 'STORAGE_FULL' | 'NODE_STOPPING';

  constructor(code: LedgerRefusal['code'], message: string) {
    super(message);
    this.code = code;
  }
}
