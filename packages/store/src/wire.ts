/**
 * The form in which requests and answers cross a thread: one flat list of plain values a message. A
 * structured clone spends most of its time on objects and on the names of their members, and on
 * texts of SQL that the other end has had before: those go once, and by their number from then on.
 */

import { CACHED_SQL_CHARS_MAX } from './limits.ts';
import type { Answer, CallKind, Request, WireQuery, WireStatement } from './messages.ts';
import type { Row, SqlValue, StatementResult } from './types.ts';

/** Texts known by number at both ends; then both forget them all, and begin again. */
const TEXTS_MAX = 2_048;

const FORGET = -1;
/** In the place of a commit's number of statements. */
const READ = -1;

/** The end that sends requests. */
export class RequestWriter {
  readonly #numbers = new Map<string, number>();
  #words: unknown[] = [];

  /** Whether anything waits to be sent. */
  get isEmpty(): boolean {
    return this.#words.length === 0;
  }

  /** Appends a request to the message. */
  write(request: Request): void {
    this.#words.push(request.id);
    if (request.kind === 'commit') {
      this.#words.push(request.payload.length);
      for (const statement of request.payload) this.#writeStatement(statement);
    } else if (request.kind === 'read') {
      this.#words.push(READ);
      this.#writeQuery(request.payload, false);
    } else this.#words.push(request.kind, request.payload);
  }

  /** The message, and the next one begins. */
  take(): readonly unknown[] {
    const words = this.#words;
    this.#words = [];
    return words;
  }

  #writeStatement(statement: WireStatement): void {
    const { changes, rows, name } = statement;
    const hasMore = changes !== undefined || rows !== undefined || name !== '';
    this.#writeQuery(statement, hasMore);
    if (hasMore) this.#words.push(changes, rows, name);
  }

  /** A word takes its time whatever is in it: whether more follows is said beside the number of values. */
  #writeQuery({ text, values }: WireQuery, hasMore: boolean): void {
    const words = this.#words;
    const number = this.#numbers.get(text);
    if (number === undefined) this.#writeText(text);
    else words.push(number);
    words.push(values.length * 2 + Number(hasMore));
    for (const value of values) words.push(value);
  }

  #writeText(text: string): void {
    if (text.length <= CACHED_SQL_CHARS_MAX) {
      if (this.#numbers.size === TEXTS_MAX) {
        this.#numbers.clear();
        this.#words.push(FORGET);
      }
      this.#numbers.set(text, this.#numbers.size);
    }
    this.#words.push(text);
  }
}

/** The end that receives requests. */
export class RequestReader {
  #texts: string[] = [];
  #words: readonly unknown[] = [];
  #at = 0;

  /** The requests of a message, in their order. */
  read(words: readonly unknown[]): Request[] {
    this.#words = words;
    this.#at = 0;
    const requests: Request[] = [];
    while (this.#at < words.length) requests.push(this.#readRequest());
    return requests;
  }

  #readRequest(): Request {
    const id = this.#next() as number;
    const kind = this.#next();
    if (kind === READ) {
      const { text, values } = this.#readStatement();
      return { id, kind: 'read', payload: { text, values } };
    }
    if (typeof kind === 'number') {
      const payload = Array.from({ length: kind }, () => this.#readStatement());
      return { id, kind: 'commit', payload };
    }
    return { id, kind: kind as CallKind, payload: this.#next() } as Request;
  }

  #readStatement(): WireStatement {
    const text = this.#readText();
    const count = this.#next() as number;
    const end = this.#at + (count >> 1);
    const values = this.#words.slice(this.#at, end) as SqlValue[];
    this.#at = end;
    if (count % 2 === 0) return { text, values, changes: undefined, rows: undefined, name: '' };
    const changes = this.#next() as number | undefined;
    const rows = this.#next() as number | undefined;
    return { text, values, changes, rows, name: this.#next() as string };
  }

  #readText(): string {
    const word = this.#next();
    if (word === FORGET) {
      this.#texts = [];
      return this.#readText();
    }
    if (typeof word === 'number') return this.#texts[word] as string;
    const text = word as string;
    if (text.length <= CACHED_SQL_CHARS_MAX) this.#texts.push(text);
    return text;
  }

  #next(): unknown {
    return this.#words[this.#at++];
  }
}

const NO_ROWS: readonly Row[] = Object.freeze([]);
const VALUE = -1;
const ERROR = -2;

/** Appends an answer to a message. Most statements return no rows: those are their count alone. */
export function writeAnswer(words: unknown[], answer: Answer): void {
  words.push(answer.id);
  if ('error' in answer) words.push(ERROR, answer.error);
  else if ('value' in answer) words.push(VALUE, answer.value);
  else {
    words.push(answer.results.length);
    for (const { changes, rows } of answer.results) {
      words.push(changes);
      if (rows.length > 0) words.push(rows);
    }
  }
}

/** The answers of a message, in their order. */
export function readAnswers(words: readonly unknown[]): Answer[] {
  const answers: Answer[] = [];
  for (let at = 0; at < words.length;) {
    const id = words[at++] as number;
    const length = words[at++] as number;
    if (length === ERROR) answers.push({ id, error: words[at++] } as Answer);
    else if (length === VALUE) answers.push({ id, value: words[at++] } as Answer);
    else {
      const results: StatementResult[] = [];
      while (results.length < length) {
        const changes = words[at++] as number;
        const rows = Array.isArray(words[at]) ? (words[at++] as Row[]) : NO_ROWS;
        results.push({ changes, rows });
      }
      answers.push({ id, results });
    }
  }
  return answers;
}
