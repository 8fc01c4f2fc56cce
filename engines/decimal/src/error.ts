/** Why an amount was refused. The code is one of the table of errors. */
export class DecimalError extends Error {
  override readonly name = 'DecimalError';
  readonly code = 'AMOUNT_INVALID';
}

export function refuse(message: string): never {
  throw new DecimalError(message);
}
