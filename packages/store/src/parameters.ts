/** Which parameters a statement names. node:sqlite would bind a forgotten one as NULL, silently. */

import { StoreError } from './errors.ts';
import { CACHED_SQL_CHARS_MAX, STATEMENT_CACHE_MAX } from './limits.ts';

// String, quoted identifiers, comments and plain words are stepped over, so that a colon in them
// is not a parameter. https://www.sqlite.org/lang_expr.html#varparam
const TOKEN =
  /'[^']*'|"[^"]*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|\/\*[^]*?(?:\*\/|$)|[\w\u0080-\uffff][\w$\u0080-\uffff]*|[:@$?][\w\u0080-\uffff]*/g;

/** A statement with `?1`, `?2` and so on in the place of its parameters: bound in half the time. */
export interface Numbered {
  readonly text: string;
  /** The names of `?1`, `?2` and so on, without the colon. */
  readonly names: readonly string[];
}

const kept = new Map<string, Numbered>();

/**
 * Numbers the `:name` parameters of a statement, each by where it stands first; kept by its text.
 * @throws StoreError `SQL` where it uses `?`, `@name` or `$name`.
 */
export function numbered(sql: string): Numbered {
  const found = kept.get(sql);
  if (found !== undefined) return found;
  const made = numberAnew(sql);
  if (sql.length <= CACHED_SQL_CHARS_MAX) {
    if (kept.size >= 4 * STATEMENT_CACHE_MAX) kept.clear();
    kept.set(sql, made);
  }
  return made;
}

function numberAnew(sql: string): Numbered {
  const places = new Map<string, number>();
  const text = sql.replace(TOKEN, (token) => {
    const sigil = token.charAt(0);
    if (sigil === '?' || sigil === '@' || sigil === '$') {
      throw new StoreError('SQL', `parameter ${token}: only named parameters, :name, are taken`);
    }
    if (sigil !== ':' || token.length === 1) return token;
    const name = token.slice(1);
    const place = places.get(name) ?? places.size + 1;
    places.set(name, place);
    return `?${place}`;
  });
  return { text, names: [...places.keys()] };
}

/** @throws StoreError `SQL` unless the given names are exactly those that the statement has. */
export function checkNames(
  wanted: readonly string[],
  given: Readonly<Record<string, unknown>>,
): void {
  const missing = wanted.filter((name) => !Object.hasOwn(given, name));
  let count = 0;
  for (const _ in given) count += 1;
  if (missing.length === 0 && count === wanted.length) return;
  const known = new Set(wanted);
  const name = Object.keys(given).find((each) => !known.has(each));
  if (name !== undefined)
    throw new StoreError('SQL', `the statement has no parameter :${name}`, { name });
  throw new StoreError('SQL', `no value for parameter ${missing.map((n) => `:${n}`).join(', ')}`);
}
