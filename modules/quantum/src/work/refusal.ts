import { CircuitError } from '@anarq/circuit';
import { Refused, type Refusal } from './orders.ts';

/** Characters of a line that are shown around a place. */
const EXCERPT_CHARS = 100;

/**
 * What an error says about the circuit; undefined for a defect of ours.
 * @param text that the circuit was read from
 */
export function refusalOf(error: unknown, text: string): Refusal | undefined {
  if (error instanceof Refused) return error.refusal;
  if (error instanceof RangeError && /call stack/i.test(error.message))
    return { code: 'LIMIT', message: 'The circuit is nested too deeply.' };
  if (
    error instanceof RangeError &&
    /array (buffer )?(allocation|length)|invalid (typed )?array length/i.test(error.message)
  )
    return { code: 'LIMIT', message: 'There is not enough memory for this.' };
  if (error instanceof RangeError && /bytes/.test(error.message))
    return { code: 'LIMIT', message: `There is not enough memory for this: ${error.message}.` };
  if (!(error instanceof CircuitError)) return undefined;
  const { code, message, place } = error;
  if (place === undefined) return { code, message };
  return { code, message, line: place.line, column: place.column, ...excerptOf(text, place) };
}

/** The line of a place, cut to what a terminal shows; what would move the caret becomes blanks. */
function excerptOf(
  text: string,
  place: { readonly line: number; readonly column: number },
): { readonly excerpt: string; readonly caret: number } | undefined {
  let start = 0;
  for (let line = 1; line < place.line; line += 1) {
    const end = text.indexOf('\n', start);
    if (end === -1) return undefined;
    start = end + 1;
  }
  const end = text.indexOf('\n', start);
  const from = Math.max(start, start + place.column - 1 - EXCERPT_CHARS / 2);
  const to = Math.min(end === -1 ? text.length : end, from + EXCERPT_CHARS);
  const excerpt = text.slice(from, to).replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ');
  return { excerpt, caret: start + place.column - 1 - from };
}
