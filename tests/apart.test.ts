import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ledger } from '@anarq/ledger/contract';
import { qdrive } from '@anarq/qdrive/contract';
import { qmarket } from '@anarq/qmarket/contract';
import { qwallet } from '@anarq/qwallet/contract';
import { startApart, type NodeApart } from './apartWorld.ts';
import { clientOf, peopled, PRICE, UNIT, type PurchaseWorld } from './purchaseWorld.ts';

describe('a node in two processes, one of which keeps the money', () => {
  let node: NodeApart;
  let world: PurchaseWorld;
  beforeAll(async () => {
    node = await startApart();
    world = await peopled(node.front.address, node.folder);
  }, 60_000);
  afterAll(async () => {
    await node.stop();
    await rm(node.folder, { recursive: true, force: true });
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
});
