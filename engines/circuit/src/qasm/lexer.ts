import { refuse, type Source } from './source.ts';
import type { TimeUnit } from './syntax.ts';
import { KEYWORDS_OF, SYMBOLS_BY_START, type TokenKind } from './tokens.ts';

/** The longest number that is read: more digits mean nothing to a circuit. */
const NUMBER_LENGTH_MAX = 400;

/** What a character of ASCII can be part of. */
const SPACE = 1;
const DIGIT = 2;
const LETTER = 4;
const CLASS = new Uint8Array(128);
for (const code of [9, 10, 13, 32]) CLASS[code] = SPACE;
for (let code = 48; code < 58; code += 1) CLASS[code] = DIGIT;
for (let code = 65; code < 91; code += 1) CLASS[code] = CLASS[code + 32] = LETTER;
CLASS[95] = LETTER;

/** `ValidUnicode` of the grammar. */
const UNICODE_LETTERS = /[\p{Lu}\p{Ll}\p{Lt}\p{Lm}\p{Lo}\p{Nl}]/uy;
const DIGITS = '[0-9](?:_?[0-9])*';
const EXPONENT = `[eE][+-]?${DIGITS}`;
const NUMBER = new RegExp(
  [
    '0[bB][01](?:_?[01])*|0o[0-7](?:_?[0-7])*|0[xX][0-9a-fA-F](?:_?[0-9a-fA-F])*',
    `(?:(?<float>${DIGITS}\\.(?:${DIGITS})?(?:${EXPONENT})?|\\.${DIGITS}(?:${EXPONENT})?|${DIGITS}${EXPONENT})|${DIGITS})`,
  ].join('|'),
  'y',
);
const UNIT = /[ \t]*(im|dt|ns|us|[µμ]s|ms|s)(?![\p{L}\p{Nl}\w])/uy;

/**
 * Reads tokens one after the other, each when it is asked for, since what a line means (a path, a
 * pragma, a block of calibration) can depend on what stands before it. Time is linear in the text.
 */
export class Lexer {
  readonly source: Source;
  readonly text: string;
  kind: TokenKind = '<end>';
  /** Where the token begins and ends. */
  at = 0;
  end = 0;
  /** The unit, if the token is a time. */
  unit: TimeUnit | undefined;
  isVersion2 = false;
  #keywords = KEYWORDS_OF[3];

  constructor(source: Source) {
    this.source = source;
    this.text = source.text;
    if (this.text.charCodeAt(0) === 0xfeff) this.end = 1;
  }

  /** Sets the version whose keywords and operators are read. */
  use(version: 2 | 3): void {
    this.isVersion2 = version === 2;
    this.#keywords = KEYWORDS_OF[version];
    // The token ahead was read before the version was known.
    if (this.kind !== '<end>' && CLASS[this.text.charCodeAt(this.at)] === LETTER)
      this.kind = this.#keywords.get(this.content) ?? '<identifier>';
  }

  get content(): string {
    return this.text.slice(this.at, this.end);
  }

  refuse(message: string, at: number = this.at): never {
    return refuse('SYNTAX', message, this.source, at);
  }

  /** Goes to the next token. */
  next(): void {
    const { text } = this;
    let at = this.#skip(this.end);
    this.at = at;
    if (at >= text.length) {
      this.end = at;
      this.kind = '<end>';
      return;
    }
    const code = text.charCodeAt(at);
    const type = code < 128 ? CLASS[code]! : LETTER;
    if (type === LETTER) {
      while (at < text.length) {
        const here = text.charCodeAt(at);
        if (here < 128) {
          if ((CLASS[here]! & (LETTER | DIGIT)) === 0) break;
          at += 1;
          continue;
        }
        UNICODE_LETTERS.lastIndex = at;
        if (!UNICODE_LETTERS.test(text)) break;
        at = UNICODE_LETTERS.lastIndex;
      }
      if (at === this.at) this.#unexpected(at);
      this.end = at;
      this.kind = this.#keywords.get(this.content) ?? '<identifier>';
    } else if (type === DIGIT || (code === 46 && CLASS[text.charCodeAt(at + 1)] === DIGIT))
      this.#number(at);
    else if (code === 34) this.#bitstring(at);
    else if (code === 36) this.#hardwareQubit(at);
    else this.#symbol(at, code);
  }

  /** Behind spaces and comments. */
  #skip(from: number): number {
    const { text } = this;
    let at = from;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code < 128 && CLASS[code] === SPACE) {
        at += 1;
        continue;
      }
      if (code !== 47) return at;
      const second = text.charCodeAt(at + 1);
      if (second === 47) at = this.#lineEnd(at);
      else if (second === 42) {
        const close = text.indexOf('*/', at + 2);
        if (close < 0) this.refuse("A comment is not closed: expected '*/' before the end", at);
        at = close + 2;
      } else return at;
    }
  }

  #lineEnd(from: number): number {
    const { text } = this;
    let at = from;
    while (at < text.length && text.charCodeAt(at) !== 10 && text.charCodeAt(at) !== 13) at += 1;
    return at;
  }

  #number(at: number): void {
    NUMBER.lastIndex = at;
    const isFloat = NUMBER.exec(this.text)?.groups?.['float'] !== undefined;
    this.end = NUMBER.lastIndex;
    if (this.end - at > NUMBER_LENGTH_MAX)
      refuse('LIMIT', `A number has at most ${NUMBER_LENGTH_MAX} characters`, this.source, at);
    this.kind = isFloat ? '<float>' : '<integer>';
    if (this.isVersion2 && /^0[bBoxX]|_/.test(this.content))
      this.refuse('A number of OpenQASM 2 is decimal, without underscores');
    if (this.text.charCodeAt(at) === 48 && /^0[bBoxX]/.test(this.content)) return;
    UNIT.lastIndex = this.end;
    const unit = UNIT.exec(this.text)?.[1];
    if (unit === undefined) return;
    this.kind = unit === 'im' ? '<imaginary>' : '<timing>';
    this.unit =
      unit === 'im'
        ? undefined
        : unit.length === 2 && unit !== 'us' && !/^[dnm]/.test(unit)
          ? 'us'
          : (unit as TimeUnit);
    this.end = UNIT.lastIndex;
  }

  #bitstring(at: number): void {
    const { text } = this;
    const close = text.indexOf('"', at + 1);
    let digits = 0;
    let end = at + 1;
    for (; end < text.length && end !== close; end += 1) {
      const code = text.charCodeAt(end);
      if (code === 48 || code === 49) digits += 1;
      else if (code !== 95 || digits === 0 || CLASS[text.charCodeAt(end - 1)] !== DIGIT) break;
    }
    if (end !== close || digits === 0 || CLASS[text.charCodeAt(end - 1)] !== DIGIT)
      this.refuse('Expected a string of the digits 0 and 1, such as "0110"', at);
    this.end = close + 1;
    this.kind = '<bitstring>';
  }

  #hardwareQubit(at: number): void {
    let end = at + 1;
    while (CLASS[this.text.charCodeAt(end)] === DIGIT) end += 1;
    if (end === at + 1) this.refuse("Expected the number of a qubit behind '$'", at);
    this.end = end;
    this.kind = '<hardware qubit>';
  }

  #symbol(at: number, code: number): void {
    for (const symbol of SYMBOLS_BY_START[code] ?? [])
      if (symbol.length === 1 || this.text.startsWith(symbol, at)) {
        this.end = at + symbol.length;
        this.kind = symbol;
        return;
      }
    this.#unexpected(at);
  }

  #unexpected(at: number): never {
    const code = this.text.codePointAt(at) ?? 0;
    const number = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
    const isShown = code > 32 && code < 0xd800 && code !== 127;
    return this.refuse(
      `Unexpected character ${isShown ? `'${String.fromCodePoint(code)}' (${number})` : number}`,
      at,
    );
  }

  /** What the rest of the line behind the token is, without spaces before it; the next token is on another line. */
  restOfLine(): { readonly content: string; readonly at: number; readonly end: number } {
    const { text } = this;
    let at = this.end;
    while (text.charCodeAt(at) === 32 || text.charCodeAt(at) === 9) at += 1;
    const end = this.#lineEnd(at);
    this.end = end;
    return { content: text.slice(at, end), at, end };
  }

  /** The number of a version behind the token. */
  versionNumber(): { readonly major: number; readonly minor: number } {
    this.at = this.#skipSpace();
    const match = /^(\d{1,9})(?:\.(\d{1,9}))?(?![\w.])/.exec(
      this.text.slice(this.at, this.at + 24),
    );
    if (match === null) this.refuse("Expected a version such as 3.1 behind 'OPENQASM'");
    this.end = this.at + match[0].length;
    return { major: Number(match[1]), minor: Number(match[2] ?? 0) };
  }

  /** The text in quotes behind the token. */
  path(): string {
    const { text } = this;
    this.at = this.#skipSpace();
    const quote = text[this.at];
    if (quote !== '"' && quote !== "'") this.refuse('Expected a name in quotes');
    let end = this.at + 1;
    while (end < text.length && text[end] !== quote && !/[\r\n\t]/.test(text[end]!)) end += 1;
    if (text[end] !== quote) this.refuse(`A name in quotes is not closed: expected ${quote}`);
    if (end === this.at + 1) this.refuse('Expected a name between the quotes');
    this.end = end + 1;
    return text.slice(this.at + 1, end);
  }

  #skipSpace(): number {
    let at = this.end;
    while (CLASS[this.text.charCodeAt(at)] === SPACE) at += 1;
    return at;
  }

  /** What stands in braces, the token being the opening one; the next token is the closing one. */
  block(): { readonly content: string; readonly at: number; readonly end: number } {
    const { text } = this;
    const at = this.end;
    let depth = 1;
    let end = at;
    for (; end < text.length; end += 1) {
      const code = text.charCodeAt(end);
      if (code === 123) depth += 1;
      else if (code === 125 && (depth -= 1) === 0) break;
    }
    if (depth > 0) this.refuse("A block is not closed: expected '}' before the end");
    this.end = end;
    return { content: text.slice(at, end), at, end };
  }
}
