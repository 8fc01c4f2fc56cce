import type { Place } from '../error.ts';
import type { Share } from '../template.ts';
import { portionOf } from './evaluate.ts';
import { refuse } from './refusal.ts';
import type { Scope } from './scope.ts';

interface Portion {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

const WHOLE: Portion = { numerator: 1n, denominator: 1n };

/**
 * Divides an amount by portions: each share is rounded down, and the units that are left go one each
 * to the shares from the top, except to those of nothing. The shares add up to the amount exactly.
 * @param amountMinor not negative
 * @returns one share a portion, in minor units
 * @throws Refused where a portion is not 0 to 1, or the portions do not add up to 1
 */
export function split<T>(
  amountMinor: bigint,
  shares: readonly Share<T>[],
  place: Place,
  scope: Scope,
): bigint[] {
  const portions = portionsOf(shares, place, scope);
  const floors = portions.map(
    ({ numerator, denominator }) => (amountMinor * numerator) / denominator,
  );
  let left = amountMinor - floors.reduce((sum, floor) => sum + floor, 0n);
  return floors.map((floor, index) => {
    if (left === 0n || portions[index]?.numerator === 0n) return floor;
    left -= 1n;
    return floor + 1n;
  });
}

/** The sum is kept over the product of the denominators: nothing is reduced, so many are no burden. */
function portionsOf<T>(shares: readonly Share<T>[], place: Place, scope: Scope): Portion[] {
  let { numerator: sum, denominator: over } = { numerator: 0n, denominator: 1n };
  const known = shares.map(({ portion }) => {
    if (portion === 'remaining') return undefined;
    const { numerator, denominator } = portionOf(portion, scope);
    if (numerator < 0n || numerator > denominator)
      refuse(portion.place, { reason: 'portions-invalid' }, 'a portion is 0 to 1');
    sum = sum * denominator + numerator * over;
    over *= denominator;
    return { numerator, denominator };
  });
  const left = over - sum;
  const remains = known.includes(undefined);
  if (left < 0n || (left > 0n && !remains))
    refuse(
      place,
      { reason: 'portions-invalid' },
      `the portions add up to ${left < 0n ? 'more' : 'less'} than 1`,
    );
  const remaining = left === over ? WHOLE : { numerator: left, denominator: over };
  return known.map((portion) => portion ?? remaining);
}
