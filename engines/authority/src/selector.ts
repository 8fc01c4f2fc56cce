import { AuthorityError } from './errors.ts';
import { isMap, valuesInOrder } from './ipld.ts';

type Segment =
  | { kind: 'field'; name: string; optional: boolean }
  | { kind: 'index'; at: number; optional: boolean }
  | { kind: 'slice'; from: number | undefined; to: number | undefined; optional: boolean }
  | { kind: 'values'; nested: boolean; optional: boolean };

/** A selector that was read: where in the arguments of a call a statement looks. */
export interface Selector {
  readonly text: string;
  readonly segments: readonly Segment[];
}

/** What {@link select} returns where nothing is at the path. */
export const UNRESOLVED: unique symbol = Symbol('unresolved');

const SELECTOR_LENGTH_MAX = 512;
const SEGMENTS_MAX = 32;

const FIELD = /\.([A-Za-z_][A-Za-z0-9_]*)/y;
const QUOTED = /\.?\[("(?:[^"\\]|\\.)*")\]/y;
const VALUES = /\.?\[\]/y;
const INDEX = /\.?\[(-?\d{1,15})\]/y;
const SLICE = /\.?\[(-?\d{1,15})?:(-?\d{1,15})?\]/y;
const OPTIONAL = /\?*/y;

/**
 * Reads a selector: `.`, `.field`, `["any key"]`, `[]`, `[7]`, `[-1]`, `[2:5]`, each of them
 * optional with `?`. It begins with a dot; two dots never follow each other, and none is last.
 *
 * Source: UCAN Delegation, Selectors.
 *
 * @throws AuthorityError MALFORMED
 */
export function parseSelector(text: unknown): Selector {
  if (typeof text !== 'string' || text.length > SELECTOR_LENGTH_MAX || !text.startsWith('.')) {
    const expected = `text that begins with a dot, of at most ${SELECTOR_LENGTH_MAX} characters`;
    throw new AuthorityError('MALFORMED', `a selector must be ${expected}`);
  }
  const segments: Segment[] = [];
  let position = text === '.' ? 1 : 0;
  while (position < text.length) {
    const previous = segments[segments.length - 1];
    const read = readSegment(text, position, previous?.kind === 'values');
    if (read === undefined || segments.length === SEGMENTS_MAX) throw unreadable(text, position);
    OPTIONAL.lastIndex = read.end;
    OPTIONAL.exec(text);
    position = OPTIONAL.lastIndex;
    read.segment.optional = position > read.end;
    segments.push(read.segment);
  }
  return { text, segments };
}

function readSegment(
  text: string,
  position: number,
  nested: boolean,
): { segment: Segment; end: number } | undefined {
  const optional = false;
  let match = matchAt(FIELD, text, position);
  if (match) return { segment: { kind: 'field', name: match[1] ?? '', optional }, end: match.end };
  match = matchAt(QUOTED, text, position);
  if (match) {
    const name = unquote(match[1] ?? '');
    return name === undefined
      ? undefined
      : { segment: { kind: 'field', name, optional }, end: match.end };
  }
  match = matchAt(VALUES, text, position);
  if (match) return { segment: { kind: 'values', nested, optional }, end: match.end };
  match = matchAt(INDEX, text, position);
  if (match) return { segment: { kind: 'index', at: Number(match[1]), optional }, end: match.end };
  match = matchAt(SLICE, text, position);
  if (!match || (match[1] === undefined && match[2] === undefined)) return undefined;
  const from = match[1] === undefined ? undefined : Number(match[1]);
  const to = match[2] === undefined ? undefined : Number(match[2]);
  return { segment: { kind: 'slice', from, to, optional }, end: match.end };
}

function matchAt(
  pattern: RegExp,
  text: string,
  position: number,
): { 1: string | undefined; 2: string | undefined; end: number } | undefined {
  pattern.lastIndex = position;
  const match = pattern.exec(text);
  return match ? { 1: match[1], 2: match[2], end: pattern.lastIndex } : undefined;
}

function unquote(quoted: string): string | undefined {
  try {
    const name: unknown = JSON.parse(quoted);
    return typeof name === 'string' ? name : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Follows a selector into a value, from left to right. A segment that finds nothing ends it with
 * {@link UNRESOLVED}; an optional one gives null instead and goes on (`.[]?` of null: no values).
 * A missing key resolves to nothing, as in the reference implementation and its vectors; the text
 * of the specification has null in one place, which `.key?` asks for.
 */
export function select(selector: Selector, value: unknown): unknown {
  let current = value;
  for (const segment of selector.segments) {
    const found = follow(segment, current);
    if (found !== UNRESOLVED && found !== undefined) current = found;
    else if (segment.optional) current = null;
    else return UNRESOLVED;
  }
  return current;
}

function follow(segment: Segment, current: unknown): unknown {
  switch (segment.kind) {
    case 'field':
      // Own members only: what every object inherits was not sent by anybody.
      if (!isMap(current) || !Object.hasOwn(current, segment.name)) return UNRESOLVED;
      return current[segment.name];
    case 'index':
      if (!Array.isArray(current) && !(current instanceof Uint8Array)) return UNRESOLVED;
      return current.at(segment.at);
    case 'slice':
      return sliceOf(current, segment.from, segment.to);
    case 'values':
      if (segment.nested && Array.isArray(current)) return flatten(current, segment.optional);
      if (current === null && segment.optional) return [];
      return valuesOf(current) ?? UNRESOLVED;
  }
}

/** Lists give their items, byte strings their bytes, texts their characters (code points). */
function sliceOf(current: unknown, from: number | undefined, to: number | undefined): unknown {
  if (typeof current === 'string') return Array.from(current).slice(from, to).join('');
  if (current instanceof Uint8Array) return current.subarray(from, to);
  return Array.isArray(current) ? current.slice(from, to) : UNRESOLVED;
}

function valuesOf(current: unknown): readonly unknown[] | undefined {
  if (Array.isArray(current)) return current;
  return isMap(current) ? valuesInOrder(current) : undefined;
}

/** `[][]`: the values of the values. One that has none ends it, or is left out if optional. */
function flatten(current: readonly unknown[], optional: boolean): unknown {
  const flat: unknown[] = [];
  for (const item of current) {
    const values = valuesOf(item);
    if (values === undefined && !optional) return UNRESOLVED;
    for (const value of values ?? []) flat.push(value);
  }
  return flat;
}

function unreadable(text: string, position: number): AuthorityError {
  const shown = JSON.stringify(text.slice(0, 80));
  return new AuthorityError('MALFORMED', `cannot read selector ${shown} at character ${position}`);
}
