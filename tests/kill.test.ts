import { ledger } from '@anarq/ledger/contract';
import { qdrive } from '@anarq/qdrive/contract';
import { qmarket } from '@anarq/qmarket/contract';
import { qwallet } from '@anarq/qwallet/contract';
import { startNodeProcess, type NodeProcess } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  clientOf,
  copyWorld,
  foldersOf,
  foundWorld,
  FUNDS,
  pointsOf,
  PRICE,
  removeWorld,
  UNIT,
  type PurchaseWorld,
} from './purchaseWorld.ts';

const KEY = 'the-purchase';
const AT_ONCE = 2;

describe('a purchase that is killed with kill -9 and started again', () => {
  let world: PurchaseWorld;
  let points: string[];
  beforeAll(async () => {
    world = await foundWorld({ sellerRevokes: false });
    points = await pointsOf(world);
  });
  afterAll(() => removeWorld(world));

  it('passes every step of its process', () => {
    for (const point of ['after-admission qmarket.purchase', 'after-outcome qmarket.purchase'])
      expect(points).toContain(point);
    expect(points.length).toBeGreaterThan(20);
  });

  it('ends exactly once, with money and licence in agreement, at each of its points', async () => {
    const wrong = await atEachPoint(world, points, async (node, copy) => {
      const buyer = clientOf(node.address, copy.buyer);
      const again = await buyer.result(qmarket.purchase, orderOf(copy), { idempotencyKey: KEY });
      const repeated = await buyer.result(qmarket.purchase, orderOf(copy), { idempotencyKey: KEY });
      const { items: licences } = await buyer.call(qmarket.licenses, {});
      const opened = await buyer.result(qdrive.get, { fileId: copy.fileId });
      return {
        again: again.code,
        repeated: repeated.status === 'ok' && repeated.replayed === true,
        left: await available(node, copy),
        held: await held(node, copy),
        licences: licences.map(({ state }) => state),
        opened: opened.code,
        books: await booksSum(node, copy),
      };
    });
    expect(wrong.filter(({ found }) => !isBought(found))).toEqual([]);
  }, 300_000);
});

describe('a purchase that cannot be fulfilled, killed while it is undone', () => {
  let world: PurchaseWorld;
  let points: string[];
  beforeAll(async () => {
    world = await foundWorld({ sellerRevokes: true });
    points = (await pointsOf(world)).filter((point) =>
      /undo|refuse|license|outcome|void|cancel/.test(point),
    );
  });
  afterAll(() => removeWorld(world));

  it('is wholly undone, and its key answers with the same refusal', async () => {
    expect(points.some((point) => point.startsWith('before-undo'))).toBe(true);
    const results = await atEachPoint(world, points, async (node, copy) => {
      const buyer = clientOf(node.address, copy.buyer);
      const again = await buyer.result(qmarket.purchase, orderOf(copy), { idempotencyKey: KEY });
      const { items: licences } = await buyer.call(qmarket.licenses, {});
      return {
        again: again.status,
        retryable: again.status === 'error' && again.retryable,
        left: await available(node, copy),
        held: await held(node, copy),
        licences: licences.length,
        opened: (await buyer.result(qdrive.get, { fileId: copy.fileId })).code,
        books: await booksSum(node, copy),
      };
    });
    const undone = {
      again: 'error',
      retryable: false,
      left: FUNDS,
      held: '0',
      licences: 0,
      opened: 'QONSENT_DENIED',
      books: '0',
    };
    expect(results.filter(({ found }) => JSON.stringify(found) !== JSON.stringify(undone))).toEqual(
      [],
    );
  }, 300_000);
});

function isBought(found: Record<string, unknown>): boolean {
  return (
    JSON.stringify(found) ===
    JSON.stringify({
      again: 'SUCCESS',
      repeated: true,
      left: String(Number(FUNDS) - Number(PRICE)),
      held: '0',
      licences: ['ACTIVE'],
      opened: 'SUCCESS',
      books: '0',
    })
  );
}

const orderOf = ({ listingId }: PurchaseWorld) => ({ listingId, maxPrice: PRICE, unit: UNIT });

async function available(node: NodeProcess, { buyer }: PurchaseWorld): Promise<string> {
  const { items } = await clientOf(node.address, buyer).call(qwallet.accounts, {});
  return items.find(({ unit }) => unit === UNIT)?.available ?? 'none';
}

async function held(node: NodeProcess, { buyer }: PurchaseWorld): Promise<string> {
  const { items } = await clientOf(node.address, buyer).call(qwallet.accounts, {});
  return items.find(({ unit }) => unit === UNIT)?.held ?? 'none';
}

async function booksSum(node: NodeProcess, { operatorSeed }: PurchaseWorld): Promise<string> {
  const operator = clientOf(node.address, { did: node.address.operator, seed: operatorSeed });
  const { books } = await operator.call(ledger.books, {});
  return books.map(({ sum }) => sum).join();
}

/** Kills a copy of the world at each point, starts it again, and looks. */
async function atEachPoint(
  world: PurchaseWorld,
  points: readonly string[],
  look: (node: NodeProcess, copy: PurchaseWorld) => Promise<Record<string, unknown>>,
): Promise<{ point: string; found: Record<string, unknown> }[]> {
  const results: { point: string; found: Record<string, unknown> }[] = [];
  const waiting = [...points];
  const work = async () => {
    for (let point = waiting.shift(); point !== undefined; point = waiting.shift())
      results.push({ point, found: await killedAt(world, point, look) });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}

async function killedAt(
  world: PurchaseWorld,
  killAt: string,
  look: (node: NodeProcess, copy: PurchaseWorld) => Promise<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const copy = await copyWorld(world);
  try {
    const doomed = await startNodeProcess({ ...foldersOf(copy.folder), killAt });
    await clientOf(doomed.address, copy.buyer).result(qmarket.purchase, orderOf(copy), {
      idempotencyKey: KEY,
      retry: false,
    });
    const signal = await doomed.exited;
    if (signal !== 'SIGKILL') return { signal };
    const node = await startNodeProcess(foldersOf(copy.folder));
    try {
      return await look(node, copy);
    } finally {
      await node.stop();
    }
  } finally {
    await removeWorld(copy);
  }
}
