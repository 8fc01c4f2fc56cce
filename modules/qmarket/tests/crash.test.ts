import { ledger } from '@anarq/ledger/contract';
import { qwallet } from '@anarq/qwallet/contract';
import { afterEach, describe, expect, it } from 'vitest';
import { qmarket } from '../src/contract.ts';
import { canFetch, fund, moneyOf, offer, startMarket, type Market } from './support.ts';

let market: Market;
afterEach(() => market.node.close());

const MAX = { maxPrice: '5', unit: 'EUR' };

describe('a node that stops within a purchase and starts again', () => {
  it('ends the purchase once, with money and licence in agreement, wherever it stopped', async () => {
    const passed: string[] = [];
    let stopAt = -1;
    market = await startMarket({
      probe: (point) => {
        passed.push(point);
        if (passed.length - 1 === stopAt) throw new Error(`stopped at ${point}`);
      },
    });
    const { node, seller, fileId } = market;
    const { operator } = node;
    const { listingId } = await offer(market);

    const buyOnce = async (place: number): Promise<string> => {
      const buyer = await node.person(`buyer ${place}`);
      await fund(node, buyer, '10', 'EUR');
      passed.length = 0;
      stopAt = place;
      const key = { idempotencyKey: 'bought-once' };
      await buyer.result(qmarket.purchase, { listingId, ...MAX }, key);
      const point = `${place}: ${passed[place] ?? 'nowhere'}`;
      stopAt = -1;
      await node.restart();
      const answer = await buyer.result(qmarket.purchase, { listingId, ...MAX }, key);
      expect(answer, point).toMatchObject({ status: 'ok', data: { price: '3.5' } });
      expect(await moneyOf(buyer, 'EUR'), point).toEqual({ balance: '6.5', held: '0' });
      expect(await canFetch(buyer, fileId), point).toBe(true);
      const { items } = await buyer.call(qmarket.licenses, {});
      expect(
        items.map(({ state }) => state),
        point,
      ).toEqual(['ACTIVE']);
      return point;
    };

    await buyOnce(-1);
    // Where another point follows with no commit between, stopping there adds nothing.
    const places = passed.flatMap((point, place) =>
      /^(after-|before-commit )/.test(point) && !point.includes('qdrive') ? [place] : [],
    );
    for (const step of ['order', 'hold', 'capture', 'license', 'payout'])
      expect(passed).toContain(`after-step qmarket.purchase ${step}`);
    for (const place of places) await buyOnce(place);

    const sold = await seller.call(qmarket.sales, { limit: 200 });
    expect(sold.items).toHaveLength(places.length + 1);
    const { books } = await operator.call(ledger.books, {});
    expect(books.every(({ sum, pending }) => sum === '0' && pending === '0')).toBe(true);
  }, 180_000);
});

describe('a purchase whose hold is gone when it comes to pay', () => {
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
