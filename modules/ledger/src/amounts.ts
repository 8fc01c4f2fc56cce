import { fail } from '@anarq/common-schemas';
import { DecimalError, parseMinor, unitOf, writeDecimal } from '@anarq/decimal';
import { UNIT_CHARS_MAX } from './books/unitNumbers.ts';

/**
 * An amount of the wire in minor units.
 * @throws AMOUNT_INVALID where it does not fit its unit, is negative, or is beyond 2^127 - 1
 */
export function readAmount(amount: string, unit: string): bigint {
  checkUnit(unit);
  const amountMinor = orInvalid(() => parseMinor(amount, unit), { amount, unit });
  if (amountMinor < 0n) fail('AMOUNT_INVALID', 'An amount is not negative.', { amount, unit });
  return amountMinor;
}

/** Minor units as the wire has them. Balances go to 2^128 - 1, further than any one amount. */
export const amountText = (minor: bigint, unit: string): string =>
  writeDecimal({ coefficient: minor, scale: unitOf(unit).scale });

/** @throws AMOUNT_INVALID for a unit that the node does not know, or that no ledger is kept in */
export function checkUnit(unit: string): void {
  orInvalid(() => unitOf(unit), { unit });
  if (unit.length > UNIT_CHARS_MAX)
    fail('AMOUNT_INVALID', `A unit of the ledger has at most ${UNIT_CHARS_MAX} characters.`, {
      unit,
    });
}

function orInvalid<T>(read: () => T, details: Readonly<Record<string, string>>): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DecimalError)) throw error;
    return fail('AMOUNT_INVALID', `${error.message}.`, details);
  }
}
