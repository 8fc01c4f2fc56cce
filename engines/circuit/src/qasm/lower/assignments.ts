import type { BinaryOperator } from '../../expression.ts';
import type { Assigned, IndexedName, IndexOperator, Span, Statement } from '../syntax.ts';
import { arrayOf, dimensionsOf, targetOf, valuesFor } from './arrays.ts';
import { castTo, converted } from './casts.ts';
import { choice } from './choice.ts';
import type { Context } from './context.ts';
import { measureTo } from './measure.ts';
import { binary } from './operators.ts';
import { asExpression, bitsOf } from './operands.ts';
import type { Cell } from './scope.ts';
import { constant, NUMERAL, type Type, type Typed, typeText, widthOf } from './types.ts';
import { store } from './variables.ts';

/** `a = b;`, `a[0] += 1;` */
export function assignment(context: Context, statement: Statement & { kind: 'assign' }): void {
  const { target, op, value } = statement;
  if (value.kind === 'measure') {
    if (op !== '=') context.wrong('A measurement is assigned with =', statement);
    return measureTo(context, value, target, statement);
  }
  if (op === '=' && isArray(context, target)) return assignArray(context, target, value);
  const of = context.assigned(value);
  if (op === '=') return assign(context, target, of, value);
  const before = targetValue(context, target);
  const operator = op.slice(0, -1) as BinaryOperator;
  return assign(context, target, binary(context, operator, before, of, statement), value);
}

/** The value of what is assigned to, before. */
const targetValue = (context: Context, target: IndexedName): Typed =>
  context.lower(asExpression(target));

const isArray = (context: Context, target: IndexedName): boolean =>
  dimensionsOf(context, asExpression(target)) > 0;

/** Each element of the target gets the value of its place; both have the same sizes and type. */
function assignArray(
  context: Context,
  target: IndexedName,
  value: Exclude<Assigned, { kind: 'measure' }>,
): void {
  const part = arrayOf(context, asExpression(target))!;
  if (part.isReadonly) context.wrong(`'${target.name}' is readonly`, target);
  for (const [index, { of, at }] of valuesFor(context, part, value).entries())
    store(context, part.cells[index]!, of, at);
}

export function assign(context: Context, target: IndexedName, of: Typed, at: Span): void {
  const symbol = context.scope.find(target.name);
  if (symbol === undefined) return context.wrong(`'${target.name}' is not declared`, target);
  if (symbol.kind === 'bits') {
    const wiring = bitsOf(context, target);
    const type: Type = wiring.isRegister
      ? { kind: 'bits', size: wiring.wires.size }
      : { kind: 'bit' };
    return store(context, { kind: 'bits', ...wiring }, converted(context, of, type, at), at);
  }
  if (symbol.kind === 'variable') return assignCell(context, symbol, target.indices, of, at);
  if (symbol.kind === 'array') {
    if (symbol.isReadonly) context.wrong(`'${target.name}' is readonly`, target);
    const { part, rest } = targetOf(context, symbol, target);
    if (part.sizes.length > 0) return context.wrong('An array takes an array', target);
    return assignCell(context, part.cells[0]!, rest, of, at);
  }
  if (symbol.kind === 'value') return context.wrong(`'${target.name}' is a constant`, target);
  return context.wrong(`'${target.name}' is nothing to assign to`, target);
}

/** A variable, or some of its bits. */
function assignCell(
  context: Context,
  cell: Cell,
  indices: readonly IndexOperator[],
  of: Typed,
  at: Span,
): void {
  const [index, second] = indices;
  if (index === undefined) return store(context, cell, converted(context, of, cell.type, at), at);
  const width = cell.type.kind === 'bool' ? undefined : widthOf(cell.type);
  if (width === undefined || second !== undefined)
    return context.wrong(`${typeText(cell.type)} has no bits to assign to`, index);
  const chosen = choice(context, index, width, typeText(cell.type));
  const places = chosen.kind === 'one' ? [chosen.at] : chosen.at;
  const [low = 0] = places;
  if (places.some((place, k) => place !== low + k))
    return context.unsupported(
      'An assignment to bits that are not neighbours is not supported',
      index,
    );
  const type: Type = { kind: 'uint', width };
  const bits = castTo(
    context,
    of,
    chosen.kind === 'one' ? { kind: 'bit' } : { kind: 'bits', size: places.length },
    at,
    false,
  );
  const wide: Typed = castTo(
    context,
    { ...bits, type: { kind: 'uint', width: places.length } },
    type,
    at,
    true,
  );
  const shifted = binary(context, '<<', wide, constant(NUMERAL, BigInt(low)), at);
  const mask = ((1n << BigInt(width)) - 1n) ^ (((1n << BigInt(places.length)) - 1n) << BigInt(low));
  const current: Typed = castTo(
    context,
    {
      type: { kind: 'int', width },
      value: { kind: 'variable', variable: cell.variable },
      known: cell.known,
    },
    type,
    at,
    true,
  );
  const kept = binary(context, '&', current, constant(NUMERAL, mask), at);
  const joined = binary(context, '|', kept, shifted, at);
  const result = cell.type.kind === 'angle' ? joined : castTo(context, joined, cell.type, at, true);
  return store(context, cell, result, at);
}
