import { fail } from '@anarq/common-schemas';
import { DecimalError, formatMinor, parseMinor } from '@anarq/decimal';

/**
 * Reads an amount of a unit as minor units.
 * @throws AMOUNT_INVALID when it does not fit the unit, or the unit is unknown
 */
export function minorOf(amount: string, unit: string): bigint {
  try {
    return parseMinor(amount, unit);
  } catch (error) {
    if (!(error instanceof DecimalError)) throw error;
    return fail('AMOUNT_INVALID', `${error.message}.`, { amount, unit });
  }
}

/**
 * The same for a price, which is more than nothing: what is free needs a grant, and no market.
 * @throws AMOUNT_INVALID
 */
export function priceOf(amount: string, unit: string): bigint {
  const price_minor = minorOf(amount, unit);
  if (price_minor <= 0n)
    fail('AMOUNT_INVALID', 'A price is more than nothing; to give a file away, grant it.', {
      amount,
      unit,
    });
  return price_minor;
}

/** Parts of an amount as the contract writes them. */
export const amountsOf = (
  parts: readonly { readonly identity: string; readonly amount_minor: bigint }[],
  unit: string,
): { identity: string; amount: string }[] =>
  parts.map(({ identity, amount_minor }) => ({
    identity,
    amount: formatMinor(amount_minor, unit),
  }));
