import { qwallet } from '@anarq/qwallet/contract';
import { afterEach, describe, expect, it } from 'vitest';
import { qmarket } from '../src/contract.ts';
import { canFetch, moneyOf, offer, startMarket, type Market } from './support.ts';

const STEPS = ['order', 'hold', 'license', 'capture'] as const;
const POINTS = [
  'after-admission qmarket.purchase',
  ...STEPS.flatMap((step) => [
    `before-step qmarket.purchase ${step}`,
    `after-step qmarket.purchase ${step}`,
  ]),
  'before-outcome qmarket.purchase',
  'after-outcome qmarket.purchase',
];

let market: Market;
afterEach(() => market.node.close());

/** A market whose node stops once at a point, as if the process had ended there. */
async function stoppingAt(point: string) {
  let armed = false;
  market = await startMarket({
    probe: (at) => {
      if (!armed || at !== point) return;
      armed = false;
      throw new Error(`stopped at ${point}`);
    },
  });
  const { listingId } = await offer(market);
  armed = true;
  return listingId;
}

describe('a node that stops within a purchase and starts again', () => {
  it.each(POINTS)('%s: the purchase ends once, money and licence in agreement', async (point) => {
    const listingId = await stoppingAt(point);
    const { node, buyer, fileId } = market;
    const order = { listingId, maxPrice: '5', unit: 'EUR' };
    const key = { idempotencyKey: 'bought-once' };
    await buyer.result(qmarket.purchase, order, key);
    await node.restart();
    const answer = await buyer.result(qmarket.purchase, order, key);
    expect(answer).toMatchObject({ status: 'ok', data: { price: '3.5' } });
    expect(await moneyOf(buyer, 'EUR')).toMatchObject({ balance: '96.5', held: '0' });
    expect(await canFetch(buyer, fileId)).toBe(true);
    const { items } = await buyer.call(qmarket.licenses, { listingId });
    expect(items.map(({ state }) => state)).toEqual(['ACTIVE']);
    expect((await market.seller.call(qmarket.sales, { listingId })).items).toHaveLength(1);
  });
});

describe('a purchase whose hold is gone when it comes to pay', () => {
  it.each(['nothing else', 'a stop of the node in the middle of the undo'])(
    'is wholly undone, with %s',
    async (also) => {
      let onCapture: (() => void) | undefined;
      let stop = false;
      market = await startMarket({
        now_ms: () => Date.now() + skew_ms,
        probe: (at) => {
          if (at === 'before-step qmarket.purchase capture') onCapture?.();
          if (stop && at === 'before-undo qmarket.purchase hold') {
            stop = false;
            throw new Error('stopped');
          }
        },
      });
      let skew_ms = 0;
      const { node, buyer, fileId } = market;
      const { listingId } = await offer(market);
      stop = also !== 'nothing else';
      onCapture = () => {
        // A day later: the hold has timed out.
        skew_ms = 86_400_000;
      };
      const order = { listingId, maxPrice: '5', unit: 'EUR' };
      const key = { idempotencyKey: 'never-paid' };
      let answer = await buyer.result(qmarket.purchase, order, key);
      onCapture = undefined;
      if (answer.status === 'error' && answer.retryable) {
        await node.restart();
        answer = await buyer.result(qmarket.purchase, order, { ...key, skew_ms });
      }
      expect(answer.status).toBe('error');
      skew_ms = 0;
      expect(await canFetch(buyer, fileId)).toBe(false);
      expect((await buyer.call(qmarket.licenses, {})).items).toEqual([]);
      expect(await moneyOf(buyer, 'EUR')).toMatchObject({ balance: '100', held: '0' });
      expect((await market.seller.call(qmarket.sales, {})).items).toEqual([]);
      const { items } = await buyer.call(qwallet.intents, {});
      expect(items.map(({ status }) => status)).not.toContain('SETTLED');
    },
  );
});
