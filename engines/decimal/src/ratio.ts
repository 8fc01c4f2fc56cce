import { roundsAway, type Rounding } from './arithmetic/rounding.ts';
import { refuse } from './error.ts';

/** An exact fraction; the denominator is above zero. */
export interface Ratio {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/**
 * The fraction in lowest terms.
 * @throws DecimalError for a denominator that is not above zero
 */
export function ratio(numerator: bigint, denominator: bigint): Ratio {
  if (denominator <= 0n) refuse('a fraction has a denominator above zero');
  let [a, b] = [numerator < 0n ? -numerator : numerator, denominator];
  while (b !== 0n) [a, b] = [b, a % b];
  return { numerator: numerator / a, denominator: denominator / a };
}

/** The exact sum of two fractions. */
export const addRatios = (a: Ratio, b: Ratio): Ratio =>
  ratio(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator);

/** The integer that a fraction is rounded to. */
export function roundRatio({ numerator, denominator }: Ratio, rounding: Rounding): bigint {
  const negative = numerator < 0n;
  const magnitude = negative ? -numerator : numerator;
  const kept = magnitude / denominator;
  const rest = magnitude - kept * denominator;
  const twice = 2n * rest;
  const half = twice < denominator ? -1 : twice > denominator ? 1 : 0;
  const away = roundsAway(rounding, negative, kept, half, rest === 0n);
  const rounded = away ? kept + 1n : kept;
  return negative ? -rounded : rounded;
}
