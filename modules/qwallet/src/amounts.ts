import { fail } from '@anarq/common-schemas';
import { DecimalError, formatMinor, parseMinor, unitOf } from '@anarq/decimal';

/** Largest amount of a payment, in minor units: what the wallet's own columns hold. */
const AMOUNT_MAX_MINOR = 2n ** 63n - 1n;

/**
 * An amount of the wire in minor units, zero or more.
 * @throws AMOUNT_INVALID
 */
export function readAmount(amount: string, unit: string): bigint {
  const amountMinor = orInvalid(() => parseMinor(amount, unit), { amount, unit });
  if (amountMinor < 0n || amountMinor > AMOUNT_MAX_MINOR)
    fail('AMOUNT_INVALID', 'An amount is from zero to below 2^63 minor units.', {
      amount,
      unit,
      max: formatMinor(AMOUNT_MAX_MINOR, unit),
    });
  return amountMinor;
}

/** @throws AMOUNT_INVALID also for zero */
export function readPayment(amount: string, unit: string): bigint {
  const amountMinor = readAmount(amount, unit);
  if (amountMinor === 0n) fail('AMOUNT_INVALID', 'A payment is above zero.', { amount, unit });
  return amountMinor;
}

/** @throws AMOUNT_INVALID for a unit that the node does not know */
export const checkUnit = (unit: string): void => void orInvalid(() => unitOf(unit), { unit });

/** @throws AMOUNT_INVALID in place of the error of the decimal engine */
function orInvalid<T>(work: () => T, details: Readonly<Record<string, string>>): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof DecimalError)) throw error;
    return fail('AMOUNT_INVALID', `${error.message}.`, details);
  }
}
