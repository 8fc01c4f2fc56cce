/**
 * From the portable subset of SQL to PostgreSQL. The subset (README, "Portable SQL") is written as
 * SQLite has it; here `:name` becomes `$n`, and the types and table options of a schema are put
 * into PostgreSQL's words. Nothing else is touched: what the subset cannot say carries a text of its
 * own.
 */

import { StoreError } from '../errors.ts';
import { CACHED_SQL_CHARS_MAX, STATEMENT_CACHE_MAX } from '../limits.ts';

/** A statement as PostgreSQL takes it. */
export interface Translated {
  readonly text: string;
  /** The names of `$1`, `$2` and so on. */
  readonly names: readonly string[];
}

// Strings, quoted names, dollar-quoted bodies and comments are one token each, so that nothing in
// them is taken for a parameter or a type.
const TOKEN =
  /'[^']*'|"[^"]*"|\$(\w*)\$[^]*?\$\1\$|--[^\n]*|\/\*[^]*?(?:\*\/|$)|::|[\w\u0080-\uffff][\w$\u0080-\uffff]*|[:@$?][\w\u0080-\uffff]*|\s+|[^]/g;

/** What a caller's statement may begin with. Sessions and transactions are the store's business. */
const VERBS: ReadonlySet<string> = new Set(
  'select with values insert update delete create alter drop'.split(' '),
);

const CONTROL =
  /^(begin|commit|end|rollback|savepoint|release|start|abort|prepare|set|reset|attach|detach|pragma|vacuum)$/i;
const NO_CONTROL = 'transaction control, ATTACH and PRAGMA are not taken here';

const known = new Map<string, Translated>();

/**
 * A statement of a caller, translated; kept by its text.
 * @throws StoreError `SQL` for transaction control, settings, functions of the server's own
 * administration, several statements, and parameters other than `:name`.
 */
export function translate(sql: string): Translated {
  const found = known.get(sql);
  if (found !== undefined) return found;
  const made = translateAnew(sql);
  if (sql.length <= CACHED_SQL_CHARS_MAX) {
    if (known.size >= 4 * STATEMENT_CACHE_MAX) known.clear();
    known.set(sql, made);
  }
  return made;
}

function translateAnew(sql: string): Translated {
  const places = new Map<string, number>();
  let verb: string | undefined;
  let isOver = false;
  let text = '';
  for (const [token] of sql.matchAll(TOKEN)) {
    if (isVoid(token)) {
      text += token;
      continue;
    }
    if (isOver) throw refused('one statement at a time: what follows the first would be ignored');
    verb ??= verbOf(token);
    if (token === ';') isOver = true;
    else text += parameterOf(token, places) ?? checked(token);
  }
  if (verb === undefined) throw refused('the statement is empty');
  const body = /^(create|alter)$/.test(verb) ? translateSchema(text) : text;
  return { text: body, names: [...places.keys()] };
}

function verbOf(token: string): string {
  const verb = token.toLowerCase();
  if (verb === '(' || VERBS.has(verb)) return verb;
  if (CONTROL.test(verb)) throw refused(NO_CONTROL);
  throw refused(`syntax error, or a statement that is not taken here, at ${token.slice(0, 40)}`);
}

/** `$n` for a `:name`, undefined for another token. */
function parameterOf(token: string, places: Map<string, number>): string | undefined {
  const sigil = token.charAt(0);
  if (sigil === ':' && token.length > 1 && token !== '::') {
    const name = token.slice(1);
    const place = places.get(name) ?? places.size + 1;
    places.set(name, place);
    return `$${place}`;
  }
  if (
    sigil === '?' ||
    (sigil === '@' && token.length > 1) ||
    (sigil === '$' && !token.endsWith('$'))
  )
    throw refused(`parameter ${token}: only named parameters, :name, are taken`);
  return undefined;
}

/** Sleeping, locking, signalling and settings are functions in PostgreSQL, and not for callers. */
function checked(token: string): string {
  if (/^(pg_|set_config$|dblink|lo_)/i.test(token))
    throw refused(`${token} is a function of the server's own, which is not taken here`);
  return token;
}

const isVoid = (token: string): boolean => /^(\s|--|\/\*)/.test(token);

function refused(message: string): StoreError {
  return new StoreError('SQL', message);
}

const TYPES: Readonly<Record<string, string>> = {
  // Text compares and sorts by its bytes, whatever the database's locale, as SQLite does.
  text: 'text COLLATE "C"',
  integer: 'bigint',
  int: 'bigint',
  blob: 'bytea',
  real: 'double precision',
};
const TABLE_CONSTRAINTS: ReadonlySet<string> = new Set(
  'primary unique check foreign constraint'.split(' '),
);

/**
 * Statements of a schema (`create table`, `alter table … add column`), any number of them.
 * @throws StoreError `SQL` for one that would end the transaction it runs in.
 */
export function translateSchema(sql: string): string {
  const walk = new SchemaWalk();
  let text = '';
  let isFirst = true;
  for (const [token] of sql.matchAll(TOKEN)) {
    if (isVoid(token)) {
      text += token;
      continue;
    }
    if (isFirst && CONTROL.test(token)) throw refused(NO_CONTROL);
    isFirst = token === ';';
    text += walk.step(token);
  }
  return text;
}

/** Where the walk through a schema is: a type is the word after the name of a column. */
class SchemaWalk {
  #words: string[] = [];
  #depth = 0;
  /** Words since the last comma of the column list. */
  #column: string[] = [];

  step(token: string): string {
    if (token === ';') return this.#reset(token);
    const word = token.toLowerCase();
    if (!this.#isTable()) {
      this.#words.push(word);
      return this.#isAdding() ? this.#columnWord(word, token) : token;
    }
    if (token === '(' || token === ')') {
      this.#depth += token === '(' ? 1 : -1;
      if (token === '(' && this.#depth === 1) this.#column = [];
      return token;
    }
    if (this.#depth === 0) return this.#afterList(word, token);
    if (this.#depth > 1) return token;
    if (token === ',') {
      this.#column = [];
      return token;
    }
    return this.#columnWord(word, token);
  }

  #reset(token: string): string {
    this.#words = [];
    this.#column = [];
    this.#depth = 0;
    return token;
  }

  /** Past `create table name`. */
  #isTable(): boolean {
    const [verb, noun, third] = this.#words;
    if (verb !== 'create' || noun !== 'table') return false;
    return this.#words.length >= (third === 'if' ? 6 : 3);
  }

  /** Past `alter table name add [column]`. */
  #isAdding(): boolean {
    const [verb, , , add, column] = this.#words;
    if (verb !== 'alter' || add !== 'add') return false;
    return this.#words.length > (column === 'column' ? 5 : 4);
  }

  /** STRICT and WITHOUT ROWID are how PostgreSQL's tables are anyway. */
  #afterList(word: string, token: string): string {
    return /^(strict|without|rowid|,)$/.test(word) ? '' : token;
  }

  #columnWord(word: string, token: string): string {
    this.#column.push(word);
    const [name = '', type] = this.#column;
    if (TABLE_CONSTRAINTS.has(name)) return token;
    if (this.#column.length === 2) return TYPES[word] ?? token;
    if (word === 'autoincrement') return '';
    // SQLite numbers the rows of such a column by itself.
    if (word === 'key' && type === 'integer' && this.#column.at(-2) === 'primary')
      return `${token} GENERATED BY DEFAULT AS IDENTITY`;
    return token;
  }
}
