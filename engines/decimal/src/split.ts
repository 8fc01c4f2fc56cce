import { refuse } from './error.ts';
import { within } from './minor.ts';

const SHARES_MAX = 10_000;
const WHOLE_BASIS_POINTS = 10_000n;

/**
 * Divides an amount among weights by the method of the largest remainder (Hamilton): each share is
 * its exact quota rounded down or up, and the shares add up to the total exactly. Where remainders
 * are equal, the lower index gets the unit. A negative total is divided as its opposite.
 * @param total minor units
 * @param weights 1 to 10,000 of them, none negative, not all zero; only their ratio counts
 * @returns one share a weight, in minor units; a weight of zero gets nothing
 * @throws DecimalError for other weights, or numbers beyond 2^127 - 1
 */
export function allocate(total: bigint, weights: readonly bigint[]): bigint[] {
  within(total);
  if (weights.length === 0 || weights.length > SHARES_MAX)
    refuse(`an amount is divided among 1 to ${SHARES_MAX} weights`);
  for (const weight of weights) if (within(weight) < 0n) refuse('a weight is not negative');
  if (total < 0n) return allocate(-total, weights).map((share) => -share);
  const sum = weights.reduce((before, weight) => before + weight, 0n);
  if (sum === 0n) refuse('at least one weight is greater than zero');
  const parts = weights.map((weight, index) => ({
    index,
    share: (total * weight) / sum,
    remainder: (total * weight) % sum,
  }));
  const left = Number(total - parts.reduce((before, part) => before + part.share, 0n));
  // The sort is stable, so equal remainders stay in the order of their indices. Fewer units are left
  // than there are remainders above zero, so a weight of zero never gets one.
  const largestFirst = parts.toSorted((a, b) =>
    a.remainder < b.remainder ? 1 : a.remainder > b.remainder ? -1 : 0,
  );
  const rounded = new Set(largestFirst.slice(0, left).map((part) => part.index));
  return parts.map((part) => (rounded.has(part.index) ? part.share + 1n : part.share));
}

/**
 * A share in hundredths of a percent, rounded down: 250 basis points of 999n are 24n.
 * @param total minor units, not negative
 * @param basisPoints 0n to 10,000n
 * @throws DecimalError for anything else
 */
export function shareOfBasisPoints(total: bigint, basisPoints: bigint): bigint {
  if (within(total) < 0n) refuse('a share is taken of an amount that is not negative');
  if (basisPoints < 0n || basisPoints > WHOLE_BASIS_POINTS)
    refuse('a share has 0 to 10,000 basis points');
  return (total * basisPoints) / WHOLE_BASIS_POINTS;
}
