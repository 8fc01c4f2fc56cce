import { CircuitError } from '../../error.ts';
import { evaluate } from '../../evaluate.ts';
import type { BinaryOperator, Expression, UnaryOperator, Value } from '../../expression.ts';
import { placeOf } from '../source.ts';
import type { Span } from '../syntax.ts';
import type { Context } from './context.ts';
import {
  BOOL,
  constant,
  FLOAT,
  literal,
  NUMERAL,
  type Type,
  type Typed,
  typeText,
} from './types.ts';

const COMPARISONS: readonly BinaryOperator[] = ['==', '!=', '<', '<=', '>', '>='];
const BITWISE: readonly BinaryOperator[] = ['&', '|', '^'];

/** A bit or bool counts as 0 or 1. */
const isOneBit = (type: Type): boolean => type.kind === 'bit' || type.kind === 'bool';
const isNumber = (type: Type): boolean =>
  type.kind === 'int' || type.kind === 'uint' || type.kind === 'float' || isOneBit(type);
const isInteger = (type: Type): type is Type & { kind: 'int' | 'uint' } =>
  type.kind === 'int' || type.kind === 'uint';
/** A value that is a float while the circuit runs. */
const isReal = (type: Type): boolean =>
  type.kind === 'float' || (type.kind === 'angle' && type.width === undefined);

/** An operation on two values, computed at once where both are known. */
export function binary(
  context: Context,
  op: BinaryOperator,
  left: Typed,
  right: Typed,
  at: Span,
): Typed {
  if (left.type.kind === 'duration' || right.type.kind === 'duration')
    context.unsupported('Arithmetic of durations is not supported', at);
  const a = numberOf(left);
  const b = numberOf(right);
  if (a !== undefined && b !== undefined && isReal(left.type) && isReal(right.type)) {
    const type = left.type.kind === 'angle' ? left.type : right.type;
    if (op === '*') return constant(type, finite(context, a * b, at));
    if (op === '/') return constant(type, finite(context, a / b, at));
    if (op === '+') return constant(type, finite(context, a + b, at));
    if (op === '-') return constant(type, finite(context, a - b, at));
  }
  const type = resultOf(op, left.type, right.type);
  if (type === undefined)
    return context.wrong(`'${op}' takes no ${typeText(left.type)} and ${typeText(right.type)}`, at);
  if (isQuotientOfNumerals(op, left, right))
    return constant(FLOAT, Number(left.known) / Number(right.known));
  return folded(context, type, left, right, at, (x, y) => ({
    kind: 'binary',
    op,
    left: x,
    right: y!,
  }));
}

/** A value, if it is no number that means nothing to a circuit. */
export function finite<V extends Value>(context: Context, value: V, at: Span): V {
  if (typeof value === 'number' && !Number.isFinite(value))
    context.wrong(`A number is finite, not ${value}`, at);
  return value;
}

/** The number that a literal is. */
const numberOf = ({ value }: Typed): number | undefined =>
  value.kind === 'literal' && typeof value.value === 'number' ? value.value : undefined;

/** `3/5`, written with two numbers, is 0.6; with variables or constants of `int` it is 0. */
function isQuotientOfNumerals(op: BinaryOperator, left: Typed, right: Typed): boolean {
  if (op !== '/' || left.value.kind !== 'literal' || right.value.kind !== 'literal') return false;
  if (typeof left.known !== 'bigint' || typeof right.known !== 'bigint') return false;
  const areNumerals = [left, right].every(
    (one) => isInteger(one.type) && one.type.width === undefined,
  );
  return areNumerals && right.known !== 0n && left.known % right.known !== 0n;
}

function resultOf(op: BinaryOperator, left: Type, right: Type): Type | undefined {
  if (op === '&&' || op === '||') return BOOL;
  if (COMPARISONS.includes(op)) return BOOL;
  if (op === '<<' || op === '>>') {
    const isShift = isInteger(right);
    return isShift && (left.kind === 'bits' || hasBits(left)) ? left : undefined;
  }
  if (BITWISE.includes(op)) return bitwiseResult(left, right);
  return arithmeticResult(op, left, right);
}

const hasBits = (type: Type): boolean =>
  isInteger(type) || (type.kind === 'angle' && type.width !== undefined);

function bitwiseResult(left: Type, right: Type): Type | undefined {
  if (isOneBit(left) && isOneBit(right))
    return left.kind === 'bit' || right.kind === 'bit' ? { kind: 'bit' } : BOOL;
  if (left.kind === 'bits' && right.kind === 'bits')
    return left.size === right.size ? left : undefined;
  if (left.kind === 'bits') return isInteger(right) ? left : undefined;
  if (right.kind === 'bits') return isInteger(left) ? right : undefined;
  return hasBits(left) && hasBits(right) ? widest(left, right) : undefined;
}

function arithmeticResult(op: BinaryOperator, left: Type, right: Type): Type | undefined {
  if (left.kind === 'angle' || right.kind === 'angle') {
    const other = left.kind === 'angle' ? right : left;
    if (left.kind === 'angle' && right.kind === 'angle') {
      if (left.width === undefined || right.width === undefined)
        return { kind: 'angle', width: undefined };
      if (op === '/') return { kind: 'uint', width: Math.max(left.width, right.width) };
      return op === '+' || op === '-' ? widest(left, right) : undefined;
    }
    if (!isNumber(other)) return undefined;
    const angle = left.kind === 'angle' ? left : right;
    if (op === '/' && right.kind === 'angle' && right.width !== undefined && left.kind !== 'float')
      return undefined;
    if (isReal(angle) || isInteger(other)) return angle;
    return op === '+' || op === '-' ? angle : FLOAT;
  }
  if (!isNumber(left) || !isNumber(right)) return undefined;
  if (left.kind === 'float' || right.kind === 'float') return FLOAT;
  return widest(left, right);
}

/** The type that two integers are computed in: numerals adapt, unsigned wins, the wider width counts. */
function widest(left: Type, right: Type): Type {
  const [a, b] = [left, right].map((type) => (isOneBit(type) ? NUMERAL : type)) as [Type, Type];
  if (!('width' in a) || !('width' in b)) return NUMERAL;
  if (a.width === undefined) return b;
  if (b.width === undefined) return a;
  const width = Math.max(a.width, b.width);
  if (a.kind === 'angle' || b.kind === 'angle') return { kind: 'angle', width };
  return { kind: a.kind === 'uint' || b.kind === 'uint' ? 'uint' : 'int', width };
}

export function unary(context: Context, op: UnaryOperator, of: Typed, at: Span): Typed {
  if (op === '-' && of.type.kind === 'duration')
    context.unsupported('Arithmetic of durations is not supported', at);
  const number = numberOf(of);
  if (op === '-' && number !== undefined && isReal(of.type)) return constant(of.type, -number);
  const isRight =
    op === '!'
      ? of.type.kind !== 'duration'
      : op === '-'
        ? isNumber(of.type) || of.type.kind === 'angle'
        : of.type.kind === 'bit' ||
          of.type.kind === 'bits' ||
          hasBits(of.type) ||
          of.type.kind === 'bool';
  if (!isRight) context.wrong(`'${op}' takes no ${typeText(of.type)}`, at);
  const type = op === '!' ? BOOL : op === '-' && isOneBit(of.type) ? NUMERAL : of.type;
  return folded(context, type, of, undefined, at, (x) => ({ kind: 'unary', op, of: x }));
}

/** An expression of one or two operands, with its value if theirs are known. */
export function folded(
  context: Context,
  type: Type,
  first: Typed,
  second: Typed | undefined,
  at: Span,
  make: (first: Expression, second: Expression | undefined) => Expression,
): Typed {
  const isKnown = first.known !== undefined && (second === undefined || second.known !== undefined);
  const compute = (): Value => evaluate(make(withType(first), second && withType(second)));
  // What computes with a variable still does, though its value is known here.
  const isLiteral =
    first.value.kind === 'literal' && (second === undefined || second.value.kind === 'literal');
  if (isLiteral && isKnown)
    return constant(type, finite(context, placed(context, at, compute), at));
  const known = isKnown ? valueIfAny(compute) : undefined;
  return { type, value: make(first.value, second?.value), known };
}

/** A value that is computed ahead; what has none is refused when the circuit comes to it, if it does. */
function valueIfAny(compute: () => Value): Value | undefined {
  try {
    return compute();
  } catch (error) {
    if (error instanceof CircuitError) return undefined;
    throw error;
  }
}

/** A constant that computes like a variable of its type. */
export function withType({ type, known }: Typed): Expression {
  const value = literal(known!);
  if (type.kind === 'bits') return castExpression('uint', value, type.size);
  if ('width' in type && type.width !== undefined && typeof known === 'bigint') {
    if (type.kind === 'angle') return castExpression('angle', value, type.width);
    return castExpression(type.kind, value, type.width);
  }
  return value;
}

export const castExpression = (
  name: 'int' | 'uint' | 'angle',
  of: Expression,
  width: number,
): Expression => ({ kind: 'call', name, of: [of, literal(BigInt(width))] });

/** Puts a place to an error that has none. */
export function placed<T>(context: Context, at: Span, compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    if (!(error instanceof CircuitError) || error.place !== undefined) throw error;
    throw new CircuitError(
      error.code,
      error.message.replace(/\.$/, ''),
      placeOf(context.source, at.at),
    );
  }
}
