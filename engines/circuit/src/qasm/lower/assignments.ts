import type { BinaryOperator } from '../../expression.ts';
import type { IndexedName, IndexOperator, Span, Statement } from '../syntax.ts';
import { arrayCell } from './arrays.ts';
import { castTo, converted } from './casts.ts';
import { choice } from './choice.ts';
import type { Context } from './context.ts';
import { measureTo } from './measure.ts';
import { binary } from './operators.ts';
import { bitsOf } from './operands.ts';
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
  const of = context.assigned(value);
  if (op === '=') return assign(context, target, of, value);
  const before = targetValue(context, target);
  const operator = op.slice(0, -1) as BinaryOperator;
  return assign(context, target, binary(context, operator, before, of, statement), value);
}

/** The value of what is assigned to, before. */
function targetValue(context: Context, target: IndexedName): Typed {
  const name = { kind: 'name', at: target.at, end: target.end, name: target.name } as const;
  return context.lower(
    target.indices.reduce<Parameters<Context['lower']>[0]>(
      (of, index) => ({ kind: 'index', at: target.at, end: index.end, of, index }),
      name,
    ),
  );
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
    const [index, ...rest] = target.indices;
    if (index === undefined)
      return context.unsupported('Arrays are assigned element by element', target);
    return assignCell(context, arrayCell(context, target.name, symbol, index), rest, of, at);
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
