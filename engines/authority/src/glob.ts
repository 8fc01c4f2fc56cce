interface Segment {
  text: string;
  /** Knuth, Morris, Pratt: length of the longest border of each prefix of the text. */
  borders: Uint16Array;
}

/** Longest pattern, in UTF-16 code units; a parser must enforce it before compiling. */
export const PATTERN_LENGTH_MAX = 4096;

/**
 * Compiles a pattern of `like`: `*` stands for any number of characters, `\*` for a star, all else
 * for itself; the whole string must match. Literal parts are found from left to right with KMP, so
 * that a match is linear in pattern and string, whatever they contain.
 *
 * Source: UCAN Delegation, Glob Matching; Knuth, Morris, Pratt 1977.
 *
 * @param pattern at most {@link PATTERN_LENGTH_MAX} code units
 * @returns a test for strings
 */
export function compileGlob(pattern: string): (text: string) => boolean {
  const literals = splitAtWildcards(pattern);
  const first = literals[0] ?? '';
  if (literals.length === 1) return (text) => text === first;
  const last = literals[literals.length - 1] ?? '';
  const middle = literals
    .slice(1, -1)
    .filter((literal) => literal.length > 0)
    .map((text): Segment => ({ text, borders: bordersOf(text) }));
  return (text) => {
    const end = text.length - last.length;
    if (end < first.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    let from = first.length;
    for (const segment of middle) {
      from = endOfMatch(segment, text, from, end);
      if (from < 0) return false;
    }
    return true;
  };
}

function splitAtWildcards(pattern: string): string[] {
  const literals: string[] = [];
  let literal = '';
  for (let i = 0; i < pattern.length; i += 1) {
    const character = pattern.charAt(i);
    if (character === '*') {
      literals.push(literal);
      literal = '';
    } else if (character === '\\' && pattern[i + 1] === '*') {
      literal += '*';
      i += 1;
    } else {
      literal += character;
    }
  }
  return [...literals, literal];
}

function bordersOf(text: string): Uint16Array {
  const borders = new Uint16Array(text.length);
  let border = 0;
  for (let i = 1; i < text.length; i += 1) {
    while (border > 0 && text[i] !== text[border]) border = borders[border - 1] ?? 0;
    if (text[i] === text[border]) border += 1;
    borders[i] = border;
  }
  return borders;
}

/** @returns the index just after the first occurrence within [from, end), or -1 */
function endOfMatch(segment: Segment, text: string, from: number, end: number): number {
  const { text: literal, borders } = segment;
  let matched = 0;
  for (let i = from; i < end; i += 1) {
    const code = text.charCodeAt(i);
    while (matched > 0 && code !== literal.charCodeAt(matched)) matched = borders[matched - 1] ?? 0;
    if (code === literal.charCodeAt(matched)) matched += 1;
    if (matched === literal.length) return i + 1;
  }
  return -1;
}
