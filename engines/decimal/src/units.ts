import { refuse } from './error.ts';
import { CURRENCIES, WITHDRAWN, WITHOUT_MINOR_UNIT } from './iso4217.ts';

/** A unit in which amounts are kept: whole units are split into 10^scale minor ones. */
export interface Unit {
  readonly name: string;
  /** Decimal places. For currencies the minor unit of ISO 4217:2015 (list one). */
  readonly scale: number;
  /** Three-digit code of ISO 4217, where the unit is a current currency of it. */
  readonly isoNumeric?: string;
}

/** Units by their code. */
export type Units = Readonly<Record<string, Unit>>;

/** Most decimal places of a unit: what the contract language writes. */
export const SCALE_MAX = 18;
const UNITS_MAX = 10_000;
const CODE = /^[A-Za-z][A-Za-z0-9]{1,11}$/;
const NAME_CHARS_MAX = 80;

const other = (name: string, scale: number): Unit => ({ name, scale });

/**
 * Every unit of the node, by its code. A scale never changes: amounts that were recorded in minor
 * units would change their meaning. rUv counts in millionths; QVT as its token contract does.
 */
export const UNITS: Units = {
  // Units of account of the node, and of the chains that it reads
  rUv: other('Resource Utilization Voucher', 6),
  QVT: other('QuantumVibe Token', 18),
  BTC: other('Bitcoin', 8),
  ETH: other('Ether', 18),
  SOL: other('Solana', 9),
  USDC: other('USD Coin', 6),
  ...Object.fromEntries(
    CURRENCIES.map(([code, isoNumeric, scale, name]) => [code, { name, scale, isoNumeric }]),
  ),
  ...Object.fromEntries(WITHDRAWN.map(([code, scale, name]) => [code, other(name, scale)])),
};

/**
 * The unit of a code; upper and lower case differ.
 * @param units where it is looked up; those of the node unless others are given
 * @throws DecimalError for a code that is not in them
 */
export function unitOf(code: string, units: Units = UNITS): Unit {
  const unit = Object.hasOwn(units, code) ? units[code] : undefined;
  if (unit !== undefined) return unit;
  const metal = WITHOUT_MINOR_UNIT.find(([known]) => known === code);
  return refuse(
    metal === undefined
      ? `the unit ${JSON.stringify(String(code).slice(0, 16))} is unknown`
      : `ISO 4217 gives ${code} no decimal places: define a unit with a scale of its own`,
  );
}

/**
 * Adds units of one's own to others, which stay as they are.
 * @param added name and scale by code: 2 to 12 letters and digits, a letter first; 0 to 18 places
 * @returns both together
 * @throws DecimalError for another form, for a code that is there with another scale or name, and for
 * more than 10,000 units in all
 */
export function defineUnits(added: Units, units: Units = UNITS): Units {
  for (const [code, { name, scale }] of Object.entries(added)) {
    if (!CODE.test(code))
      refuse('the code of a unit is 2 to 12 letters and digits, a letter first');
    if (!Number.isInteger(scale) || scale < 0 || scale > SCALE_MAX)
      refuse(`${code} has 0 to ${SCALE_MAX} decimal places`);
    if (typeof name !== 'string' || name.length === 0 || name.length > NAME_CHARS_MAX)
      refuse(`the name of ${code} has 1 to ${NAME_CHARS_MAX} characters`);
    const known = Object.hasOwn(units, code) ? units[code] : undefined;
    if (known !== undefined && (known.scale !== scale || known.name !== name))
      refuse(`${code} is ${known.name} with ${known.scale} decimal places, and stays so`);
  }
  const all = { ...units, ...added };
  if (Object.keys(all).length > UNITS_MAX) refuse(`there are at most ${UNITS_MAX} units`);
  return all;
}
