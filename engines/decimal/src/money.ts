import { within } from './minor.ts';
import { unitOf } from './units.ts';

declare const unitOfMinor: unique symbol;

/**
 * Minor units that carry their unit in the type: EUR cannot be given where USD are asked for, and a
 * number cannot be given at all. At run time it is a bigint.
 */
export type Minor<Code extends string> = bigint & { readonly [unitOfMinor]: Code };

/**
 * Says of minor units what unit they are of.
 * @throws DecimalError for an unknown unit, or beyond 2^127 - 1
 */
export function minorOf<const Code extends string>(unit: Code, value: bigint): Minor<Code> {
  unitOf(unit);
  // Checked just above; the mark is of the type alone.
  return within(value) as Minor<Code>;
}

/**
 * The sum of amounts of one unit.
 * @throws DecimalError beyond 2^127 - 1
 */
export const sumMinor = <Code extends string>(
  first: Minor<Code>,
  ...others: readonly NoInfer<Minor<Code>>[]
): Minor<Code> =>
  // A sum of one unit is of that unit.
  within(others.reduce<bigint>((sum, value) => within(sum + value), first)) as Minor<Code>;
