import { beyond, TemplateError, type Place } from '../error.ts';
import { DEPTH_MAX, DESTINATIONS_MAX, SOURCES_MAX } from '../limits.ts';
import type { ValueType } from '../values.ts';
import { tokensOf, type Token } from './lexer.ts';

const FOUND_CHARS_MAX = 40;

/** Where the reading of a text stands, what is declared so far, and how much of each limit is used. */
export class Cursor {
  readonly #tokens: readonly Token[];
  readonly #end: Token;
  #at = 0;
  #depth = 0;
  #sources = 0;
  #destinations = 0;
  /** The types of the variables that are declared. */
  readonly types = new Map<string, ValueType>();

  constructor(text: string) {
    this.#tokens = tokensOf(text);
    this.#end = this.#tokens.at(-1) ?? { kind: 'end', text: '', place: { line: 1, column: 1 } };
  }

  /** The word that comes next, or one after it. */
  peek(ahead = 0): Token {
    return this.#tokens[this.#at + ahead] ?? this.#end;
  }

  take(): Token {
    const token = this.peek();
    this.#at += 1;
    return token;
  }

  /** Whether a keyword or symbol comes next. */
  sees(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return (token.kind === 'word' || token.kind === 'symbol') && token.text === text;
  }

  /** Takes a keyword or symbol if it comes next. */
  accept(text: string): boolean {
    const seen = this.sees(text);
    if (seen) this.#at += 1;
    return seen;
  }

  /** @throws TemplateError where something else comes next */
  expect(...texts: readonly string[]): void {
    for (const text of texts) if (!this.accept(text)) this.refuse(text);
  }

  /** Where the reading stands, for going back to. */
  get position(): number {
    return this.#at;
  }

  goBack(position: number): void {
    this.#at = position;
  }

  /** @throws TemplateError what was expected, and what stands there instead */
  refuse(expected: string): never {
    const token = this.peek();
    const found =
      token.kind === 'end'
        ? 'the end of the text'
        : JSON.stringify(
            (token.kind === 'variable' ? '$' : '') + token.text.slice(0, FOUND_CHARS_MAX),
          );
    throw new TemplateError(token.place, `expected ${expected}, found ${found}`);
  }

  /** Reads something that may hold others of its kind. @throws TemplateError beyond DEPTH_MAX */
  nested<T>(read: () => T): T {
    if (this.#depth === DEPTH_MAX) beyond(this.peek().place, 'levels of nesting', DEPTH_MAX);
    this.#depth += 1;
    const result = read();
    this.#depth -= 1;
    return result;
  }

  /** @param weight how many this source counts for */
  countSource(place: Place, weight = 1): void {
    this.#sources += weight;
    if (this.#sources > SOURCES_MAX) beyond(place, 'sources', SOURCES_MAX);
  }

  countDestination(place: Place): void {
    this.#destinations += 1;
    if (this.#destinations > DESTINATIONS_MAX) beyond(place, 'destinations', DESTINATIONS_MAX);
  }
}
