import { randomUUID } from 'node:crypto';
import { QError } from '@anarq/common-schemas';
import { describe, expect, it } from 'vitest';
import { qwallet } from '../src/contract.ts';
import { openBank } from './support.ts';

/** Stops the node at a named place, once: what is not in the store by then is lost. */
class Stop extends Error {}

/** Between the commits of a payment: what was done must be found again, what was not must be done. */
const POINTS = [
  'after-admission qwallet.reserve',
  'after-admission ledger.createTransfers',
  'before-outcome ledger.createTransfers',
  'after-step qwallet.reserve hold',
  'before-outcome qwallet.reserve',
  'after-step qwallet.capture settle',
  'before-outcome qwallet.capture',
  'before-outcome qwallet.pay',
];

describe('a payment that the stop of the node interrupts', () => {
  it('is finished after the start, once, wherever it was', async () => {
    let stopAt: string | undefined;
    const bank = await openBank({
      probe: (point) => {
        if (point !== stopAt) return;
        stopAt = undefined;
        throw new Stop(point);
      },
    });
    const order = {
      amount: '1',
      unit: 'EUR',
      recipients: [
        { identity: bank.shop.did, amount: '0.75' },
        { identity: bank.artist.did, amount: '0.25' },
      ],
    };
    await bank.fund(bank.alice, '100', 'EUR');
    await bank.as(bank.alice)(qwallet.pay, order);

    let paid = 1;
    for (const point of POINTS) {
      stopAt = point;
      const idempotencyKey = randomUUID();
      await bank.alice.result(qwallet.pay, order, { idempotencyKey });
      expect(stopAt, `${point} was not reached`).toBeUndefined();
      await bank.node.restart();
      const again = await bank.alice.call(qwallet.pay, order, { idempotencyKey });
      paid += 1;
      expect(again.status, point).toBe('SETTLED');
      expect(await bank.balance(bank.alice, 'EUR'), point).toStrictEqual([
        `${100 - paid}`,
        '0',
        `${100 - paid}`,
      ]);
    }
    expect((await bank.books()).map(({ sum, pending }) => [sum, pending])).toStrictEqual([
      ['0', '0'],
    ]);
    // Besides the stops themselves, only parents that asked while the step was still under way.
    for (const error of bank.node.errors)
      expect(
        error instanceof Stop || (error instanceof QError && error.code === 'CALL_IN_PROGRESS'),
      ).toBe(true);
    await bank.node.close();
  }, 120_000);
});
