import fc from 'fast-check';
import { QError } from '@anarq/common-schemas';
import { formatMinor, parseMinor } from '@anarq/decimal';
import { describe, expect, it } from 'vitest';
import { qwallet } from '../src/contract.ts';
import { openBank } from './support.ts';

const person = fc.nat(2);
const minor = fc.bigInt(1n, 700n);
const nth = fc.nat(9);
const action = fc.oneof(
  fc.record({ kind: fc.constant('fund' as const), who: person, minor }),
  fc.record({ kind: fc.constant('reserve' as const), who: person, minor, fee: fc.bigInt(1n, 50n) }),
  fc.record({ kind: fc.constantFrom('capture' as const, 'void' as const), nth }),
  fc.record({ kind: fc.constant('refund' as const), nth, part: fc.option(minor) }),
  fc.record({ kind: fc.constant('wait' as const), minutes: fc.integer({ min: 1, max: 10 }) }),
);

describe('whatever people do with their money, in whatever order', () => {
  it('books stay at zero, nobody goes below zero, and nothing is lost or made', async () => {
    const bank = await openBank();
    const people = [bank.alice, bank.shop, bank.artist];
    const payments: { payer: number; intentId: string }[] = [];
    const issued = new Map([
      ['EUR', 0n],
      ['rUv', 0n],
    ]);
    const refusals = new Set<string>();
    let done = 0;

    const carryOut = async (
      unit: string,
      step: typeof action extends fc.Arbitrary<infer A> ? A : never,
    ) => {
      const amountOf = (value: bigint) => formatMinor(value, unit);
      switch (step.kind) {
        case 'fund':
          await bank.fund(people[step.who]!, amountOf(step.minor), unit);
          issued.set(unit, issued.get(unit)! + step.minor);
          return;
        case 'reserve': {
          const { intentId } = await bank.as(people[step.who]!)(qwallet.reserve, {
            amount: amountOf(step.minor + step.fee),
            unit,
            recipients: [1, 2].map((next, i) => ({
              identity: people[(step.who + next) % 3]!.did,
              amount: amountOf(i === 0 ? step.minor : step.fee),
            })),
          });
          payments.push({ payer: step.who, intentId });
          return;
        }
        case 'wait':
          bank.clock.skew_ms += step.minutes * 60_000;
          return;
        default: {
          const payment = payments.at(-1 - step.nth);
          if (payment === undefined) return;
          const { intentId } = payment;
          if (step.kind === 'refund')
            await bank.as(bank.node.operator)(qwallet.refund, {
              intentId,
              ...(step.part === null ? {} : { amount: amountOf(step.part) }),
            });
          else await bank.as(people[payment.payer]!)(qwallet[step.kind], { intentId });
        }
      }
    };

    const check = async () => {
      for (const book of await bank.books()) expect(book.sum).toBe('0');
      const total = new Map<string, bigint>();
      for (const who of people)
        for (const account of (await bank.as(who)(qwallet.accounts, {})).items) {
          const read = (amount: string) => parseMinor(amount, account.unit);
          expect(read(account.available) >= 0n).toBe(true);
          expect(read(account.held) >= 0n).toBe(true);
          total.set(account.unit, (total.get(account.unit) ?? 0n) + read(account.posted));
        }
      for (const [unit, amount] of total) expect(amount).toBe(issued.get(unit));
    };

    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('EUR', 'rUv'),
        fc.array(action, { minLength: 4, maxLength: 14 }),
        async (unit, steps) => {
          payments.length = 0;
          await bank.fund(people[0]!, formatMinor(500n, unit), unit);
          issued.set(unit, issued.get(unit)! + 500n);
          for (const step of steps)
            try {
              await carryOut(unit, step);
              done += 1;
            } catch (error) {
              if (!(error instanceof QError)) throw error;
              refusals.add(error.code);
            }
          await check();
        },
      ),
      { numRuns: 8, endOnFailure: true },
    );
    expect(done).toBeGreaterThan(20);
    expect(
      [...refusals].filter(
        (code) => !['STATE_CONFLICT', 'INSUFFICIENT_FUNDS', 'AMOUNT_INVALID'].includes(code),
      ),
    ).toStrictEqual([]);
    await bank.close();
  }, 120_000);
});
