import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createClient, delegate, http, keys } from '@anarq/common-clients';
import { deriveKeys, toBase64url } from '@anarq/crypto';
import { ledger } from '@anarq/ledger/contract';
import type { NodeAddress } from '@anarq/node';
import { qdrive } from '@anarq/qdrive/contract';
import { qmarket } from '@anarq/qmarket/contract';
import { qonsent } from '@anarq/qonsent/contract';
import { qwallet } from '@anarq/qwallet/contract';
import { squid } from '@anarq/squid/contract';
import { startApart, type NodeApart } from './apartWorld.ts';
import {
  clientOf,
  peopled,
  PRICE,
  removeWorld,
  UNIT,
  type Party,
  type PurchaseWorld,
} from './purchaseWorld.ts';

/** A client of the wallet alone: with nowhere to open a session, it signs each call in full. */
const walletOf = ({ url, node }: NodeAddress, { did, seed }: Party) =>
  createClient({
    contracts: [qwallet],
    transport: http({ url, credentials: keys({ did, seed, nodeDid: node }) }),
  });

describe('a node in two processes, one of which keeps the money', () => {
  let node: NodeApart;
  let world: PurchaseWorld;
  beforeAll(async () => {
    node = await startApart();
    world = await peopled(node.front.address, node.folder);
  }, 240_000);
  afterAll(async () => {
    await node.stop();
    await removeWorld(world);
  });

  it('is one node: both processes say the same identity, and keep logs of their own', () => {
    const { front, money } = node;
    expect(money.address.node).toBe(front.address.node);
    expect(money.address.operator).toBe(front.address.operator);
    expect(money.address.logKey).not.toBe(front.address.logKey);
  });

  it('sells across both: the money moves there, the licence is given here', async () => {
    const buyer = clientOf(node.front.address, world.buyer);
    const bought = await buyer.result(
      qmarket.purchase,
      { listingId: world.listingId, maxPrice: PRICE, unit: UNIT },
      { idempotencyKey: 'across' },
    );
    expect(bought).toMatchObject({ status: 'ok', data: { price: PRICE } });
    const { items: accounts } = await buyer.call(qwallet.accounts, {});
    expect(accounts).toMatchObject([{ unit: UNIT, available: '7', held: '0' }]);
    expect((await buyer.result(qdrive.get, { fileId: world.fileId })).code).toBe('SUCCESS');
    const operator = clientOf(node.front.address, {
      did: node.front.address.operator,
      seed: world.operatorSeed,
    });
    const { books } = await operator.call(ledger.books, {});
    expect(books.map(({ sum }) => sum)).toEqual(['0']);
  });

  it('stops in the other process at once what is revoked here', async () => {
    const buyer = clientOf(node.front.address, world.buyer);
    const seller = clientOf(node.front.address, world.seller);
    const token = delegate({
      keys: deriveKeys(world.buyer.seed, { index: 0 }),
      issuer: world.buyer.did,
      audience: world.seller.did,
      subject: world.buyer.did,
      command: '/wallet/read',
      policy: [],
    });
    const { grant } = await buyer.call(qonsent.grant, {
      audience: world.seller.did,
      command: '/wallet/read',
      token: toBase64url(token),
    });
    const read = () => seller.result(qwallet.accounts, {}, { subject: world.buyer.did });
    expect(await read()).toMatchObject({ status: 'ok', data: { items: [{ unit: UNIT }] } });
    await buyer.call(qonsent.revoke, { grant });
    expect((await read()).code).toBe('QONSENT_DENIED');
  });

  it('takes calls at either process, and lets nobody act there who is suspended here', async () => {
    const { front, money } = node;
    const seed = world.operatorSeed;
    const operator = clientOf(front.address, { did: front.address.operator, seed });
    const direct = walletOf(money.address, world.seller);
    expect((await direct.result(qwallet.accounts, {})).code).toBe('SUCCESS');
    await operator.call(squid.suspend, { did: world.seller.did });
    // At a process that was not asked through this one, as soon as the message arrived.
    await vi.waitFor(async () =>
      expect((await direct.result(qwallet.accounts, {})).code).toBe('SQUID_IDENTITY_INVALID'),
    );
    await operator.call(squid.resume, { did: world.seller.did });
    await vi.waitFor(async () =>
      expect((await direct.result(qwallet.accounts, {})).code).toBe('SUCCESS'),
    );
  });

  it('decides nothing more in a process that is not told any longer, until it is told again', async () => {
    const direct = walletOf(node.money.address, world.buyer);
    const ask = () => direct.result(qwallet.accounts, {}, { retry: false });
    await node.front.kill();
    await vi.waitFor(
      async () =>
        expect(await ask()).toMatchObject({
          code: 'SERVICE_UNAVAILABLE',
          details: { reason: 'FEED_STALE' },
        }),
      { timeout: 120_000, interval: 500 },
    );
    const health = await fetch(`${node.money.address.url}/health`);
    expect(await health.json()).toMatchObject({
      status: 'degraded',
      dependencies: { feed: { status: 'down' } },
    });
    await node.startFront();
    await vi.waitFor(async () => expect((await ask()).code).toBe('SUCCESS'), {
      timeout: 120_000,
      interval: 500,
    });
  }, 240_000);

  it('answers greetings and messages of this node only', async () => {
    const { url } = node.money.address;
    const body = Buffer.alloc(200, 7);
    const greeted = await fetch(`${url}/internal/greet`, { method: 'POST', body });
    const headers = { 'x-q-pairing': `${'A'.repeat(22)}.0` };
    const asked = await fetch(`${url}/internal/ask`, { method: 'POST', body, headers });
    expect([greeted.status, asked.status]).toEqual([401, 401]);
  });
});
