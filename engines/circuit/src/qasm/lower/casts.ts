import type { ClassicalType } from '../../circuit.ts';
import type { Expr, Span } from '../syntax.ts';
import type { Context } from './context.ts';
import { castExpression, folded } from './operators.ts';
import { constant, DEFAULT_WIDTH, type Type, type Typed, typeText, widthOf } from './types.ts';

/** The type that a variable has in a circuit. */
export function classicalType(type: Type): ClassicalType | undefined {
  switch (type.kind) {
    case 'bool':
    case 'float':
      return { kind: type.kind };
    case 'int':
    case 'uint':
      return { kind: type.kind, width: type.width ?? DEFAULT_WIDTH };
    case 'angle':
      return type.width === undefined ? { kind: 'float' } : { kind: 'angle', width: type.width };
    default:
      return undefined;
  }
}

const isInteger = (type: Type): boolean => type.kind === 'int' || type.kind === 'uint';

/** Casts that OpenQASM 3.1 allows ("Allowed casts"), but between bits of different sizes. */
function isAllowed(from: Type, to: Type): boolean {
  if (from.kind === 'duration' || to.kind === 'duration') return from.kind === to.kind;
  if (to.kind === 'bool') return true;
  if (from.kind === 'angle') return to.kind === 'angle' || isBits(to) || to.kind === 'float';
  if (from.kind === 'float') return !isBits(to);
  if (from.kind === 'bool') return to.kind !== 'angle';
  if (isBits(from)) return to.kind !== 'float' && !(to.kind === 'angle' && to.width === undefined);
  // Numbers written without a point are angles as well: `angle a = 0;`
  return to.kind !== 'angle' || from.kind === 'int' || from.kind === 'uint';
}

const isBits = (type: Type): boolean => type.kind === 'bit' || type.kind === 'bits';

/**
 * A value as one of another type. Bits keep their number: bit[4] becomes int[4], not int[8].
 * `isExplicit` for a cast that is written; what is assigned is converted by the same rules, but bits
 * take a number as it is.
 */
export function castTo(
  context: Context,
  of: Typed,
  to: Type,
  at: Span,
  isExplicit: boolean,
): Typed {
  const { type: from } = of;
  const isSame = from.kind === to.kind && widthOf(from) === widthOf(to);
  // A cast that is written stays, though it changes nothing.
  if (isSame && (!isExplicit || of.value.kind === 'literal')) return of;
  if (!isAllowed(from, to)) context.wrong(`${typeText(from)} does not become ${typeText(to)}`, at);
  checkBits(context, of, to, at, isExplicit);
  switch (to.kind) {
    case 'bool':
    case 'bit':
      return folded(context, to, of, undefined, at, (x) => ({
        kind: 'call',
        name: 'bool',
        of: [x],
      }));
    case 'float':
      return toFloat(context, of, to, at, isExplicit);
    case 'angle':
      return to.width === undefined
        ? toFloat(context, of, to, at)
        : toAngle(context, of, to.width, at);
    case 'bits':
      // Its bits are those already.
      if (from.kind === 'uint' && from.width === to.size) return { ...of, type: to };
      return folded(context, to, of, undefined, at, (x) => castExpression('uint', x, to.size));
    case 'int':
    case 'uint': {
      const width = to.width ?? DEFAULT_WIDTH;
      return folded(context, { kind: to.kind, width }, of, undefined, at, (x) =>
        castExpression(to.kind as 'int' | 'uint', x, width),
      );
    }
    default:
      return of;
  }
}

function checkBits(context: Context, of: Typed, to: Type, at: Span, isExplicit: boolean): void {
  const from = of.type;
  if (from.kind === 'bits' && isBits(to) && from.size !== widthOf(to))
    context.wrong(`${typeText(from)} does not become ${typeText(to)}: take a slice of it`, at);
  if (to.kind !== 'bits' && to.kind !== 'bit') return;
  const size = widthOf(to) ?? 1;
  if (isInteger(from) && widthOf(from) === undefined && typeof of.known === 'bigint') {
    if (of.known < 0n || of.known >= 1n << BigInt(size))
      context.wrong(`${of.known} does not fit into ${typeText(to)}`, at);
    return;
  }
  const width = widthOf(from);
  if (
    to.kind === 'bits' &&
    width !== undefined &&
    width !== size &&
    (isExplicit || from.kind !== 'bit')
  )
    context.wrong(`${typeText(from)} does not become ${typeText(to)}: their sizes differ`, at);
}

/** Radians of an angle, the number of anything else. */
export function toFloat(context: Context, of: Typed, to: Type, at: Span, isWritten = false): Typed {
  if (of.value.kind === 'literal' && typeof of.known === 'bigint' && of.type.kind !== 'angle')
    return constant(to, Number(of.known));
  const isReal =
    of.type.kind === 'float' || (of.type.kind === 'angle' && of.type.width === undefined);
  if (isReal && (!isWritten || of.value.kind === 'literal')) return { ...of, type: to };
  return folded(context, to, of, undefined, at, (x) => ({ kind: 'call', name: 'float', of: [x] }));
}

function toAngle(context: Context, of: Typed, width: number, at: Span): Typed {
  const type: Type = { kind: 'angle', width };
  // A whole number of radians, where it is no pattern of bits.
  const source =
    isInteger(of.type) && of.known !== undefined ? toFloat(context, of, { kind: 'float' }, at) : of;
  if (isInteger(source.type))
    context.wrong(`${typeText(of.type)} does not become ${typeText(type)}`, at);
  return folded(context, type, source, undefined, at, (x) => castExpression('angle', x, width));
}

/** A whole number that must be known before the circuit runs. */
export function wholeNumber(context: Context, of: Typed, what: string, at: Span): bigint {
  if (of.known === undefined)
    return context.unsupported(`${what} must be known before the circuit runs`, at);
  if (typeof of.known === 'number' && Number.isInteger(of.known)) return BigInt(of.known);
  if (typeof of.known !== 'bigint' || of.type.kind === 'angle')
    return context.wrong(`${what} is a whole number, not ${typeText(of.type)}`, at);
  return of.known;
}

/** A size or width from `least` to a limit. */
export function sizeFrom(
  context: Context,
  of: Typed,
  what: string,
  limit: number,
  at: Span,
  least: 0 | 1,
): number {
  const size = wholeNumber(context, of, what, at);
  if (size < least) return context.wrong(`${what} is at least ${least}, not ${size}`, at);
  if (size > BigInt(limit))
    return context.refuse('LIMIT', `${what} is at most ${limit}, not ${size}`, at);
  return Number(size);
}

/** The value of an expression that is made of constants; a variable may be known, and is none. */
export function constantOf(context: Context, expr: Expr, what: string): Typed {
  const of = context.lower(expr);
  if (of.value.kind !== 'literal' && of.known !== undefined)
    context.wrong(`${what} is a constant: declare what it depends on as const`, expr);
  return of;
}

/** A whole number that an expression must have before the circuit runs. */
export const constantWhole = (context: Context, expr: Expr, what: string): bigint =>
  wholeNumber(context, context.lower(expr), what, expr);

/**
 * A value that is assigned to a variable of another type. The assignment converts it while the
 * circuit runs, so what computes it stays as it is.
 */
export function converted(context: Context, of: Typed, to: Type, at: Span): Typed {
  const cast = castTo(context, of, to, at, false);
  const isComputedNumber =
    to.kind === 'bits' && of.type.kind !== 'bits' && of.value.kind !== 'literal';
  return isComputedNumber ? cast : { type: to, value: of.value, known: cast.known };
}
