import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestNode } from '@anarq/testing';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { booksOf } from '../src/books/books.ts';
import { ledger } from '../src/contract.ts';
import { LedgerWriter } from '../src/engine/index.ts';
import { Segments } from '../src/engine/segments.ts';
import { accounts, transfers } from './engine/records.ts';
import { has, openAccounts } from './transactionFixture.ts';

const CALLS = 64;

afterEach(() => {
  vi.restoreAllMocks();
});

/** How often the log was written and synced since: each group of batches is once. */
function countSyncs(): () => number {
  const write = vi.spyOn(Segments.prototype, 'write');
  return () => write.mock.calls.length;
}

it('single transfers that come over a node at once are batches of their own, and share their syncs', async () => {
  const node = await startTestNode({ modules: ['ledger'] });
  onTestFinished(() => node.close());
  const alice = await node.person('alice');
  await openAccounts(alice, ['world', 'a']);
  const books = booksOf({ ownLog: node.kernel.ownLog('ledger') });
  const make = async (id: string) => {
    const transfer = { id, debitAccountId: 'world', creditAccountId: 'a', amount: '1', code: 1 };
    const { results } = await alice.call(ledger.createTransfers, {
      transfers: [{ ...transfer, unit: 'EUR' }],
    });
    return results[0]?.result;
  };
  const pages = books.pages;
  const syncs = countSyncs();
  const ids = Array.from({ length: CALLS }, (_, index) => `t${index}`);
  expect(new Set(await Promise.all(ids.map(make)))).toStrictEqual(new Set(['created']));
  expect(books.pages - pages).toBe(CALLS);
  expect(syncs()).toBeLessThanOrEqual(CALLS / 4);
  expect(await has(alice, 'a')).toBe(CALLS);
  // One after another they are synced one by one: nobody waits for company.
  const before = syncs();
  for (const id of ['u1', 'u2', 'u3']) expect(await make(id)).toBe('created');
  expect(syncs() - before).toBe(3);
});

it('batches that are brought to the writer at once take two syncs at most', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ledger-'));
  const writer = await LedgerWriter.open(folder, { segmentPages: 300, groupPages: 300 });
  try {
    await writer.createAccounts(accounts([1n, 2n]));
    const { pages } = writer;
    const syncs = countSyncs();
    await Promise.all(
      Array.from({ length: CALLS }, (_, index) =>
        writer.createTransfers(transfers(index + 1, index + 2)),
      ),
    );
    expect(writer.pages - pages).toBe(CALLS);
    expect(syncs()).toBeLessThanOrEqual(2);
  } finally {
    await writer.close();
    await rm(folder, { recursive: true, force: true });
  }
});
