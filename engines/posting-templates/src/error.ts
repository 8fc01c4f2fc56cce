import type { ErrorCode } from '@anarq/common-schemas';

/** Where something stands in the text of a template; both count from 1, columns in UTF-16 units. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Why a text is no template. */
export class TemplateError extends Error implements Place {
  override readonly name = 'TemplateError';
  /** INPUT_INVALID, or LIMIT_EXCEEDED where the text is longer, deeper or more than is read. */
  readonly code: ErrorCode;
  readonly line: number;
  readonly column: number;

  constructor(place: Place, message: string, code: ErrorCode = 'INPUT_INVALID') {
    super(`line ${place.line}, column ${place.column}: ${message}`);
    this.code = code;
    this.line = place.line;
    this.column = place.column;
  }
}

/** @throws TemplateError LIMIT_EXCEEDED */
export function beyond(place: Place, what: string, limit: number): never {
  throw new TemplateError(place, `a template has at most ${limit} ${what}`, 'LIMIT_EXCEEDED');
}
