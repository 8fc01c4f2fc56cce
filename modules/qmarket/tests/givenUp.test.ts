import { ledger } from '@anarq/ledger/contract';
import { node as nodeOps } from '@anarq/node-module/contract';
import { afterEach, describe, expect, it } from 'vitest';
import { qmarket } from '../src/contract.ts';
import { canFetch, fund, moneyOf, offer, startMarket, type Market } from './support.ts';

let market: Market;
afterEach(() => market.node.close());

const MAX = { maxPrice: '5', unit: 'EUR' };

describe('a purchase that cannot go on after the money was taken', () => {
  it.each(['license', 'payout'])(
    'is given up by the operator before %s: the buyer has the money, nobody the licence',
    async (step) => {
      let isBroken = true;
      market = await startMarket({
        probe: (point) => {
          if (isBroken && point === `before-step qmarket.purchase ${step}`)
            throw new Error('a defect');
        },
      });
      const { node, fileId } = market;
      const { operator } = node;
      const { listingId } = await offer(market);
      const buyer = await node.person('buyer');
      await fund(node, buyer, '10', 'EUR');
      const key = { idempotencyKey: 'bought-once' };
      const stuck = await buyer.result(qmarket.purchase, { listingId, ...MAX }, key);
      expect(stuck).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
      expect(await moneyOf(buyer, 'EUR')).toEqual({ balance: '6.5', held: '0' });

      const { items } = await operator.call(nodeOps.processes, {});
      expect(items).toMatchObject([{ operation: 'qmarket.purchase', attempts: 1 }]);
      const [{ processId } = { processId: '' }] = items;
      await operator.call(nodeOps.abandonProcess, { processId });
      await expect
        .poll(async () => (await operator.call(nodeOps.process, { processId })).state, {
          timeout: 20_000,
        })
        .toBe('UNDONE');
      isBroken = false;
      expect(await moneyOf(buyer, 'EUR')).toEqual({ balance: '10', held: '0' });
      expect(await canFetch(buyer, fileId)).toBe(false);
      expect(await buyer.result(qmarket.purchase, { listingId, ...MAX }, key)).toMatchObject({
        code: 'CANCELLED',
      });
      const { books } = await operator.call(ledger.books, {});
      expect(books.every(({ sum, pending }) => sum === '0' && pending === '0')).toBe(true);
      const again = await buyer.result(qmarket.purchase, { listingId, ...MAX });
      expect(again).toMatchObject({ status: 'ok' });
    },
    120_000,
  );
});
