import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importPrivateKey, signSingle } from '@anarq/crypto';
import { CommitFeed, openDagBftOrdering } from '@anarq/ordering';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seedOf, TestChain } from '../../../../packages/validator/tests/testChain.ts';
import { causeOfText, OrderedLedger } from '../../src/ordered/index.ts';
import { accounts, transfers } from '../engine/records.ts';

const SMALL = { segmentPages: 600, groupPages: 273 };

describe('a ledger that validators order', () => {
  let folder: string;
  let chain: TestChain;
  const open = new Map<number, OrderedLedger>();

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ordered-'));
    chain = new TestChain(4, 2);
  });
  afterEach(async () => {
    for (const ledger of open.values()) await ledger.close();
    open.clear();
    await chain.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** A validator, and books at it under the account of a person. */
  async function start(at: number): Promise<OrderedLedger> {
    const feed = new CommitFeed();
    const { validator } = await chain.open(at, { archive: feed.archive });
    const { account: id, publicKey } = chain.people[at]!;
    const key = importPrivateKey('mldsa65', seedOf(3, at));
    const ledger = await OrderedLedger.open({
      folder: join(folder, String(at)),
      writer: SMALL,
      comparesBooks: false,
      order: async (applier) =>
        openDagBftOrdering({
          validator,
          feed,
          folder: join(folder, String(at), 'joins'),
          space: 'books',
          members: chain.people.map(({ account }) => account),
          account: { id, publicKey, sign: (bytes) => signSingle(key, bytes) },
          fee: 1n,
          applier,
          onError: () => undefined,
        }),
      onError: () => undefined,
    });
    open.set(at, ledger);
    return ledger;
  }

  async function agree(ledgers: readonly OrderedLedger[], events: number): Promise<void> {
    for (const ledger of ledgers)
      await expect.poll(() => ledger.state.eventsCount, { timeout: 30_000 }).toBe(events);
    const hashes = ledgers.map((ledger) => Buffer.from(ledger.state.stateHash()).toString('hex'));
    expect(new Set(hashes).size).toBe(1);
    expect(new Set(ledgers.map((ledger) => ledger.status().history)).size).toBe(1);
  }

  it('has the same books at two of them, though one crashes, another is away, and batches are large', async () => {
    const a = await start(0);
    let b = await start(1);
    await Promise.all([chain.open(2), chain.open(3)]);
    await a.createAccounts(accounts([1n, 2n]));
    // 8,000 records travel in eighteen transactions.
    const large = a.createTransfers(transfers(1, 8_001));
    const small = [1, 2, 3].map((n) =>
      b.createTransfers(transfers(10_000 * n, 10_000 * n + 10), causeOfText(`small ${n}`)),
    );
    await Promise.all([large, ...small]);
    await agree([a, b], 8_030);
    await chain.kill(3);
    await a.createTransfers(transfers(50_000, 50_010), causeOfText('without 3'));
    await chain.open(3);
    // A node whose validator and whose books end in the middle of something.
    const under = [4, 5, 6].map((n) =>
      b.createTransfers(transfers(10_000 * n, 10_000 * n + 10), causeOfText(`small ${n}`)),
    );
    void Promise.allSettled(under);
    open.delete(1);
    await Promise.all([b.close(), chain.kill(1)]);
    b = await start(1);
    for (const n of [4, 5, 6])
      await b.createTransfers(transfers(10_000 * n, 10_000 * n + 10), causeOfText(`small ${n}`));
    await agree([a, b], 8_070);
    expect(a.faultModel.name).toBe('dag-bft');
  });
});
