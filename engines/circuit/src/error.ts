import type { Place } from './circuit.ts';

/**
 * Why a circuit is refused: it does not read (`SYNTAX`), means nothing (`SEMANTICS`), goes beyond a
 * limit (`LIMIT`), or asks for what is not supported (`UNSUPPORTED`).
 */
export type CircuitErrorCode = 'SYNTAX' | 'SEMANTICS' | 'LIMIT' | 'UNSUPPORTED';

/** A circuit, or a text of one, that is refused, with the place where there is a text. */
export class CircuitError extends Error {
  readonly code: CircuitErrorCode;
  readonly place: Place | undefined;

  constructor(code: CircuitErrorCode, message: string, place?: Place) {
    super(place === undefined ? message : `${message} (${placeText(place)})`);
    this.name = 'CircuitError';
    this.code = code;
    this.place = place;
  }
}

const placeText = ({ file, line, column }: Place): string =>
  `${file === undefined ? '' : `${file}, `}line ${line}, column ${column}`;
