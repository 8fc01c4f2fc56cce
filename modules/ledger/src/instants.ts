import { fail } from '@anarq/common-schemas';
import { TIMESTAMP_MAX } from '@anarq/ledger-engine';

const NS_PER_MS = 1_000_000n;
const DIGITS_OF_MS = 3;
const DIGITS_OF_NS = 9;

/** An instant of the books: they count nanoseconds, the contract tells milliseconds. */
export const instantText = (timestamp: bigint, after_ms = 0): string =>
  new Date(Number(timestamp / NS_PER_MS) + after_ms).toISOString();

/** The same to the nanosecond. */
export const exactText = (timestamp: bigint): string =>
  instantText(timestamp).replace(
    'Z',
    `${String(timestamp % NS_PER_MS).padStart(DIGITS_OF_NS - DIGITS_OF_MS, '0')}Z`,
  );

/** The first nanosecond of an instant. @throws INPUT_INVALID for a day that no calendar has */
export const firstOf = (instant: string): bigint => parse(instant).first;

/**
 * The last nanosecond of an instant. The contract shows milliseconds: one that is given to the
 * millisecond, or to less, means all of that millisecond; with more digits it means itself.
 * @throws INPUT_INVALID for a day that no calendar has
 */
export function lastOf(instant: string): bigint {
  const { first, digits } = parse(instant);
  return digits > DIGITS_OF_MS ? first : first + NS_PER_MS - 1n;
}

/**
 * The last nanosecond of an instant of the past.
 * @throws INPUT_INVALID for an instant that is still to come: nobody knows what will happen until then
 */
export function pastInstant(asOf: string, now_ms: number): bigint {
  const { first } = parse(asOf);
  if (first / NS_PER_MS > BigInt(Math.floor(now_ms)))
    fail('INPUT_INVALID', 'asOf is an instant of the past.', { asOf });
  return lastOf(asOf);
}

function parse(instant: string): { readonly first: bigint; readonly digits: number } {
  const [seconds = '', fraction = ''] = instant.slice(0, -1).split('.');
  const at_ms = Date.parse(`${seconds}Z`);
  // A day like 30 February would be read as one of March.
  if (Number.isNaN(at_ms) || new Date(at_ms).toISOString().slice(0, seconds.length) !== seconds)
    return fail('INPUT_INVALID', `There is no instant ${instant}.`, { instant });
  const ns = BigInt(at_ms) * NS_PER_MS + BigInt(fraction.padEnd(DIGITS_OF_NS, '0'));
  return { first: within(ns), digits: fraction.length };
}

/** The books know no instant before 1970, and none after 2262. */
const within = (ns: bigint): bigint =>
  ns < 0n ? 0n : ns > TIMESTAMP_MAX - NS_PER_MS ? TIMESTAMP_MAX - NS_PER_MS : ns;
