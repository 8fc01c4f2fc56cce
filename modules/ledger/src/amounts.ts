import { fail } from '@anarq/common-schemas';
import { DecimalError, formatMinor, parseMinor, unitOf } from '@anarq/decimal';
import { AMOUNT_MAX_MINOR } from './store.ts';

/**
 * An amount of the wire in minor units.
 * @throws AMOUNT_INVALID where it does not fit its unit, is negative, or is beyond a 64-bit column
 */
export function readAmount(amount: string, unit: string): bigint {
  const amountMinor = orInvalid(() => parseMinor(amount, unit), { amount, unit });
  if (amountMinor < 0n) fail('AMOUNT_INVALID', 'An amount is not negative.', { amount, unit });
  if (amountMinor > AMOUNT_MAX_MINOR)
    fail('AMOUNT_INVALID', 'An amount of this ledger is below 2^63 minor units.', {
      amount,
      unit,
      max: formatMinor(AMOUNT_MAX_MINOR, unit),
    });
  return amountMinor;
}

/** @throws AMOUNT_INVALID for a unit that the node does not know */
export const checkUnit = (unit: string): void => void orInvalid(() => unitOf(unit), { unit });

function orInvalid<T>(read: () => T, details: Readonly<Record<string, string>>): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DecimalError)) throw error;
    return fail('AMOUNT_INVALID', `${error.message}.`, details);
  }
}
