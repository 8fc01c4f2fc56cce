import { allocate, shareOfBasisPoints } from '@anarq/decimal';

/** The node's part of every price, in hundredths of a percent: 2.5 %, rounded down to a minor unit. */
export const FEE_BASIS_POINTS = 250;

/** A part of a price, in minor units. */
export interface Part {
  readonly identity: string;
  readonly amount_minor: bigint;
}

/** How a price is divided: fee and shares add up to it exactly. */
export interface Split {
  readonly fee_minor: bigint;
  readonly shares: readonly Part[];
}

/**
 * Takes the fee from a price and divides the rest by weight, by the method of the largest
 * remainder: no minor unit is lost, and none is made.
 * @param price_minor minor units, not negative
 * @param shares at least one weight above zero
 */
export function split(
  price_minor: bigint,
  shares: readonly { readonly identity: string; readonly weight: number }[],
): Split {
  const fee_minor = shareOfBasisPoints(price_minor, BigInt(FEE_BASIS_POINTS));
  const amounts = allocate(
    price_minor - fee_minor,
    shares.map(({ weight }) => BigInt(weight)),
  );
  return {
    fee_minor,
    shares: shares.map(({ identity }, i) => ({ identity, amount_minor: amounts[i] ?? 0n })),
  };
}

/**
 * Who is paid: one part for each identity, the fee for the operator among them, and nobody for
 * nothing. The parts add up to the price; without the buyer's own, who does not pay itself.
 */
export function recipientsOf(
  { fee_minor, shares }: Split,
  { operator, buyer }: { readonly operator: string; readonly buyer: string },
): Part[] {
  const total = new Map<string, bigint>();
  for (const { identity, amount_minor } of [
    ...shares,
    { identity: operator, amount_minor: fee_minor },
  ])
    total.set(identity, (total.get(identity) ?? 0n) + amount_minor);
  return [...total]
    .filter(([identity, amount_minor]) => amount_minor > 0n && identity !== buyer)
    .map(([identity, amount_minor]) => ({ identity, amount_minor }));
}
