import { fail } from '@anarq/common-schemas';

/** Each word is a list of records to go through. */
const WORDS_MAX = 8;
/** The beginning of a word stands for all words with it: a shorter one for half the dictionary. */
const PREFIX_CHARS_MIN = 3;
/** Letters, marks, digits and private use: what unicode61 takes for parts of words. */
const WORD = /[\p{L}\p{M}\p{N}\p{Co}]+/gu;

/**
 * Turns what a person typed into an FTS5 query: every word a quoted string, so that nothing typed
 * is ever syntax (https://www.sqlite.org/fts5.html#fts5_strings); all must occur; the last may be
 * the beginning of a word, if it has three characters.
 * @throws INPUT_INVALID when there is no word in it
 */
export function matchOf(query: string): string {
  const given = query.match(WORD) ?? [];
  // A long question is answered by its first words: each further one only narrows.
  const words = given.slice(0, WORDS_MAX);
  if (words.length === 0)
    fail('INPUT_INVALID', 'The query holds no letter or digit to search for.', { query });
  const isPrefix =
    given.length <= WORDS_MAX &&
    [...(words.at(-1) ?? '').normalize('NFC')].length >= PREFIX_CHARS_MIN;
  return `${words.map((word) => `"${word}"`).join(' ')}${isPrefix ? ' *' : ''}`;
}

/** The same query, its words as `fold` keeps those of the documents. */
export const foldedMatch = (query: string): string => matchOf(query).replace(WORD, fold);

/**
 * The words of a text, in small letters and without the accents of Latin ones, one space between them:
 * what unicode61 makes of it, and what a database without such a tokenizer can take as it is.
 */
export function fold(text: string): string {
  const plain = text
    .toLowerCase()
    .normalize('NFD')
    .replace(/(\p{Script=Latin})[\u0300-\u036f]+/gu, '$1')
    .normalize('NFC');
  return (plain.match(WORD) ?? []).join(' ');
}
