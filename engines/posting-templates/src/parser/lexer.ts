import {
  endOfRun,
  isAssetPart,
  isDigit,
  isSegmentPart,
  isUpper,
  isWordPart,
  isWordStart,
} from '../characters.ts';
import { beyond, TemplateError, type Place } from '../error.ts';
import { ACCOUNT_CHARS_MAX, DIGITS_MAX, STRING_CHARS_MAX, TEXT_CHARS_MAX } from '../limits.ts';
import { isAsset, percentage, withinRange, type Value } from '../values.ts';

/** A segment of an account: its text, or the name of a variable in it. */
export type SegmentToken = string | { readonly variable: string; readonly place: Place };

export type Token = { readonly place: Place; readonly text: string } & (
  | { readonly kind: 'word' | 'symbol' | 'variable' | 'end' }
  | { readonly kind: 'literal'; readonly value: Value }
  | { readonly kind: 'account'; readonly segments: readonly SegmentToken[] }
);

const SYMBOLS = new Set('(){}[]=,*+-/\\');
const SPACES = new Set(' \t\r\n');

/**
 * The words of a text in their order, the last one its end.
 * @throws TemplateError at the first character that belongs to none
 */
export function tokensOf(text: string): Token[] {
  if (text.length > TEXT_CHARS_MAX) beyond({ line: 1, column: 1 }, 'characters', TEXT_CHARS_MAX);
  const scanner = new Scanner(text);
  const tokens: Token[] = [];
  for (;;) {
    const token = scanner.next();
    tokens.push(token);
    if (token.kind === 'end') return tokens;
  }
}

/** Goes through a text once, from left to right. */
class Scanner {
  readonly #text: string;
  #at = 0;
  #line = 1;
  #lineAt = 0;

  constructor(text: string) {
    this.#text = text;
  }

  next(): Token {
    this.#skipSpace();
    const place = this.#place();
    const char = this.#text[this.#at];
    if (char === undefined) return { kind: 'end', place, text: '' };
    const code = char.charCodeAt(0);
    if (char === '@') return this.#account(place);
    if (char === '$') return { kind: 'variable', place, text: this.#variable() };
    if (char === '"') return this.#string(place);
    if (isDigit(code)) return this.#number(place);
    if (isUpper(code)) return this.#asset(place);
    if (isWordStart(code)) return { kind: 'word', place, text: this.#run(isWordPart) };
    if (!SYMBOLS.has(char)) {
      const whole = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? code);
      throw new TemplateError(place, `${JSON.stringify(whole)} stands for nothing here`);
    }
    this.#at += 1;
    return { kind: 'symbol', place, text: char };
  }

  #place(): Place {
    return { line: this.#line, column: this.#at - this.#lineAt + 1 };
  }

  #run(isPart: (code: number) => boolean): string {
    const from = this.#at;
    this.#at = endOfRun(this.#text, from, isPart);
    return this.#text.slice(from, this.#at);
  }

  /** Passes over spaces, `// to the end of a line` and comments between slash and asterisk. */
  #skipSpace(): void {
    for (;;) {
      const char = this.#text[this.#at];
      if (char !== undefined && SPACES.has(char)) {
        this.#at += 1;
        if (char === '\n') this.#newLine();
      } else if (this.#text.startsWith('//', this.#at)) {
        const end = this.#text.indexOf('\n', this.#at);
        this.#at = end < 0 ? this.#text.length : end;
      } else if (this.#text.startsWith('/*', this.#at)) this.#skipComment();
      else return;
    }
  }

  #newLine(): void {
    this.#line += 1;
    this.#lineAt = this.#at;
  }

  #skipComment(): void {
    const place = this.#place();
    const end = this.#text.indexOf('*/', this.#at + 2);
    if (end < 0) throw new TemplateError(place, 'expected */ at the end of the comment');
    while (this.#at < end + 2) {
      this.#at += 1;
      if (this.#text[this.#at - 1] === '\n') this.#newLine();
    }
  }

  #variable(): string {
    const place = this.#place();
    this.#at += 1;
    if (!isWordStart(this.#text.charCodeAt(this.#at)))
      throw new TemplateError(place, 'expected a name after $, of small letters, digits and _');
    return this.#run(isWordPart);
  }

  #account(place: Place): Token {
    const from = this.#at;
    const segments: SegmentToken[] = [];
    do {
      this.#at += 1;
      const segmentPlace = this.#place();
      const code = this.#text.charCodeAt(this.#at);
      if (isSegmentPart(code)) segments.push(this.#run(isSegmentPart));
      else if (this.#text[this.#at] === '$' && segments.length > 0)
        segments.push({ variable: this.#variable(), place: segmentPlace });
      else
        throw new TemplateError(
          segmentPlace,
          segments.length === 0
            ? 'expected the name of an account after @'
            : 'expected a part of the name of an account after :',
        );
    } while (this.#text[this.#at] === ':');
    const text = this.#text.slice(from, this.#at);
    if (text.length - 1 > ACCOUNT_CHARS_MAX)
      beyond(place, 'characters in the name of an account', ACCOUNT_CHARS_MAX);
    return { kind: 'account', place, text, segments };
  }

  #asset(place: Place): Token {
    let asset = this.#run(isAssetPart);
    // `USD/2` is one asset; in `USD/x` the slash is a symbol of its own.
    if (this.#text[this.#at] === '/' && isDigit(this.#text.charCodeAt(this.#at + 1))) {
      this.#at += 1;
      asset += `/${this.#run(isDigit)}`;
    }
    if (!isAsset(asset))
      throw new TemplateError(place, `${asset.slice(0, 40)} is too long for an asset`);
    return { kind: 'literal', place, text: asset, value: { type: 'asset', asset } };
  }

  #number(place: Place): Token {
    const from = this.#at;
    const whole = this.#digits();
    if (this.#text[this.#at] === '%') return this.#percent(place, from, whole, '');
    if (this.#text[this.#at] === '.') {
      this.#at += 1;
      const decimals = this.#digits();
      if (this.#text[this.#at] !== '%')
        throw new TemplateError(
          this.#place(),
          'expected % after decimal places: amounts are whole minor units',
        );
      return this.#percent(place, from, whole, decimals);
    }
    const number = BigInt(whole);
    if (!withinRange(number)) throw new TemplateError(place, 'the number is beyond 2^127 - 1');
    return { kind: 'literal', place, text: whole, value: { type: 'number', number } };
  }

  #percent(place: Place, from: number, whole: string, decimals: string): Token {
    this.#at += 1;
    if (whole.length + decimals.length > DIGITS_MAX)
      beyond(place, 'digits in a number', DIGITS_MAX);
    const text = this.#text.slice(from, this.#at);
    return { kind: 'literal', place, text, value: percentage(whole, decimals) };
  }

  /** Digits, without the underscores between them: `100_000`. */
  #digits(): string {
    const place = this.#place();
    const groups: string[] = [];
    for (;;) {
      const group = this.#run(isDigit);
      if (group === '') throw new TemplateError(this.#place(), 'expected a digit');
      groups.push(group);
      if (this.#text[this.#at] !== '_') break;
      this.#at += 1;
    }
    const digits = groups.join('');
    if (digits.length > DIGITS_MAX) beyond(place, 'digits in a number', DIGITS_MAX);
    return digits;
  }

  /** In quotes, on one line; a backslash stands before a quote or a backslash. */
  #string(place: Place): Token {
    const parts: string[] = [];
    let from = this.#at + 1;
    for (let at = from; ; at += 1) {
      const char = this.#text[at];
      if (char === undefined || char === '\n')
        throw new TemplateError(place, 'expected " at the end of the string');
      if (at - this.#at - 1 > STRING_CHARS_MAX)
        beyond(place, 'characters in a string', STRING_CHARS_MAX);
      const escaped = this.#text[at + 1];
      if (char === '\\' && (escaped === '"' || escaped === '\\')) {
        parts.push(this.#text.slice(from, at));
        from = at + 1;
        at += 1;
      } else if (char === '"') {
        const text = parts.join('') + this.#text.slice(from, at);
        this.#at = at + 1;
        return { kind: 'literal', place, text, value: { type: 'string', text } };
      }
    }
  }
}
