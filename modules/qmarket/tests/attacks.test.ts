import { deriveKeys, toBase64url } from '@anarq/crypto';
import type { Books } from '@anarq/ledger/books';
import { ledger } from '@anarq/ledger/contract';
import { qdrive } from '@anarq/qdrive/contract';
import { qonsent } from '@anarq/qonsent/contract';
import { qwallet } from '@anarq/qwallet/contract';
import type { Actor } from '@anarq/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { qmarket } from '../src/contract.ts';
import {
  canFetch,
  fund,
  moneyOf,
  offer,
  startMarket,
  type Listing,
  type Market,
} from './support.ts';

/** How often a race is run: each asks without a pause for as long as a purchase takes. */
const ROUNDS = 3;
const MAX = { maxPrice: '5', unit: 'EUR' };
const STEPS = ['order', 'hold', 'capture', 'license', 'payout'];
const POINTS = STEPS.flatMap((step) => [
  `before-step qmarket.purchase ${step}`,
  `after-step qmarket.purchase ${step}`,
]);
const PAID = { balance: '6.5', held: '0' };
const UNTOUCHED = { balance: '10', held: '0' };

let market: Market;
let listing: Listing;
let atPoint: (point: string) => void = () => {};
beforeEach(async () => {
  atPoint = () => {};
  market = await startMarket({ probe: (point) => atPoint(point) });
  listing = await offer(market);
});
afterEach(async () => {
  // However they ended: no money on its way, no purchase that waits for a person, nothing broken.
  const { node } = market;
  const { books } = await node.operator.call(ledger.books, {});
  const waiting = await node.store.read(
    "SELECT operation, problem FROM kernel_process WHERE state <> 'DONE' AND state <> 'UNDONE'",
  );
  const inBooks = node.kernel.ownLog('ledger') as Books;
  const clearing = [];
  for (const unit of ['EUR', 'rUv']) {
    const account = await inBooks.account(node.kernel.node.tenant, `qwallet:clearing:${unit}`);
    if (account === undefined) continue;
    if (account.creditsPosted !== account.debitsPosted || account.creditsPending !== 0n)
      clearing.push(account.unit);
  }
  const unbalanced = books.filter(({ sum, pending }) => sum !== '0' || pending !== '0');
  const problems = [...waiting, ...clearing, ...unbalanced, ...node.errors];
  await node.close();
  if (problems.length > 0) throw new AggregateError(problems, JSON.stringify(problems));
});

const someone = async (name: string): Promise<Actor> => {
  const person = await market.node.person(name);
  await fund(market.node, person, '10', 'EUR');
  return person;
};

/** Does something once, beside the purchase, when it comes to a point; answers what became of it. */
function when<T>(point: string, act: () => Promise<T>): () => Promise<T | undefined> {
  let doing: Promise<T> | undefined;
  atPoint = (passed) => {
    if (passed === point) doing ??= act();
  };
  return async () => {
    atPoint = () => {};
    return doing;
  };
}

/** Somebody who buys for the buyer, under a grant that the buyer can end. */
async function helperOf(buyer: Actor): Promise<{ helper: Actor; grant: string }> {
  const helper = await market.node.person('helper');
  const command = '/qmarket/purchase';
  const token = market.node.kernel.services.grants.sign(
    {
      issuer: buyer.did,
      audience: helper.did,
      subject: buyer.did,
      command,
      policy: [],
      budget: { unit: 'EUR', total: '9' },
    },
    deriveKeys(buyer.seed, { index: 0 }),
  );
  const { grant } = await buyer.call(qonsent.grant, {
    audience: helper.did,
    command,
    token: toBase64url(token),
  });
  return { helper, grant };
}

/** Ends a grant at this very instant, before anything else of the node goes on. */
function revokeNow(grant: string): Promise<unknown> {
  const { node } = market;
  const revocation = node.kernel.services.grants.prepareRevoke(grant, Date.now());
  const committed = node.store.commit(revocation.statements);
  revocation.activate();
  return committed;
}

describe('who pays', () => {
  it.each(['void', 'capture', 'refund', 'payOut', 'giveBack'] as const)(
    'cannot move the payment of a purchase under way with %s',
    async (operation) => {
      for (const point of POINTS.slice(3)) {
        const buyer = await someone(`${operation} ${point}`);
        const attack = when(point, async () => {
          const [intent] = (await buyer.call(qwallet.intents, {})).items;
          const { code } = await buyer.result(qwallet[operation], {
            intentId: intent?.intentId ?? '',
          });
          return { code, status: intent?.status };
        });
        const bought = await buyer.result(qmarket.purchase, {
          listingId: listing.listingId,
          ...MAX,
        });
        const { code, status } = (await attack()) ?? {};
        expect([point, status]).not.toEqual([point, undefined]);
        // A refund after the payout is the recipients' to give.
        expect([point, code]).toEqual([
          point,
          operation === 'refund' ? 'QONSENT_DENIED' : 'STATE_CONFLICT',
        ]);
        expect(bought.status, point).toBe('ok');
        expect(await moneyOf(buyer, 'EUR'), point).toEqual(PAID);
      }
    },
    60_000,
  );

  it('cannot read the content and then make the payment fail', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const buyer = await someone(`reader ${round}`);
      const progress = { isOver: false };
      const buying = buyer
        .result(qmarket.purchase, { listingId: listing.listingId, ...MAX })
        .finally(() => {
          progress.isOver = true;
        });
      let hasRead = false;
      while (!progress.isOver && !hasRead) {
        const got = await buyer.result(qdrive.get, { fileId: market.fileId });
        hasRead = got.status === 'ok';
      }
      for (const { intentId } of (await buyer.call(qwallet.intents, {})).items)
        await buyer.result(qwallet.void, { intentId });
      expect((await buying).status).toBe('ok');
      expect(await moneyOf(buyer, 'EUR')).toEqual(PAID);
    }
  }, 60_000);
});

describe('who buys through somebody else, and ends that grant', () => {
  it('before the capture has all of its money back; after it has bought', async () => {
    for (const point of POINTS) {
      const buyer = await someone(point);
      const { helper, grant } = await helperOf(buyer);
      const ending = when(point, () => revokeNow(grant));
      const bought = await helper.result(
        qmarket.purchase,
        { listingId: listing.listingId, ...MAX },
        { subject: buyer.did },
      );
      await ending();
      const isCaptured =
        POINTS.indexOf(point) >= POINTS.indexOf('after-step qmarket.purchase capture');
      expect([point, bought.code]).toEqual([point, isCaptured ? 'SUCCESS' : 'GRANT_REVOKED']);
      expect(await moneyOf(buyer, 'EUR'), point).toEqual(isCaptured ? PAID : UNTOUCHED);
      expect(await canFetch(buyer, market.fileId), point).toBe(isCaptured);
      const { items } = await buyer.call(qmarket.licenses, {});
      expect(
        items.map(({ state }) => state),
        point,
      ).toEqual(isCaptured ? ['ACTIVE'] : []);
    }
  }, 60_000);

  it('never reads the content and keeps the money', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const buyer = await someone(`revoker ${round}`);
      const { helper, grant } = await helperOf(buyer);
      const progress = { isOver: false };
      const buying = helper
        .result(qmarket.purchase, { listingId: listing.listingId, ...MAX }, { subject: buyer.did })
        .finally(() => {
          progress.isOver = true;
        });
      let hasRead = false;
      while (!progress.isOver && !hasRead) hasRead = await canFetch(buyer, market.fileId);
      await buyer.call(qonsent.revoke, { grant });
      const bought = await buying;
      expect([hasRead, bought.code]).toEqual([true, 'SUCCESS']);
      expect(await canFetch(buyer, market.fileId)).toBe(true);
      expect(await moneyOf(buyer, 'EUR')).toEqual(PAID);
    }
  }, 60_000);
});

describe('who sells, and ends the delegation to the market', () => {
  it('after the money is taken and before the licence gives all of it back', async () => {
    const buyer = await someone('unlucky');
    const ending = when('after-step qmarket.purchase capture', () => revokeNow(listing.grant));
    const bought = await buyer.result(qmarket.purchase, { listingId: listing.listingId, ...MAX });
    await ending();
    expect(bought.code).toBe('GRANT_REVOKED');
    expect(await moneyOf(buyer, 'EUR')).toEqual(UNTOUCHED);
    expect((await buyer.call(qmarket.licenses, {})).items).toEqual([]);
    expect((await buyer.call(qwallet.intents, {})).items.map(({ status }) => status)).toEqual([
      'VOIDED',
    ]);
    expect((await market.seller.call(qmarket.sales, {})).items).toEqual([]);
    expect(await moneyOf(market.seller, 'EUR')).toEqual({ balance: '0', held: '0' });
  });
});

describe('the steps of a purchase', () => {
  it('are nobody’s to call: not the payer’s, and for others there is no such payment', async () => {
    const buyer = await someone('buyer of one');
    const { intentId } = await buyer.call(qmarket.purchase, {
      listingId: listing.listingId,
      ...MAX,
    });
    for (const op of [qwallet.payOut, qwallet.giveBack] as const) {
      expect((await buyer.result(op, { intentId })).code).toBe('STATE_CONFLICT');
      for (const other of [market.seller, market.partner, market.node.operator])
        expect((await other.result(op, { intentId })).code).toBe('QINDEX_NOT_FOUND');
    }
    const own = await buyer.call(qwallet.reserve, {
      amount: '1',
      unit: 'EUR',
      recipients: [{ identity: market.seller.did, amount: '1' }],
    });
    expect((await buyer.result(qwallet.capture, { intentId: own.intentId, keep: true })).code).toBe(
      'STATE_CONFLICT',
    );
    await buyer.call(qwallet.void, { intentId: own.intentId });
    expect(await moneyOf(buyer, 'EUR')).toEqual(PAID);
  });

  it('once settled leave the refund to those who were paid', async () => {
    const buyer = await someone('refunded');
    const { listingId } = await offer(market, {
      shares: [{ identity: market.node.operator.did, weight: 1 }],
    });
    const { intentId } = await buyer.call(qmarket.purchase, { listingId, ...MAX });
    expect((await buyer.result(qwallet.refund, { intentId })).code).toBe('QONSENT_DENIED');
    await market.node.operator.call(qwallet.refund, { intentId });
    expect(await moneyOf(buyer, 'EUR')).toEqual(UNTOUCHED);
  });
});
