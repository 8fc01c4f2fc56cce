import { deriveKeys, toBase64url } from '@anarq/crypto';
import { qdrive } from '@anarq/qdrive/contract';
import { qonsent } from '@anarq/qonsent/contract';
import { squid } from '@anarq/squid/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { qmarket } from '../src/contract.ts';
import { canFetch, moneyOf, offer, startMarket, upload, type Market } from './support.ts';

let market: Market;
beforeAll(async () => {
  market = await startMarket();
});
afterAll(() => market.node.close());

describe('an agent with a budget', () => {
  it('buys for its principal, within the budget, and is told what stops it', async () => {
    const { node, buyer, fileId } = market;
    const agent = await buyer.call(squid.createAgent, { name: 'shopper' });
    const { grants } = node.kernel.services;
    const token = grants.sign(
      {
        issuer: buyer.did,
        audience: agent.did,
        subject: buyer.did,
        command: '/',
        policy: [
          [
            'or',
            ['qmarket.search', 'qmarket.purchase', 'qmarket.license', 'qdrive.get'].map((op) => [
              '==',
              '.op',
              op,
            ]),
          ],
        ],
        budget: { unit: 'EUR', total: '8', perCall: '5' },
      },
      deriveKeys(buyer.seed, { index: 0 }),
    );
    const { grant } = await buyer.call(qonsent.grant, {
      audience: agent.did,
      command: '/',
      token: toBase64url(token),
    });
    const bearer = await buyer.call(squid.issueToken, { agent: agent.did, grant });
    const shopper = node.withToken(agent.did, bearer.token);

    const first = await offer(market, { title: 'Bassoon lessons' });
    const [hit] = (await shopper.call(qmarket.search, { query: 'bassoon' })).items;
    expect(hit?.listingId).toBe(first.listingId);
    const order = (listingId: string, maxPrice: string) => ({ listingId, maxPrice, unit: 'EUR' });
    const bought = await shopper.call(qmarket.purchase, order(first.listingId, '5'));
    expect(bought.boughtFor).toBe(buyer.did);
    const { licenseId } = bought;
    expect(await shopper.call(qmarket.license, { licenseId })).toMatchObject({
      boughtBy: agent.did,
      boughtFor: buyer.did,
    });
    expect(await canFetch(shopper, fileId)).toBe(true);

    // It spent 3.50, not the 5 that it was ready to pay: 4.50 of 8 are left.
    const second = await offer(market);
    const tooMuch = await shopper.result(qmarket.purchase, order(second.listingId, '4.51'));
    expect(tooMuch).toMatchObject({ code: 'BUDGET_EXCEEDED', details: { why: { grant } } });
    expect(await shopper.result(qmarket.purchase, order(second.listingId, '5.01'))).toMatchObject({
      code: 'BUDGET_EXCEEDED',
    });
    await shopper.call(qmarket.purchase, order(second.listingId, '4.5'));
    expect(await moneyOf(buyer, 'EUR')).toEqual({ balance: '93', held: '0' });
    expect(await shopper.result(qmarket.withdraw, { listingId: second.listingId })).toMatchObject({
      code: 'QONSENT_DENIED',
    });

    await buyer.call(qonsent.revoke, { grant });
    expect((await shopper.result(qdrive.get, { fileId })).status).toBe('error');
    expect(await canFetch(buyer, fileId)).toBe(true);
  });
});

describe('an organisation', () => {
  it('sells through a member, and its licences stay when the member leaves', async () => {
    const { node, seller, partner, buyer } = market;
    const founded = await seller.call(squid.createOrganisation, { name: 'Cooperative' });
    const { grant: role } = await seller.call(squid.addMember, {
      organisation: founded.did,
      member: partner.did,
      role: 'member',
    });
    const onBehalf = { subject: founded.did };
    const fileId = await upload(node, partner, founded.did);
    const input = {
      fileId,
      title: 'Minutes of 2025',
      description: '',
      price: '2',
      unit: 'EUR',
      shares: [{ identity: founded.did, weight: 1 }],
      tags: [],
      terms: { kind: 'use' as const },
    };
    const listing = await partner.call(qmarket.list, input, onBehalf);
    expect(listing.seller).toBe(founded.did);
    await buyer.call(qmarket.purchase, {
      listingId: listing.listingId,
      maxPrice: '2',
      unit: 'EUR',
    });
    expect(await canFetch(buyer, fileId)).toBe(true);
    expect((await seller.call(qmarket.sales, {}, onBehalf)).items).toHaveLength(1);
    expect((await partner.call(qmarket.listings, {}, onBehalf)).items).toHaveLength(1);
    await seller.call(squid.removeMember, { organisation: founded.did, member: partner.did });
    expect((await seller.call(qonsent.get, { grant: role }, onBehalf)).inForce).toBe(false);
    expect(await canFetch(buyer, fileId)).toBe(true);
    expect((await partner.result(qmarket.list, input, onBehalf)).code).toBe('QONSENT_DENIED');
  });
});

describe('another tenant', () => {
  it('sees nothing of the market', async () => {
    const outsider = await market.node.person('outsider', 'elsewhere');
    const { listingId } = await offer(market, { title: 'Sousaphone' });
    expect((await outsider.call(qmarket.search, { query: 'sousaphone' })).items).toEqual([]);
    expect((await outsider.call(qmarket.search, {})).items).toEqual([]);
    expect(await outsider.result(qmarket.listing, { listingId })).toMatchObject({
      code: 'QINDEX_NOT_FOUND',
    });
    expect(
      await outsider.result(qmarket.purchase, { listingId, maxPrice: '5', unit: 'EUR' }),
    ).toMatchObject({ code: 'QINDEX_NOT_FOUND' });
  });
});
