import { order } from './comparison.ts';
import { CONDITIONS } from './conditions.ts';
import type { Context } from './context.ts';
import { Decimal } from './decimal.ts';
import { finishNumber, largest } from './finish.ts';
import { nanOf } from './nans.ts';
import { add } from './sums.ts';

/** The smallest number of the context above a. Nothing is noted but a signalling NaN. */
export const nextPlus = (context: Context, a: Decimal): Decimal =>
  nanOf(context, a) ?? next(context, a, false);

/** The largest number of the context below a. */
export const nextMinus = (context: Context, a: Decimal): Decimal =>
  nanOf(context, a) ?? next(context, a, true);

/** The number of the context next to a on the way to b; a itself, with the sign of b, where they are equal. */
export function nextToward(context: Context, a: Decimal, b: Decimal): Decimal {
  const nan = nanOf(context, a, b);
  if (nan !== undefined) return nan;
  const way = order(a, b);
  if (way === 0) return a.withSign(b.negative);
  const found = next(context, a, way > 0);
  if (found.isInfinite) {
    context.raise(CONDITIONS.overflow | CONDITIONS.inexact | CONDITIONS.rounded);
  } else if (found.isZero || found.adjusted < context.minExponent) {
    const { underflow, subnormal, inexact, rounded, clamped } = CONDITIONS;
    context.raise(underflow | subnormal | inexact | rounded | (found.isZero ? clamped : 0));
  }
  return found;
}

function next(context: Context, a: Decimal, down: boolean): Decimal {
  if (a.isInfinite) return a.negative === down ? a : largest(context, a.negative);
  const aside = context.with({ rounding: down ? 'floor' : 'ceiling', traps: [] });
  // Between two numbers of the context the next one is where a is rounded to.
  const rounded = finishNumber(aside, a);
  if (order(rounded, a) !== 0) return rounded;
  const tiny = new Decimal(down, 1n, context.etiny - 1);
  return add(aside, rounded, tiny);
}
