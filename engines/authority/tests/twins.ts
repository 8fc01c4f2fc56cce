import { isDeepStrictEqual } from 'node:util';
import type { Statement } from '../src/index.ts';

/** What the fast paths must agree with: as plain as it can be said, however slow. */

/** A selector as a list of steps, from which its text is printed and its meaning follows. */
export type Step = { optional: boolean } & (
  | { field: string; quoted: boolean }
  | { index: number }
  | { slice: [number | undefined, number | undefined] }
  | { values: true }
);

export function printSelector(steps: readonly Step[]): string {
  const parts = steps.map((step) => {
    const mark = step.optional ? '?' : '';
    if ('field' in step) {
      return (step.quoted ? `[${JSON.stringify(step.field)}]` : `.${step.field}`) + mark;
    }
    if ('index' in step) return `[${step.index}]${mark}`;
    if ('slice' in step) return `[${step.slice[0] ?? ''}:${step.slice[1] ?? ''}]${mark}`;
    return `[]${mark}`;
  });
  const text = parts.join('');
  return text.startsWith('.') ? text : `.${text}`;
}

/** Nothing is at the path. */
export const NOTHING = Symbol('nothing');

export function selectSlowly(steps: readonly Step[], value: unknown): unknown {
  let current: unknown = value;
  let afterValues = false;
  for (const step of steps) {
    let next = oneStep(step, current, afterValues);
    if (next === NOTHING && step.optional) next = null;
    if (next === NOTHING) return NOTHING;
    current = next;
    afterValues = 'values' in step;
  }
  return current;
}

function oneStep(step: Step, current: unknown, afterValues: boolean): unknown {
  if ('field' in step) {
    const entries = isObject(current) ? new Map(Object.entries(current)) : new Map();
    return entries.has(step.field) ? entries.get(step.field) : NOTHING;
  }
  if ('index' in step) {
    if (!Array.isArray(current)) return NOTHING;
    const at = step.index < 0 ? current.length + step.index : step.index;
    return at >= 0 && at < current.length ? current[at] : NOTHING;
  }
  if ('slice' in step) {
    if (Array.isArray(current)) return current.slice(step.slice[0], step.slice[1]);
    if (typeof current !== 'string') return NOTHING;
    return [...current].slice(step.slice[0], step.slice[1]).join('');
  }
  if (afterValues && Array.isArray(current)) {
    const children = current.map(children0).filter((c) => c !== undefined || !step.optional);
    return children.includes(undefined) ? NOTHING : children.flat(1);
  }
  if (current === null && step.optional) return [];
  return children0(current) ?? NOTHING;
}

function children0(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  if (!isObject(value)) return undefined;
  const byKey = (a: string, b: string) => a.length - b.length || (a < b ? -1 : 1);
  return Object.keys(value)
    .toSorted(byKey)
    .map((key) => value[key]);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Dynamic programming over both texts; `*` is any, `\*` a star. */
export function globSlowly(pattern: string, text: string): boolean {
  const symbols: (string | undefined)[] = [];
  for (let i = 0; i < pattern.length; i += 1) {
    if (pattern.slice(i, i + 2) === '\\*') {
      symbols.push('*');
      i += 1;
    } else symbols.push(pattern[i] === '*' ? undefined : pattern[i]);
  }
  let reached = new Set([0]);
  for (const symbol of symbols) {
    const next = new Set<number>();
    for (const at of reached) {
      if (symbol === undefined) for (let j = at; j <= text.length; j += 1) next.add(j);
      else if (text[at] === symbol) next.add(at + 1);
    }
    reached = next;
  }
  return reached.has(text.length);
}

/** Steps of every selector text that a generated policy uses. */
export type Selectors = ReadonlyMap<string, readonly Step[]>;

/** true, false, or undefined: cannot be judged. */
export function judgeSlowly(s: Statement, value: unknown, all: Selectors): boolean | undefined {
  const judge = (part: Statement, of: unknown) => judgeSlowly(part, of, all);
  const at = (selector: string) => selectSlowly(all.get(selector) ?? [], value);
  switch (s[0]) {
    case 'and':
      return conjunction(s[1].map((part) => judge(part, value)));
    case 'or':
      return s[1].length === 0 || disjunction(s[1].map((part) => judge(part, value)));
    case 'not':
      return negation(judge(s[1], value));
    case 'all':
    case 'any': {
      const [op, selector, part] = s;
      const found = at(selector);
      if (!Array.isArray(found) && !isObject(found)) return undefined;
      const judged = Object.values(found).map((item) => judge(part, item));
      return op === 'all' ? conjunction(judged) : disjunction(judged);
    }
    case '==':
    case '!=': {
      const found = at(s[1]);
      return found === NOTHING ? undefined : isDeepStrictEqual(s[2], found) === (s[0] === '==');
    }
    case 'like': {
      const found = at(s[1]);
      return typeof found === 'string' ? globSlowly(s[2], found) : undefined;
    }
    default: {
      const [op, selector, literal] = s;
      const found = at(selector);
      if (typeof found !== 'number') return undefined;
      if (found === literal) return op === '<=' || op === '>=';
      return found < literal === (op === '<' || op === '<=');
    }
  }
}

function conjunction(judged: readonly (boolean | undefined)[]): boolean | undefined {
  if (judged.includes(false)) return false;
  return judged.includes(undefined) ? undefined : true;
}

function disjunction(judged: readonly (boolean | undefined)[]): boolean | undefined {
  if (judged.includes(true)) return true;
  return judged.includes(undefined) ? undefined : false;
}

function negation(judged: boolean | undefined): boolean | undefined {
  return judged === undefined ? undefined : !judged;
}
