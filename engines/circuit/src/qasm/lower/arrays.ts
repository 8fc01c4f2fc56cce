import type { ArrayLiteral, Expr, IndexedName, IndexOperator, Initial, Span } from '../syntax.ts';
import { converted } from './casts.ts';
import { choice } from './choice.ts';
import type { Context } from './context.ts';
import type { Cell, Symbol } from './scope.ts';
import { constant, type Type, type Typed, typeText } from './types.ts';

/** An array or a part of one: its elements are those of the array itself. */
export type ArraySymbol = Symbol & { kind: 'array' };

/** To choose so many elements takes about the time of an instruction. */
const CELLS_PER_INSTRUCTION = 16;

/**
 * What an index chooses: a number takes a dimension away, a range keeps some of one. Every index
 * must be known before the circuit runs. A part without dimensions is an element.
 */
function arrayPart(
  context: Context,
  array: ArraySymbol,
  index: IndexOperator,
  name = 'the array',
): ArraySymbol {
  if (index.set !== undefined)
    context.wrong('An array is indexed by numbers and ranges, not by a set', index);
  const { length } = index.list;
  if (length > array.sizes.length)
    context.wrong(
      `'${name}' has ${array.sizes.length} dimensions, and at most one index is needed for each`,
      index,
    );
  let offsets = [0];
  const sizes: number[] = [];
  for (const [dimension, size] of array.sizes.entries()) {
    const item = index.list[dimension];
    const chosen =
      item === undefined
        ? { kind: 'some' as const, at: Array.from({ length: size }, (_, k) => k) }
        : choice(context, { ...index, list: [item] }, size, `'${name}'`);
    const places = chosen.kind === 'one' ? [chosen.at] : chosen.at;
    if (chosen.kind === 'some') sizes.push(places.length);
    context.make((offsets.length * places.length) / CELLS_PER_INSTRUCTION, index);
    offsets = offsets.flatMap((offset) => places.map((place) => offset * size + place));
  }
  return { ...array, sizes, cells: offsets.map((offset) => array.cells[offset]!) };
}

/** The array that an expression names, or the part of one; none where it is something else. */
export function arrayOf(context: Context, expr: Expr): ArraySymbol | undefined {
  if (expr.kind === 'parenthesis') return arrayOf(context, expr.of);
  if (expr.kind === 'name') {
    const symbol = context.scope.find(expr.name);
    return symbol?.kind === 'array' ? symbol : undefined;
  }
  if (expr.kind !== 'index' || !isOfArray(context, expr)) return undefined;
  const { of, index } = joined(expr);
  return arrayPart(context, arrayOf(context, of)!, index, rootName(of));
}

/** `a[1][2]` is `a[1, 2]`: no row is made for one element of it. */
function joined(expr: Expr & { kind: 'index' }): Expr & { kind: 'index' } {
  const { of } = expr;
  if (of.kind !== 'index' || of.index.list.some((item) => item.kind === 'range')) return expr;
  const inner = joined(of);
  if (inner.index.set !== undefined || expr.index.set !== undefined) return expr;
  if (inner.index.list.some((item) => item.kind === 'range')) return expr;
  return {
    ...inner,
    index: { ...expr.index, list: [...inner.index.list, ...expr.index.list] },
  };
}

/** Whether an index is into an array, rather than into the bits of something. */
export const isOfArray = (context: Context, expr: Expr & { kind: 'index' }): boolean =>
  dimensionsOf(context, expr.of) > 0;

/** Dimensions of what an expression names; 0 where it is no array, or an element of one. */
export function dimensionsOf(context: Context, expr: Expr): number {
  if (expr.kind === 'parenthesis') return dimensionsOf(context, expr.of);
  if (expr.kind === 'name') {
    const symbol = context.scope.find(expr.name);
    return symbol?.kind === 'array' ? symbol.sizes.length : 0;
  }
  if (expr.kind !== 'index') return 0;
  const numbers = expr.index.list.filter((item) => item.kind !== 'range').length;
  return Math.max(0, dimensionsOf(context, expr.of) - numbers);
}

function rootName(expr: Expr): string {
  if (expr.kind === 'name') return expr.name;
  return expr.kind === 'index' || expr.kind === 'parenthesis' ? rootName(expr.of) : 'the array';
}

/** The value of an element. */
export const cellValue = (cell: Cell): Typed => ({
  type: cell.type,
  value: { kind: 'variable', variable: cell.variable },
  known: cell.known,
});

/** `a[1, 2]` where a value is expected. */
export function elementValue(context: Context, expr: Expr & { kind: 'index' }): Typed {
  const { sizes, cells } = arrayOf(context, expr)!;
  if (sizes.length > 0) context.wrong('An array is no value here: take one of its elements', expr);
  return cellValue(cells[0]!);
}

/** What is assigned to: the array, or what the first indices of the target choose of it, and those left over. */
export function targetOf(
  context: Context,
  array: ArraySymbol,
  target: IndexedName,
): { readonly part: ArraySymbol; readonly rest: readonly IndexOperator[] } {
  let part = array;
  let taken = 0;
  for (const index of target.indices) {
    if (part.sizes.length === 0) break;
    part = arrayPart(context, part, index, target.name);
    taken += 1;
  }
  return { part, rest: target.indices.slice(taken) };
}

/** The values for the elements of an array, in their order: of a list of lists, or of other arrays. */
export function valuesFor(
  context: Context,
  { sizes, type }: Pick<ArraySymbol, 'sizes' | 'type'>,
  value: Initial,
): readonly { readonly of: Typed; readonly at: Span }[] {
  const values: { of: Typed; at: Span }[] = [];
  const copy = (item: Expr, depth: number): void => {
    const wanted = sizes.slice(depth);
    const array = arrayOf(context, item);
    if (array === undefined)
      return context.wrong(`An array of the sizes [${wanted.join(', ')}] was expected`, item);
    checkSame(context, { sizes: wanted, type }, array, item);
    for (const cell of array.cells) values.push({ of: cellValue(cell), at: item });
  };
  const read = (item: ArrayLiteral | Expr, depth: number): void => {
    if (item.kind !== 'arrayLiteral') {
      if (depth < sizes.length) return copy(item, depth);
      values.push({ of: converted(context, context.lower(item), type, item), at: item });
      return undefined;
    }
    if (depth === sizes.length)
      return context.wrong('A list is nested too deep for its array', item);
    if (item.items.length !== sizes[depth])
      context.wrong(`A list of ${sizes[depth]} was expected, not of ${item.items.length}`, item);
    for (const one of item.items) read(one, depth + 1);
    return undefined;
  };
  if (value.kind === 'measure' || value.kind === 'quantumCall')
    return context.wrong('The value of an array is a list or an array', value);
  read(value, 0);
  return values;
}

/** Arrays are copied to those of the same sizes and type only. */
function checkSame(
  context: Context,
  to: Pick<ArraySymbol, 'sizes' | 'type'>,
  from: Pick<ArraySymbol, 'sizes' | 'type'>,
  at: Span,
): void {
  const shape = ({ sizes, type }: Pick<ArraySymbol, 'sizes' | 'type'>): string =>
    `array[${[typeText(type), ...sizes].join(', ')}]`;
  if (shape(to) !== shape(from)) context.wrong(`${shape(from)} does not become ${shape(to)}`, at);
}

const SIZE: Type = { kind: 'uint', width: undefined };

/** `sizeof(array)`, `sizeof(array, dimension)` */
export function sizeOf(context: Context, expr: Expr & { kind: 'call' }, dimension: bigint): Typed {
  const [of] = expr.args;
  const array = of === undefined ? undefined : arrayOf(context, of);
  if (array === undefined || array.sizes.length === 0)
    return context.wrong("'sizeof' takes an array", of ?? expr);
  const size = array.sizes[Number(dimension)];
  if (dimension < 0n || size === undefined)
    return context.wrong(
      `The array has the dimensions 0 to ${array.sizes.length - 1}, not ${dimension}`,
      expr.args[1] ?? expr,
    );
  return constant(SIZE, BigInt(size));
}
