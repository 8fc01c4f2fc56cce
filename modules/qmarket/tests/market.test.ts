import { ledger } from '@anarq/ledger/contract';
import { qdrive } from '@anarq/qdrive/contract';
import { qindex } from '@anarq/qindex/contract';
import { qonsent } from '@anarq/qonsent/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { qmarket } from '../src/contract.ts';
import {
  canFetch,
  delegate,
  fund,
  moneyOf,
  offer,
  startMarket,
  upload,
  type Market,
} from './support.ts';

let market: Market;
let skew_ms = 0;
beforeAll(async () => {
  market = await startMarket({ now_ms: () => Date.now() + skew_ms });
});
afterAll(() => market.node.close());

const buy = (listingId: string, more: { maxPrice?: string; unit?: string } = {}) => ({
  listingId,
  maxPrice: '5',
  unit: 'EUR',
  ...more,
});

describe('a listing', () => {
  it('is found by its words, whatever their accents, and says what a buyer gets', async () => {
    const listing = await offer(market, {
      title: 'Análisis de cosechas',
      description: 'Semana a semana.',
    });
    const file = await market.seller.call(qdrive.file, { fileId: market.fileId });
    expect(listing).toMatchObject({
      state: 'OPEN',
      seller: market.seller.did,
      cid: file.cid,
      bytes: file.bytes,
      price: '3.5',
      unit: 'EUR',
      feeBasisPoints: 250,
    });
    const found = await market.buyer.call(qmarket.search, { query: 'analisis cosech' });
    expect(found.items.map(({ listingId }) => listingId)).toEqual([listing.listingId]);
    const newest = await market.buyer.call(qmarket.search, { limit: 1 });
    expect(newest.items[0]?.listingId).toBe(listing.listingId);
    expect(await market.buyer.call(qmarket.listing, { listingId: listing.listingId })).toEqual(
      listing,
    );
  });

  it('does not open the file to anybody before it is bought', async () => {
    await offer(market);
    expect(await canFetch(market.buyer, market.fileId)).toBe(false);
  });

  it("is of a file of one's own", async () => {
    const thief = await market.node.person('thief');
    const { fileId, node } = market;
    const answer = await thief.result(qmarket.list, {
      fileId,
      title: 'Not mine',
      description: '',
      price: '1',
      unit: 'EUR',
      shares: [{ identity: thief.did, weight: 1 }],
      tags: [],
      terms: { kind: 'use' },
      delegation: delegate(node, thief, fileId),
    });
    expect(answer).toMatchObject({ code: 'QONSENT_DENIED' });
  });

  it('has a price of its unit, and each seller once', async () => {
    for (const bad of [{ price: '0' }, { price: '-3' }, { price: '0.001' }, { unit: 'Gold' }])
      await expect(offer(market, bad)).rejects.toMatchObject({ code: 'AMOUNT_INVALID' });
    const twice = { identity: market.seller.did, weight: 1 };
    await expect(offer(market, { shares: [twice, twice] })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });

  it('needs a delegation that really opens the file, else nothing of it stays', async () => {
    const { node, seller } = market;
    const narrow = delegate(node, seller, market.fileId, {
      policy: [['==', '.op', 'qdrive.file']],
    });
    await expect(offer(market, { title: 'Zeppelin', delegation: narrow })).rejects.toMatchObject({
      code: 'STATE_CONFLICT',
      details: { state: 'NOT_COVERED' },
    });
    expect((await market.buyer.call(qindex.search, { query: 'zeppelin' })).items).toEqual([]);
    const given = await seller.call(qonsent.list, { limit: 1 });
    expect(given.items[0]?.inForce).toBe(false);
    const ofAnother = delegate(node, seller, await upload(node, seller));
    const broader = delegate(node, seller, market.fileId, { command: '/qdrive' });
    for (const delegation of [ofAnother, broader])
      await expect(offer(market, { delegation })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('is not made by what somebody else writes into the index', async () => {
    const { listingId, cid } = await offer(market);
    await market.partner.call(qindex.put, {
      type: 'qmarket/listing',
      key: listingId,
      cid,
      tags: [],
      text: 'xylophone',
      visibility: 'tenant',
    });
    expect((await market.buyer.call(qmarket.search, { query: 'xylophone' })).items).toEqual([]);
  });
});

describe('a purchase', () => {
  it('pays fee and shares to the last cent, and opens the file to the buyer alone', async () => {
    const { node, seller, partner, buyer, fileId } = market;
    const { listingId } = await offer(market);
    const before = await Promise.all(
      [buyer, seller, partner, node.operator].map((who) => moneyOf(who, 'EUR')),
    );
    const bought = await buyer.call(qmarket.purchase, buy(listingId));
    expect(bought).toMatchObject({
      listingId,
      fileId,
      price: '3.5',
      unit: 'EUR',
      fee: '0.08',
      shares: [
        { identity: seller.did, amount: '2.28' },
        { identity: partner.did, amount: '1.14' },
      ],
      boughtFor: buyer.did,
    });
    const after = await Promise.all(
      [buyer, seller, partner, node.operator].map((who) => moneyOf(who, 'EUR')),
    );
    const gained = after.map(({ balance }, i) =>
      Math.round(100 * (Number(balance) - Number(before[i]!.balance))),
    );
    expect(gained).toEqual([-350, 228, 114, 8]);
    expect(after[0]?.held).toBe('0');

    expect(await canFetch(buyer, fileId)).toBe(true);
    expect(await canFetch(partner, fileId)).toBe(false);
    const license = await buyer.call(qmarket.license, { licenseId: bought.licenseId });
    expect(license).toMatchObject({
      state: 'ACTIVE',
      grant: bought.grant,
      intentId: bought.intentId,
      boughtBy: buyer.did,
    });
    expect(await partner.result(qmarket.license, { licenseId: bought.licenseId })).toMatchObject({
      code: 'QONSENT_DENIED',
    });
    const [sale] = (await seller.call(qmarket.sales, { listingId })).items;
    expect(sale).toMatchObject({ licenseId: bought.licenseId, fee: '0.08', price: '3.5' });
    expect(JSON.stringify(sale)).not.toContain(buyer.did);
    const { books } = await node.operator.call(ledger.books, {});
    expect(books.every(({ sum }) => sum === '0')).toBe(true);
    const events = await node.store.read(
      "SELECT data FROM kernel_outbox WHERE topic = 'q.qmarket.sold.v1' AND subject = :listingId",
      { listingId },
    );
    expect(events).toHaveLength(1);
  });

  it('counts in millionths of a rUv just as well', async () => {
    const { listingId } = await offer(market, { price: '1.000001', unit: 'rUv' });
    const { fee, shares } = await market.buyer.call(
      qmarket.purchase,
      buy(listingId, { unit: 'rUv', maxPrice: '1.000001' }),
    );
    expect(fee).toBe('0.025');
    expect(shares.map(({ amount }) => amount)).toEqual(['0.650001', '0.325']);
  });

  it('costs the price, not the limit, and is refused above the limit', async () => {
    const { listingId } = await offer(market);
    const answer = await market.buyer.result(
      qmarket.purchase,
      buy(listingId, { maxPrice: '3.49' }),
    );
    expect(answer).toMatchObject({
      code: 'PRICE_ABOVE_LIMIT',
      details: { price: '3.5', maxPrice: '3.49', unit: 'EUR' },
    });
    expect(
      await market.buyer.result(qmarket.purchase, buy(listingId, { unit: 'rUv' })),
    ).toMatchObject({ code: 'INPUT_INVALID' });
    expect(
      await market.buyer.result(qmarket.purchase, buy(listingId, { maxPrice: '3.5000' })),
    ).toMatchObject({ code: 'AMOUNT_INVALID' });
    expect(await market.seller.result(qmarket.purchase, buy(listingId))).toMatchObject({
      code: 'STATE_CONFLICT',
      details: { state: 'OWN' },
    });
    expect(await market.buyer.result(qmarket.purchase, buy('listing_none'))).toMatchObject({
      code: 'QINDEX_NOT_FOUND',
    });
  });

  it('by one of the sellers costs it the rest only', async () => {
    const { node, partner } = market;
    const insider = await node.person('insider');
    await fund(node, insider, '10', 'EUR');
    const { listingId } = await offer(market, {
      shares: [
        { identity: insider.did, weight: 1 },
        { identity: partner.did, weight: 1 },
      ],
    });
    const { price } = await insider.call(qmarket.purchase, buy(listingId));
    expect(price).toBe('3.5');
    // 3.50 less 0.08 is 3.42: 1.71 each.
    expect(await moneyOf(insider, 'EUR')).toEqual({ balance: '8.21', held: '0' });
  });

  it('that cannot be paid leaves nothing behind', async () => {
    const poor = await market.node.person('poor');
    await fund(market.node, poor, '3.49', 'EUR');
    const { listingId } = await offer(market);
    expect(await poor.result(qmarket.purchase, buy(listingId))).toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
    });
    expect((await poor.call(qmarket.licenses, {})).items).toEqual([]);
    expect(await canFetch(poor, market.fileId)).toBe(false);
    expect(await moneyOf(poor, 'EUR')).toMatchObject({ balance: '3.49', held: '0' });
    await fund(market.node, poor, '0.01', 'EUR');
    await poor.call(qmarket.purchase, buy(listingId));
    expect(await canFetch(poor, market.fileId)).toBe(true);
  });

  it('of what one holds already names the licence, unless the terms let it be consumed', async () => {
    const { listingId } = await offer(market);
    const { licenseId } = await market.buyer.call(qmarket.purchase, buy(listingId));
    expect(await market.buyer.result(qmarket.purchase, buy(listingId))).toMatchObject({
      code: 'STATE_CONFLICT',
      details: { licenseId, state: 'ACTIVE' },
    });
    const food = await offer(market, { terms: { kind: 'use', consumable: true } });
    const first = await market.buyer.call(qmarket.purchase, buy(food.listingId));
    const second = await market.buyer.call(qmarket.purchase, buy(food.listingId));
    expect(second.licenseId).not.toBe(first.licenseId);
  });

  it('sent again under its key, many times at once, is made and paid once', async () => {
    const { node, buyer } = market;
    const { listingId } = await offer(market);
    const before = await moneyOf(buyer, 'EUR');
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        buyer.result(qmarket.purchase, buy(listingId), { idempotencyKey: 'the-one-purchase' }),
      ),
    );
    const last = await buyer.result(qmarket.purchase, buy(listingId), {
      idempotencyKey: 'the-one-purchase',
    });
    for (const answer of answers)
      expect(answer.status === 'ok' ? 'SUCCESS' : answer.code).toMatch(
        /^(SUCCESS|CALL_IN_PROGRESS)$/,
      );
    expect(last).toMatchObject({ status: 'ok', replayed: true });
    const after = await moneyOf(buyer, 'EUR');
    expect(Math.round(100 * (Number(before.balance) - Number(after.balance)))).toBe(350);
    expect(node.errors).toEqual([]);
  });

  it('made many times at once under different keys is paid once all the same', async () => {
    const { buyer } = market;
    const { listingId } = await offer(market);
    const before = await moneyOf(buyer, 'EUR');
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => buyer.result(qmarket.purchase, buy(listingId))),
    );
    expect(answers.filter(({ status }) => status === 'ok')).toHaveLength(1);
    for (const answer of answers)
      if (answer.status === 'error') expect(answer.code).toBe('STATE_CONFLICT');
    const after = await moneyOf(buyer, 'EUR');
    expect(Math.round(100 * (Number(before.balance) - Number(after.balance)))).toBe(350);
    expect((await buyer.call(qmarket.licenses, { listingId })).items).toHaveLength(1);
  });

  it('has no first step of its own', async () => {
    const { listingId } = await offer(market);
    expect(await market.buyer.result(qmarket.order, buy(listingId))).toMatchObject({
      code: 'STATE_CONFLICT',
    });
    const { licenseId } = await market.buyer.call(qmarket.purchase, buy(listingId));
    expect(await market.buyer.result(qmarket.cancelOrder, { licenseId })).toMatchObject({
      code: 'STATE_CONFLICT',
    });
  });
});

describe('the end of a licence', () => {
  it('comes with its terms, and then it may be bought again', async () => {
    const visitor = await market.node.person('visitor');
    await fund(market.node, visitor, '20', 'EUR');
    const { listingId } = await offer(market, { terms: { kind: 'use', expiresAfter_s: 60 } });
    const first = await visitor.call(qmarket.purchase, buy(listingId));
    expect(first.expiresAt).toBeDefined();
    expect(await canFetch(visitor, market.fileId)).toBe(true);
    skew_ms += 62_000;
    // The signed time of a call follows the clock of this machine; the node's is ahead now.
    const later = { skew_ms };
    expect((await visitor.result(qdrive.get, { fileId: market.fileId }, later)).status).toBe(
      'error',
    );
    const { licenseId } = first;
    expect(await visitor.call(qmarket.license, { licenseId }, later)).toMatchObject({
      state: 'EXPIRED',
    });
    const again = await visitor.call(qmarket.purchase, buy(listingId), later);
    expect(again.licenseId).not.toBe(licenseId);
    skew_ms = 0;
  });

  it('comes no later than the delegation that it passes on', async () => {
    const { node, seller, fileId } = market;
    const exp_s = Math.floor(Date.now() / 1_000) + 1_000;
    const listing = await offer(market, {
      delegation: delegate(node, seller, fileId, { exp_s }),
      terms: { kind: 'use', expiresAfter_s: 86_400 },
    });
    expect(listing.expiresAt).toBe(new Date(exp_s * 1_000).toISOString());
    const { expiresAt } = await market.buyer.call(qmarket.purchase, buy(listing.listingId));
    expect(expiresAt).toBe(listing.expiresAt);
  });

  it('does not come with the withdrawal of the listing, but with the end of the delegation', async () => {
    const { node, seller, partner, buyer } = market;
    const fileId = await upload(node, seller);
    const listing = await offer(market, {
      fileId,
      title: 'Theremin',
      delegation: delegate(node, seller, fileId),
    });
    const { listingId } = listing;
    await buyer.call(qmarket.purchase, buy(listingId));
    expect(await partner.result(qmarket.withdraw, { listingId })).toMatchObject({
      code: 'QONSENT_DENIED',
    });
    await seller.call(qmarket.withdraw, { listingId });
    expect((await buyer.call(qmarket.search, { query: 'theremin' })).items).toEqual([]);
    expect(await partner.result(qmarket.purchase, buy(listingId))).toMatchObject({
      code: 'STATE_CONFLICT',
      details: { state: 'WITHDRAWN' },
    });
    expect(await seller.result(qmarket.withdraw, { listingId })).toMatchObject({
      code: 'STATE_CONFLICT',
    });
    expect(await canFetch(buyer, fileId)).toBe(true);
    await seller.call(qonsent.revoke, { grant: listing.grant });
    expect(await canFetch(buyer, fileId)).toBe(false);
  });

  it('of the delegation closes the listing to new buyers before any money is held', async () => {
    const listing = await offer(market);
    await market.seller.call(qonsent.revoke, { grant: listing.grant });
    const before = await moneyOf(market.buyer, 'EUR');
    expect(await market.buyer.result(qmarket.purchase, buy(listing.listingId))).toMatchObject({
      code: 'STATE_CONFLICT',
      details: { state: 'REVOKED' },
    });
    expect(await moneyOf(market.buyer, 'EUR')).toEqual(before);
  });
});
