/** Character classes of the language, by code: no text of a user meets a regular expression. */
const between = (code: number, first: string, last: string): boolean =>
  code >= first.charCodeAt(0) && code <= last.charCodeAt(0);

export const isDigit = (code: number): boolean => between(code, '0', '9');
export const isUpper = (code: number): boolean => between(code, 'A', 'Z');
const isLower = (code: number): boolean => between(code, 'a', 'z');
const isUnderscore = (code: number): boolean => code === 0x5f;

/** First character of a keyword, a function or the name of a variable. */
export const isWordStart = (code: number): boolean => isLower(code) || isUnderscore(code);
export const isWordPart = (code: number): boolean => isWordStart(code) || isDigit(code);
export const isAssetPart = (code: number): boolean =>
  isUpper(code) || isDigit(code) || isUnderscore(code);
export const isSegmentPart = (code: number): boolean =>
  isWordPart(code) || isUpper(code) || code === 0x2d;

/** Where a run of characters of one class ends. */
export function endOfRun(text: string, from: number, isPart: (code: number) => boolean): number {
  let end = from;
  while (end < text.length && isPart(text.charCodeAt(end))) end += 1;
  return end;
}

/** Whether a text has at least one character, all of one class. */
export const isAll = (text: string, isPart: (code: number) => boolean): boolean =>
  text.length > 0 && endOfRun(text, 0, isPart) === text.length;
