import { formatMinor, parseMinor } from '@anarq/decimal';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amountsOf, priceOf } from '../src/price.ts';
import { FEE_BASIS_POINTS, recipientsOf, split, type Part } from '../src/split.ts';

const shares = fc.uniqueArray(
  fc.record({
    identity: fc.integer({ min: 0, max: 40 }).map((n) => `did:squid:z6Mk${n}`),
    weight: fc.integer({ min: 1, max: 1_000_000 }),
  }),
  { minLength: 1, maxLength: 16, selector: ({ identity }) => identity },
);
const price = fc.bigInt({ min: 1n, max: 10n ** 30n });
const units = fc.constantFrom('rUv', 'EUR', 'JPY', 'QVT');
const sum = (parts: readonly { amount_minor: bigint }[]) =>
  parts.reduce((total, { amount_minor }) => total + amount_minor, 0n);

describe('the split of a price', () => {
  it('adds up to the price to the last minor unit, for any weights', () => {
    fc.assert(
      fc.property(price, shares, (price_minor, weights) => {
        const parts = split(price_minor, weights);
        expect(parts.fee_minor + sum(parts.shares)).toBe(price_minor);
        expect(parts.shares.every(({ amount_minor }) => amount_minor >= 0n)).toBe(true);
      }),
    );
  });

  it('takes the fee rounded down, never a minor unit too much', () => {
    fc.assert(
      fc.property(price, shares, (price_minor, weights) => {
        const { fee_minor } = split(price_minor, weights);
        const exact = price_minor * BigInt(FEE_BASIS_POINTS);
        expect(fee_minor * 10_000n <= exact && exact < (fee_minor + 1n) * 10_000n).toBe(true);
      }),
    );
  });

  it('gives each seller its exact part, rounded by less than one minor unit', () => {
    fc.assert(
      fc.property(price, shares, (price_minor, weights) => {
        const { fee_minor, shares: parts } = split(price_minor, weights);
        const whole = weights.reduce((total, { weight }) => total + BigInt(weight), 0n);
        for (const [i, { amount_minor }] of parts.entries()) {
          const apart =
            amount_minor * whole - (price_minor - fee_minor) * BigInt(weights[i]!.weight);
          expect(-whole < apart && apart < whole).toBe(true);
        }
      }),
    );
  });

  it('pays every identity once, the operator its fee, and nobody nothing', () => {
    fc.assert(
      fc.property(price, shares, fc.boolean(), (price_minor, weights, operatorSells) => {
        const operator = operatorSells ? weights[0]!.identity : 'did:squid:z6MkOperator';
        const parts = split(price_minor, weights);
        const recipients = recipientsOf(parts, { operator, buyer: 'did:squid:z6MkBuyer' });
        expect(sum(recipients)).toBe(price_minor);
        expect(new Set(recipients.map(({ identity }) => identity)).size).toBe(recipients.length);
        expect(recipients.every(({ amount_minor }) => amount_minor > 0n)).toBe(true);
        const paid = recipients.find(({ identity }) => identity === operator)?.amount_minor ?? 0n;
        expect(paid).toBe(parts.fee_minor + (operatorSells ? parts.shares[0]!.amount_minor : 0n));
      }),
    );
  });

  it('asks a buyer who is among the sellers for the rest only', () => {
    fc.assert(
      fc.property(price, shares, (price_minor, weights) => {
        const parts = split(price_minor, weights);
        const [{ identity: buyer, amount_minor: own }] = parts.shares as [Part, ...Part[]];
        const recipients = recipientsOf(parts, { operator: 'did:squid:z6MkOperator', buyer });
        expect(recipients.map(({ identity }) => identity)).not.toContain(buyer);
        expect(sum(recipients)).toBe(price_minor - own);
      }),
    );
  });

  it('holds in the decimal strings of every unit as well', () => {
    fc.assert(
      fc.property(price, shares, units, (price_minor, weights, unit) => {
        const parts = split(price_minor, weights);
        const who = { operator: 'did:squid:z6MkOperator', buyer: 'did:squid:z6MkBuyer' };
        const written = amountsOf(recipientsOf(parts, who), unit);
        const total = written.reduce((all, { amount }) => all + parseMinor(amount, unit), 0n);
        expect(formatMinor(total, unit)).toBe(formatMinor(price_minor, unit));
      }),
    );
  });

  it('of 3.50 EUR, two to one, is 0.08 for the node, 2.28 and 1.14', () => {
    const parts = split(priceOf('3.50', 'EUR'), [
      { identity: 'did:squid:a', weight: 2 },
      { identity: 'did:squid:b', weight: 1 },
    ]);
    expect(formatMinor(parts.fee_minor, 'EUR')).toBe('0.08');
    expect(amountsOf(parts.shares, 'EUR').map(({ amount }) => amount)).toEqual(['2.28', '1.14']);
  });

  it('of one millionth of a rUv has no fee', () => {
    const parts = split(priceOf('0.000001', 'rUv'), [{ identity: 'did:squid:a', weight: 7 }]);
    expect(parts).toEqual({
      fee_minor: 0n,
      shares: [{ identity: 'did:squid:a', amount_minor: 1n }],
    });
  });
});

describe('a price', () => {
  it('is more than nothing, and fits its unit', () => {
    for (const [amount, unit] of [
      ['0', 'EUR'],
      ['-1', 'EUR'],
      ['0.001', 'EUR'],
      ['0.0000001', 'rUv'],
      ['1', 'Gold'],
    ] as const)
      expect(() => priceOf(amount, unit)).toThrow(
        expect.objectContaining({ code: 'AMOUNT_INVALID' }),
      );
  });
});
