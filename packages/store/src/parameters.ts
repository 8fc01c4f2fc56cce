/** Which parameters a statement names. node:sqlite would bind a forgotten one as NULL, silently. */

import { StoreError } from './errors.ts';

// String, quoted identifiers, comments and plain words are stepped over, so that a colon in them
// is not a parameter. https://www.sqlite.org/lang_expr.html#varparam
const TOKEN =
  /'[^']*'|"[^"]*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|\/\*[^]*?(?:\*\/|$)|[\w\u0080-\uffff][\w$\u0080-\uffff]*|[:@$?][\w\u0080-\uffff]*/g;

/**
 * The names of the `:name` parameters of a statement, without the colon.
 * @throws StoreError `SQL` where it uses `?`, `@name` or `$name`.
 */
export function parameterNames(sql: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [token] of sql.matchAll(TOKEN)) {
    const sigil = token.charAt(0);
    if (sigil === ':' && token.length > 1) names.add(token.slice(1));
    if (sigil === '?' || sigil === '@' || sigil === '$') {
      throw new StoreError('SQL', `parameter ${token}: only named parameters, :name, are taken`);
    }
  }
  return names;
}

/** @throws StoreError `SQL` unless the given names are exactly those that the statement has. */
export function checkNames(
  wanted: ReadonlySet<string>,
  given: Readonly<Record<string, unknown>>,
): void {
  let count = 0;
  for (const name in given) {
    count += 1;
    if (!wanted.has(name))
      throw new StoreError('SQL', `the statement has no parameter :${name}`, { name });
  }
  if (count === wanted.size) return;
  const missing = [...wanted].filter((name) => !Object.hasOwn(given, name));
  throw new StoreError('SQL', `no value for parameter ${missing.map((n) => `:${n}`).join(', ')}`);
}
