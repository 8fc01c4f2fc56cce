import { qwallet } from '@anarq/qwallet/contract';
import { afterEach, describe, expect, it } from 'vitest';
import { qmarket } from '../src/contract.ts';
import { bought, stopWithin } from './stopWithin.ts';
import { canFetch, offer, startMarket, type Market } from './support.ts';

const MAX = { maxPrice: '5', unit: 'EUR' };

describe('a node that stops within a purchase and starts again', () => {
  // crash.services.test.ts stops it wherever it may matter.
  it('ends the purchase once, with money and licence in agreement, whichever step it stopped behind', async () => {
    const { ends, sold, isBalanced } = await stopWithin((point) =>
      point.startsWith('after-step qmarket.'),
    );
    expect(ends).toEqual(ends.map(({ point }) => bought(point)));
    expect([sold, isBalanced]).toEqual([ends.length, true]);
    for (const step of ['order', 'hold', 'capture', 'license', 'payout'])
      expect(ends.map(({ point }) => point)).toContain(`after-step qmarket.purchase ${step}`);
  }, 180_000);
});

describe('a purchase whose hold is gone when it comes to pay', () => {
  let market: Market;
  afterEach(() => market.node.close());

  it.each(['nothing else', 'a stop of the node in the middle of the undo'])(
    'is wholly undone, with %s',
    async (also) => {
      let onCapture = () => {};
      let stop = also !== 'nothing else';
      let skew_ms = 0;
      market = await startMarket({
        now_ms: () => Date.now() + skew_ms,
        probe: (point) => {
          if (point === 'before-step qmarket.purchase capture') onCapture();
          if (!stop || point !== 'before-undo qmarket.purchase hold') return;
          stop = false;
          throw new Error('stopped');
        },
      });
      const { node, buyer, fileId } = market;
      const { listingId } = await offer(market);
      onCapture = () => {
        // A day later: the hold has timed out.
        skew_ms = 86_400_000;
      };
      const order = { listingId, ...MAX };
      const key = { idempotencyKey: 'never-paid' };
      let answer = await buyer.result(qmarket.purchase, order, key);
      if (answer.status === 'error' && answer.retryable) {
        await node.restart();
        answer = await buyer.result(qmarket.purchase, order, { ...key, skew_ms });
      }
      expect(answer).toMatchObject({ status: 'error', retryable: false });
      expect(stop).toBe(false);
      const later = { skew_ms };
      expect(await canFetch(buyer, fileId, later)).toBe(false);
      expect((await buyer.call(qmarket.licenses, {}, later)).items).toEqual([]);
      const { items: accounts } = await buyer.call(qwallet.accounts, {}, later);
      expect(accounts.find(({ unit }) => unit === 'EUR')).toMatchObject({
        posted: '100',
        held: '0',
      });
      expect((await market.seller.call(qmarket.sales, {}, later)).items).toEqual([]);
      const { items } = await buyer.call(qwallet.intents, {}, later);
      expect(items.map(({ status }) => status)).not.toContain('SETTLED');
    },
  );
});
