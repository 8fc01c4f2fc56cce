/**
 * The seven roundings of the specification, and 05up: away from zero where the last digit kept is 0
 * or 5, else towards zero, so that a result can be rounded again later without a second error.
 */
export type Rounding =
  | 'ceiling'
  | 'down'
  | 'floor'
  | 'half_down'
  | 'half_even'
  | 'half_up'
  | 'up'
  | '05up';

export const ROUNDINGS: readonly Rounding[] = [
  'ceiling',
  'down',
  'floor',
  'half_down',
  'half_even',
  'half_up',
  'up',
  '05up',
];

/**
 * Whether a magnitude is rounded away from zero.
 * @param kept the digits that stay
 * @param half the discarded part against half a unit of the last digit kept: -1 below, 0 at, 1 above
 * @param exact nothing but zeros is discarded
 */
export function roundsAway(
  rounding: Rounding,
  negative: boolean,
  kept: bigint,
  half: number,
  exact: boolean,
): boolean {
  if (exact) return false;
  switch (rounding) {
    case 'down':
      return false;
    case 'up':
      return true;
    case 'ceiling':
      return !negative;
    case 'floor':
      return negative;
    case 'half_up':
      return half >= 0;
    case 'half_down':
      return half > 0;
    case 'half_even':
      return half > 0 || (half === 0 && (kept & 1n) === 1n);
    case '05up':
      return kept % 5n === 0n;
  }
}

/** What is left of a magnitude when its last digits are taken away. */
export interface Shortened {
  readonly coefficient: bigint;
  readonly exact: boolean;
}

/**
 * Takes the last digits of a magnitude away and rounds what is left, which may gain a digit.
 * @param divisor 10^n for n digits, n above zero
 */
export function shorten(
  coefficient: bigint,
  divisor: bigint,
  negative: boolean,
  rounding: Rounding,
): Shortened {
  const kept = coefficient / divisor;
  const rest = coefficient - kept * divisor;
  if (rest === 0n) return { coefficient: kept, exact: true };
  const twice = rest << 1n;
  const half = twice < divisor ? -1 : twice > divisor ? 1 : 0;
  const away = roundsAway(rounding, negative, kept, half, false);
  return { coefficient: away ? kept + 1n : kept, exact: false };
}
