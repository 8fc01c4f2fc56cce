import type { Place } from '../circuit.ts';
import { CircuitError, type CircuitErrorCode } from '../error.ts';

/** A text that is read, with the name of its file where it was included. */
export interface Source {
  readonly text: string;
  readonly file?: string;
}

/** Line and column of an offset into a text; both count from 1, columns in characters, a tab as one. */
export function placeOf(source: Source, at: number): Place {
  const { text, file } = source;
  let line = 1;
  let start = 0;
  for (let index = 0; index < at; index += 1) {
    const code = text.charCodeAt(index);
    if (code !== 10 && !(code === 13 && text.charCodeAt(index + 1) !== 10)) continue;
    line += 1;
    start = index + 1;
  }
  let column = 1;
  for (let index = start; index < at; index += 1) {
    const code = text.charCodeAt(index);
    const isPair =
      code >= 0xd800 && code < 0xdc00 && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00;
    if (isPair) index += 1;
    column += 1;
  }
  return file === undefined ? { line, column } : { line, column, file };
}

/** Refuses a text at an offset. */
export function refuse(code: CircuitErrorCode, message: string, source: Source, at: number): never {
  throw new CircuitError(code, message, placeOf(source, at));
}

const SHOWN_MAX = 100;

/**
 * The message of an error, and below it the line it is about with a caret under the place:
 *
 *     Expected ';', but found 'cx' (line 3, column 1)
 *       cx q[0], q[1];
 *       ^
 *
 * Of a long line the part around the place is shown. An error in another file than the text shows
 * its message only.
 */
export function showError(text: string, error: CircuitError): string {
  const { place } = error;
  if (place === undefined || place.file !== undefined) return error.message;
  // Far enough around the place; a character has one or two units.
  const lineStart = startOfLine(text, place.line);
  const from = Math.max(0, place.column - 1 - SHOWN_MAX / 2);
  const line =
    text.slice(lineStart, lineStart + 2 * (from + SHOWN_MAX)).split(/[\r\n]/, 1)[0] ?? '';
  const shown = Array.from(line)
    .slice(from, from + SHOWN_MAX)
    .map((character) => (/[\p{C}\p{Z}]/u.test(character) ? ' ' : character))
    .join('');
  return `${error.message}\n  ${shown}\n  ${' '.repeat(place.column - 1 - from)}^`;
}

function startOfLine(text: string, number: number): number {
  let start = 0;
  for (let line = 1; line < number; line += 1) {
    const end = /\r\n|\r|\n/g;
    end.lastIndex = start;
    if (end.exec(text) === null) return text.length;
    start = end.lastIndex;
  }
  return start;
}
