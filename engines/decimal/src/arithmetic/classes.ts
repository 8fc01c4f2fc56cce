import type { Context } from './context.ts';
import { Decimal } from './decimal.ts';

/** The ten classes of numbers. */
export type NumberClass =
  | 'sNaN'
  | 'NaN'
  | `${'+' | '-'}${'Infinity' | 'Normal' | 'Subnormal' | 'Zero'}`;

/** Which class a number is of in a context. */
export function numberClass(context: Context, a: Decimal): NumberClass {
  if (a.isNaN) return a.form === 'signaling' ? 'sNaN' : 'NaN';
  const sign = a.negative ? '-' : '+';
  if (a.isInfinite) return `${sign}Infinity`;
  if (a.isZero) return `${sign}Zero`;
  return `${sign}${a.adjusted < context.minExponent ? 'Subnormal' : 'Normal'}`;
}

const truth = (value: boolean): Decimal => new Decimal(false, value ? 1n : 0n, 0);

/** The predicates of the specification: 1 or 0. */
export const isCanonical = (): Decimal => truth(true);
export const isFinite = (_: Context, a: Decimal): Decimal => truth(a.isFinite);
export const isInfinite = (_: Context, a: Decimal): Decimal => truth(a.isInfinite);
export const isNaN = (_: Context, a: Decimal): Decimal => truth(a.isNaN);
export const isQuietNaN = (_: Context, a: Decimal): Decimal => truth(a.form === 'quiet');
export const isSignalingNaN = (_: Context, a: Decimal): Decimal => truth(a.form === 'signaling');
export const isSigned = (_: Context, a: Decimal): Decimal => truth(a.negative);
export const isZero = (_: Context, a: Decimal): Decimal => truth(a.isZero);
export const isNormal = (context: Context, a: Decimal): Decimal =>
  truth(numberClass(context, a).endsWith('Normal'));
export const isSubnormal = (context: Context, a: Decimal): Decimal =>
  truth(numberClass(context, a).endsWith('Subnormal'));

/** The operations on the sign alone: they never round and note nothing, not even of a NaN. */
export const copy = (_: Context, a: Decimal): Decimal => a;
export const copyAbs = (_: Context, a: Decimal): Decimal => a.withSign(false);
export const copyNegate = (_: Context, a: Decimal): Decimal => a.withSign(!a.negative);
export const copySign = (_: Context, a: Decimal, b: Decimal): Decimal => a.withSign(b.negative);
