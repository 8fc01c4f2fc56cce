/** Letters and digits that a code of a unit is made of; none stands for 0. */
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BASE = DIGITS.length + 1;
/** 63^5 is below 2^32. */
export const UNIT_CHARS_MAX = 5;

/**
 * The ledger in which a unit is kept, as the engine counts ledgers: its code read as a number of base
 * 63. So it never changes, no list has to be kept, and the code can be read back.
 * @returns 0, which is no ledger, where there is no unit
 * @throws RangeError for a code of more than five letters and digits
 */
export function ledgerOf(unit: string | undefined): number {
  if (unit === undefined) return 0;
  let number = 0;
  for (const char of unit) {
    const digit = DIGITS.indexOf(char);
    if (digit === -1 || unit.length > UNIT_CHARS_MAX)
      throw new RangeError(`a unit of the ledger has at most ${UNIT_CHARS_MAX} letters and digits`);
    number = number * BASE + digit + 1;
  }
  return number;
}

/** The unit that is kept in a ledger. */
export function unitIn(ledger: number): string {
  let code = '';
  for (let left = ledger; left > 0; left = Math.floor(left / BASE))
    code = `${DIGITS[(left % BASE) - 1] ?? ''}${code}`;
  return code;
}
