import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  advance,
  INTENT_STATUSES,
  moved,
  statusAt,
  type IntentAction,
} from '../src/intentStates.ts';
import { accountIdOf } from '../src/ledgerAccounts.ts';
import { dayOf } from '../src/limits.ts';
import { leftOf, readShares, refundParts, type Share } from '../src/shares.ts';

const ACTIONS: readonly IntentAction[] = [
  'sign',
  'settle',
  'keep',
  'payOut',
  'giveBack',
  'void',
  'expire',
  'refundPart',
  'refundAll',
];

describe('the states of a payment', () => {
  it('allow exactly these moves, and answer STATE_CONFLICT to every other', () => {
    const legal = new Map([
      ['PENDING sign', 'SIGNED'],
      ['PENDING void', 'VOIDED'],
      ['PENDING expire', 'EXPIRED'],
      ['SIGNED settle', 'SETTLED'],
      ['SIGNED keep', 'CAPTURED'],
      ['CAPTURED payOut', 'SETTLED'],
      ['CAPTURED giveBack', 'VOIDED'],
      ['SETTLED payOut', 'SETTLED'],
      ['VOIDED giveBack', 'VOIDED'],
      ['VOIDED void', 'VOIDED'],
      ['SIGNED void', 'VOIDED'],
      ['SIGNED expire', 'EXPIRED'],
      ['SETTLED refundPart', 'PARTIALLY_REFUNDED'],
      ['SETTLED refundAll', 'REFUNDED'],
      ['PARTIALLY_REFUNDED refundPart', 'PARTIALLY_REFUNDED'],
      ['PARTIALLY_REFUNDED refundAll', 'REFUNDED'],
      ['EXPIRED void', 'EXPIRED'],
    ]);
    for (const status of INTENT_STATUSES)
      for (const action of ACTIONS) {
        const intent = { id: 'intent_1', status, expires_ms: 10 };
        const next = legal.get(`${status} ${action}`);
        expect(moved(status, action)).toBe(next);
        if (next === undefined)
          expect(() => advance(intent, action, 0)).toThrow(
            expect.objectContaining({
              code: 'STATE_CONFLICT',
              details: { state: status, action, intentId: 'intent_1' },
            }),
          );
        else expect(advance(intent, action, 0)).toBe(next);
      }
  });

  it('expire only what waits, at the very instant', () => {
    for (const status of INTENT_STATUSES) {
      expect(statusAt({ status, expires_ms: 10 }, 9)).toBe(status);
      const waits = status === 'PENDING' || status === 'SIGNED';
      expect(statusAt({ status, expires_ms: 10 }, 10)).toBe(waits ? 'EXPIRED' : status);
    }
    expect(() => advance({ id: 'i', status: 'SIGNED', expires_ms: 10 }, 'settle', 10)).toThrow(
      expect.objectContaining({ code: 'STATE_CONFLICT' }),
    );
  });
});

describe('shares of a payment', () => {
  it('are taken only where they are the whole exactly', () => {
    const order = (amounts: string[]) => ({
      payer: 'did:x:payer',
      totalMinor: 1_000n,
      unit: 'EUR',
      recipients: amounts.map((amount, i) => ({ identity: `did:x:${i}`, amount })),
    });
    expect(readShares(order(['9.99', '0.01'])).map(({ amountMinor }) => amountMinor)).toStrictEqual(
      [999n, 1n],
    );
    for (const amounts of [['9.99'], ['9.99', '0.02'], ['10', '0'], ['10.001']])
      expect(() => readShares(order(amounts))).toThrow(
        expect.objectContaining({ code: 'AMOUNT_INVALID' }),
      );
  });

  it('are paid back exactly, by nobody more than it got, whatever the parts', () => {
    const amounts = fc.array(fc.bigInt(1n, 2n ** 62n), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(amounts, fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (gets, parts) => {
        let shares: Share[] = gets.map((amountMinor, i) => ({
          identity: `did:x:${i}`,
          amountMinor,
          refundedMinor: 0n,
        }));
        for (const part of [...parts, 1]) {
          const left = leftOf(shares);
          if (left === 0n) break;
          const back =
            part === 1 ? left : 1n + ((left - 1n) * BigInt(Math.floor(part * 1e6))) / 1_000_000n;
          const paid = refundParts(shares, back);
          expect(paid.reduce((sum, minor) => sum + minor, 0n)).toBe(back);
          shares = shares.map((share, i) => ({
            ...share,
            refundedMinor: share.refundedMinor + paid[i]!,
          }));
          for (const { amountMinor, refundedMinor } of shares)
            expect(refundedMinor >= 0n && refundedMinor <= amountMinor).toBe(true);
        }
        expect(leftOf(shares)).toBe(0n);
      }),
    );
  });
});

describe('what is derived', () => {
  it('gives an identity one account a unit, the same everywhere', () => {
    expect(accountIdOf('did:squid:a', 'EUR')).toBe('acct_d688facaf39eb21fe7aba9ced2828569');
    expect(accountIdOf('did:squid:a', 'rUv')).not.toBe(accountIdOf('did:squid:a', 'EUR'));
  });

  it('begins a day at midnight UTC', () => {
    const midnight_ms = Date.UTC(2026, 10, 20);
    expect(dayOf(midnight_ms) - dayOf(midnight_ms - 1)).toBe(1);
    expect(dayOf(midnight_ms + 86_399_999)).toBe(dayOf(midnight_ms));
  });
});
