import { readDecimal, writeDecimal } from './decimalText.ts';
import { refuse } from './error.ts';
import { UNITS, unitOf, type Units } from './units.ts';

/** Largest amount of either sign, in minor units: what a signed 128-bit integer holds. */
export const MINOR_MAX = 2n ** 127n - 1n;

/**
 * Refuses what the ledger cannot hold.
 * @throws DecimalError beyond MINOR_MAX
 */
export function within(minor: bigint): bigint {
  if (minor > MINOR_MAX || minor < -MINOR_MAX) refuse('the amount is beyond 2^127 - 1 minor units');
  return minor;
}

/**
 * Reads an amount in whole units as minor units: '3.50' in EUR is 350n.
 * @param units those of the node unless defineUnits made others
 * @throws DecimalError for anything but a decimal text (JSON numbers among it), an unknown unit, more
 * places than the unit has (also where they are zeros), or more than MINOR_MAX
 */
export function parseMinor(text: string, unit: string, units: Units = UNITS): bigint {
  const { scale } = unitOf(unit, units);
  const value = readDecimal(text);
  if (value.scale > scale)
    refuse(`${unit} has ${scale} decimal places, ${JSON.stringify(text)} has ${value.scale}`);
  return within(value.coefficient * 10n ** BigInt(scale - value.scale));
}

/**
 * Writes minor units as whole ones in canonical form, without trailing zeros: 350n in EUR is '3.5',
 * and nothing is '0'. How many places a person sees is the matter of whoever shows it.
 * @throws DecimalError for an unknown unit or more than MINOR_MAX
 */
export const formatMinor = (minor: bigint, unit: string, units: Units = UNITS): string =>
  writeDecimal({ coefficient: within(minor), scale: unitOf(unit, units).scale });
