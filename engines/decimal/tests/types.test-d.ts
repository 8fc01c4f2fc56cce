import * as arithmetic from '../src/arithmetic/index.ts';
import {
  allocate,
  compoundInterest,
  formatMinor,
  minorOf,
  parseMinor,
  ratio,
  simpleInterest,
  sumMinor,
  type Minor,
} from '../src/index.ts';

// Compiled by the type check, never run: a number is no money, and one unit is not another.
const euros: Minor<'EUR'> = minorOf('EUR', 350n);
const dollars: Minor<'USD'> = minorOf('USD', 350n);

export const sum: Minor<'EUR'> = sumMinor(euros, euros);
export const plain: bigint = euros;
// @ts-expect-error dollars are not added to euros
export const mixed = sumMinor(euros, dollars);
// @ts-expect-error dollars are no euros
export const renamed: Minor<'EUR'> = dollars;
// @ts-expect-error what has no unit is not taken for one that has
export const unmarked: Minor<'EUR'> = 350n;
// @ts-expect-error a number is no amount
export const number = minorOf('EUR', 350);
// @ts-expect-error bigint and number are not added
export const added = euros + 1;

// @ts-expect-error an amount is text, not a number
parseMinor(3.5, 'EUR');
// @ts-expect-error minor units are a bigint
formatMinor(350, 'EUR');
// @ts-expect-error shares are taken of a bigint
allocate(100, [1n]);
// @ts-expect-error weights are bigints
allocate(100n, [0.5]);
// @ts-expect-error interest is on a bigint
simpleInterest(1_000, '0.05', ratio(1n, 1n));
// @ts-expect-error a rate is text
simpleInterest(1_000n, 0.05, ratio(1n, 1n));
compoundInterest({
  // @ts-expect-error interest is on a bigint
  principalMinor: 1_000,
  rate: '0.05',
  periodsPerYear: 12,
  periods: 12,
  roundedAt: 'end',
});

const decimal = arithmetic.parseDecimal('3.50');
// @ts-expect-error a Decimal is added by an operation and its context, not by a sign
export const signs = decimal + decimal;
// @ts-expect-error nor compared with a number
export const compared = decimal < 4;
