import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { TransferFlag } from '@anarq/ledger-engine';
import { accountOf, plainTransfer, transfersBatch } from '@anarq/ledger-engine/testing';
import { openLocalOrdering } from '@anarq/ordering';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LedgerWriter } from '../../src/engine/index.ts';
import { causeOfText, OrderedLedger } from '../../src/ordered/index.ts';
import { LedgerClient, LedgerServer } from '../../src/socket/index.ts';
import { accounts, transfers } from '../engine/records.ts';
import { MemoryOrder, type MemoryNode } from './memoryOrder.ts';

const SMALL = { segmentPages: 300, groupPages: 273, sealEvents: 2_048, snapshotPages: 256 };

interface Node {
  readonly ledger: OrderedLedger;
  readonly engine: MemoryNode;
}

describe('a ledger whose batches come from an order', () => {
  let folder: string;
  let order: MemoryOrder;
  const open = new Map<string, OrderedLedger>();

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ordered-'));
    order = new MemoryOrder();
  });
  afterEach(async () => {
    for (const ledger of open.values()) await ledger.close();
    open.clear();
    await rm(folder, { recursive: true, force: true });
  });

  async function start(
    name: string,
    {
      groupSize = () => 100,
      accountsMax = 1_000,
    }: { groupSize?: () => number; accountsMax?: number } = {},
  ): Promise<Node> {
    const engines: MemoryNode[] = [];
    const ledger = await OrderedLedger.open({
      folder: join(folder, name),
      writer: { ...SMALL, accountsMax },
      order: async (applier) => {
        engines.push(order.engine(applier, groupSize));
        return engines[0]!;
      },
      onError: () => undefined,
    });
    open.set(name, ledger);
    return { ledger, engine: engines[0]! };
  }
  async function stop(name: string): Promise<void> {
    await open.get(name)?.close();
    open.delete(name);
  }

  async function agree(nodes: readonly Node[]): Promise<void> {
    const hashes: string[] = [];
    for (const { ledger, engine } of nodes) {
      await engine.caughtUp();
      await ledger.settled();
      hashes.push(Buffer.from(ledger.state.stateHash()).toString('hex') + ledger.status().history);
    }
    expect(new Set(hashes).size).toBe(1);
  }

  it('has the same books at each node, to the last bit and the last nanosecond', async () => {
    const nodes = [await start('a'), await start('b', { groupSize: () => 1 })];
    const [a, b] = nodes;
    await a!.ledger.createAccounts(accounts([1n, 2n]));
    const [one, other] = await Promise.all([
      a!.ledger.createTransfers(transfers(1, 50)),
      b!.ledger.createTransfers(transfers(50, 90)),
    ]);
    expect(other.timestamp).not.toBe(one.timestamp);
    await agree(nodes);
    // The pages are in the same places, too.
    expect(a!.ledger.writer.pages).toBe(b!.ledger.writer.pages);
  });

  it('acts once under a cause, and answers as it did the first time, also after a restart', async () => {
    const { ledger } = await start('a');
    const cause = causeOfText('invoice 17');
    await ledger.createAccounts(accounts([1n, 2n]));
    const [first, together] = await Promise.all([
      ledger.createTransfers(
        transfers(1, 40, (id) => (id === 7n ? { credit: 9n } : {})),
        cause,
      ),
      ledger.createTransfers(
        transfers(1, 40, (id) => (id === 7n ? { credit: 9n } : {})),
        cause,
      ),
    ]);
    expect(together).toEqual(first);
    expect(first.results[6]).not.toBe(0);
    await ledger.createTransfers(transfers(100, 120));
    await stop('a');
    // Without the index it is made again from the log.
    await rm(join(folder, 'a', 'order.sqlite'));
    const again = await start('a');
    expect(await again.ledger.createTransfers(transfers(1, 40), cause)).toEqual(first);
    expect(again.ledger.state.eventsCount).toBe(39 + 20);
    expect(accountOf(again.ledger.queries.account(1n)!).debitsPosted).toBe(38n * 5n + 20n * 5n);
  });

  it('refuses other transfers under a cause that is under way', async () => {
    const { ledger } = await start('a');
    const cause = causeOfText('invoice 17');
    const first = ledger.createTransfers(transfers(1, 2), cause);
    await expect(ledger.createTransfers(transfers(2, 3), cause)).rejects.toMatchObject({
      code: 'VERSION_CONFLICT',
    });
    await first;
  });

  it('refuses at every node what no node can take, and it may be brought again', async () => {
    const nodes = [await start('a', { accountsMax: 3 }), await start('b', { accountsMax: 3 })];
    const { ledger } = nodes[0]!;
    await ledger.createAccounts(accounts([1n, 2n]));
    const cause = causeOfText('too many');
    await expect(ledger.createAccounts(accounts([3n, 4n]), cause)).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
    expect((await ledger.createAccounts(accounts([3n]), cause)).results).toEqual(
      new Uint32Array([0]),
    );
    await agree(nodes);
  });

  it('passes over bytes that are no batch of a ledger', async () => {
    const nodes = [await start('a'), await start('b')];
    order.add({ key: 'no digest', bytes: new Uint8Array(28) });
    order.add({ key: 'A'.repeat(32), bytes: new Uint8Array(3) });
    order.add({ key: 'B'.repeat(32), bytes: new Uint8Array(28 + 128).fill(2) });
    await nodes[0]!.ledger.createAccounts(accounts([1n]));
    await agree(nodes);
    expect(nodes[1]!.ledger.state.accountsCount).toBe(1);
  });

  it('ends holds when the order says that their time is over, not before and not by a clock', async () => {
    const nodes = [await start('a'), await start('b')];
    const [a, b] = nodes;
    order.time_ns = 1_000_000_000_000_000_000n;
    await a!.ledger.createAccounts(accounts([1n, 2n]));
    const hold = { flags: TransferFlag.PENDING, timeout_s: 10 };
    await a!.ledger.createTransfers(transfersBatch([plainTransfer(1n, hold)]));
    await agree(nodes);
    order.time_ns += 9_000_000_000n;
    await b!.ledger.createTransfers(transfers(2, 3));
    expect(b!.ledger.queries.pendingStatus(1n)).toBe('pending');
    order.time_ns += 2_000_000_000n;
    await b!.ledger.createTransfers(transfers(3, 4));
    await agree(nodes);
    for (const { ledger } of nodes) expect(ledger.queries.pendingStatus(1n)).toBe('expired');
  });

  it('has the order end a hold where nobody brings anything', async () => {
    order.time_ns = BigInt(Date.now()) * 1_000_000n - 60_000_000_000n;
    const nodes = [await start('a'), await start('b')];
    await nodes[0]!.ledger.createAccounts(accounts([1n, 2n]));
    const hold = { flags: TransferFlag.PENDING, timeout_s: 1 };
    order.time_ns += 1n;
    const { timestamp } = await nodes[0]!.ledger.createTransfers(
      transfersBatch([plainTransfer(1n, hold)]),
    );
    order.time_ns = timestamp + 1_000_000_000n;
    for (const { ledger } of nodes)
      await expect.poll(() => ledger.queries.pendingStatus(1n)).toBe('expired');
    await agree(nodes);
  });

  it('looks again at a batch where an account of it was opened after the first look', async () => {
    const nodes = [await start('a'), await start('b')];
    const [a, b] = nodes;
    await a!.ledger.createAccounts(accounts([1n]));
    await agree(nodes);
    b!.engine.isPaused = true;
    // At b nobody knows account 2 yet; in the order it comes first.
    await a!.ledger.createAccounts(accounts([2n]));
    const looks: number[] = [];
    const brought = b!.ledger.createTransfers(transfers(1, 2), causeOfText('look'), (state) => {
      looks.push(state.accountsCount);
      if (looks.length > 1 && state.accountsCount === 2) throw new RangeError('not yours');
    });
    brought.catch(() => undefined);
    await b!.engine.caughtUp();
    await expect(brought).rejects.toThrow('not yours');
    expect(looks).toEqual([1, 2]);
    expect(b!.ledger.state.eventsCount).toBe(0);
    const good = await b!.ledger.createTransfers(
      transfers(1, 2),
      causeOfText('good'),
      () => undefined,
    );
    expect([...good.results]).toEqual([0]);
    await agree(nodes);
  });

  it('stops where the books of another node came apart from these', async () => {
    const [a, b] = [await start('a'), await start('b')];
    await a.ledger.createAccounts(accounts([1n, 2n]));
    await b.engine.caughtUp();
    await stop('b');
    // A bit of the history of b is another one, as after damage that nothing else noticed.
    const { DatabaseSync } = await import('node:sqlite');
    const index = new DatabaseSync(join(folder, 'b', 'order.sqlite'));
    index.exec(`UPDATE place SET digest = x'${'77'.repeat(32)}'`);
    index.close();
    const wrong = await start('b');
    await a.ledger.createTransfers(transfers(1, 2)).catch(() => undefined);
    await expect(wrong.engine.caughtUp()).rejects.toThrow(/another history/);
    expect(wrong.ledger.state.eventsCount).toBe(0);
  });

  it('makes an order of books that were written without one, for them and for copies of them', async () => {
    const before = await LedgerWriter.open(join(folder, 'a'), SMALL);
    await before.createAccounts(accounts([1n, 2n]));
    await before.createTransfers(transfers(1, 30));
    await before.close();
    await start('a');
    await stop('a');
    await cp(join(folder, 'a'), join(folder, 'b'), { recursive: true });
    const nodes = [await start('a'), await start('b')];
    await nodes[1]!.ledger.createTransfers(transfers(30, 40));
    await agree(nodes);
    await stop('a');
    await expect(LedgerWriter.open(join(folder, 'a'), SMALL)).rejects.toMatchObject({
      code: 'FOLDER_UNUSABLE',
    });
  });

  it('is served on a socket that says what its order bears, each batch one of its own', async () => {
    const { ledger } = await start('a');
    const cause = causeOfText('the connection');
    const admission = {
      cause,
      check: (kind: string, records: Uint8Array) =>
        kind === 'transfers' && records.byteLength > 128 * 50 ? 'too many' : undefined,
    };
    const path = join(folder, 'socket');
    const server = await LedgerServer.start(ledger.served, {
      listen: { path },
      gate: () => admission,
    });
    const client = await LedgerClient.connect({ path }, {});
    try {
      expect(client.greeting).toEqual({ order: ledger.faultModel });
      await client.createAccounts(accounts([1n, 2n]));
      await client.createTransfers(transfers(1, 10));
      await client.createTransfers(transfers(10, 20));
      await expect(client.createTransfers(transfers(20, 80))).rejects.toMatchObject({
        code: 'QONSENT_DENIED',
      });
      expect(ledger.state.eventsCount).toBe(19);
    } finally {
      await client.close();
      await server.close();
    }
  });

  it('stands behind one writer as well, with an order of its own', async () => {
    const ledger = await OrderedLedger.open({
      folder: join(folder, 'single'),
      writer: SMALL,
      order: async (applier) => openLocalOrdering({ applier }),
      onError: () => undefined,
    });
    open.set('single', ledger);
    expect(ledger.faultModel.name).toBe('local');
    await ledger.createAccounts(accounts([1n, 2n]));
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        ledger.createTransfers(transfers(index * 10 + 1, index * 10 + 11)),
      ),
    );
    expect(answers.every(({ results }) => results.every((result) => result === 0))).toBe(true);
    expect(ledger.status()).toMatchObject({ state: 'ready', waiting: 0 });
  });

  it('has equal books at all nodes under any interleaving, with restarts, repetitions and any clock', async () => {
    const step = fc.record({
      node: fc.nat({ max: 2 }),
      kind: fc.constantFrom(
        'transfers',
        'transfers',
        'hold',
        'resolve',
        'accounts',
        'repeat',
        'restart',
        'pause',
      ),
      id: fc.nat({ max: 12 }),
      count: fc.constantFrom(1, 2, 31, 90),
      seconds: fc.integer({ min: -3, max: 6 }),
      waits: fc.boolean(),
    });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 3, maxLength: 30 }),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 3, maxLength: 3 }),
        async (steps, groups) => {
          order = new MemoryOrder();
          const names = ['x', 'y', 'z'].map((name) => `${run}${name}`);
          run++;
          const startAt = (index: number): Promise<Node> =>
            start(names[index]!, { groupSize: () => groups[index]!, accountsMax: 9 });
          const nodes = await Promise.all(names.map((_, index) => startAt(index)));
          await nodes[0]!.ledger.createAccounts(accounts([1n, 2n, 3n]));
          const under: Promise<unknown>[] = [];
          for (const [place, { node, kind, id, count, seconds, waits }] of steps.entries()) {
            order.time_ns += BigInt(seconds) * 1_000_000_000n;
            const { ledger, engine } = nodes[node]!;
            if (kind === 'restart') {
              await stop(names[node]!);
              nodes[node] = await startAt(node);
              continue;
            }
            engine.isPaused = kind === 'pause';
            if (kind === 'pause') continue;
            const first = 1 + place * 100;
            const brought = bring(ledger, { kind, id, count, first, place });
            under.push(brought.catch(() => undefined));
            if (waits) {
              await engine.caughtUp();
              await under.at(-1);
            }
          }
          for (const { engine } of nodes) await engine.caughtUp();
          await Promise.all(under);
          await agree(nodes);
          await stop(names[1]!);
          nodes[1] = await startAt(1);
          await agree(nodes);
          expect(nodes[1].ledger.status().applied).toBeLessThanOrEqual(BigInt(order.length));
          for (const name of names) await stop(name);
        },
      ),
      { numRuns: 8 },
    );
  });
});

interface Step {
  readonly kind: string;
  readonly id: number;
  readonly count: number;
  readonly first: number;
  readonly place: number;
}

function bring(ledger: OrderedLedger, { kind, id, count, first, place }: Step): Promise<unknown> {
  const { PENDING, POST_PENDING, VOID_PENDING } = TransferFlag;
  switch (kind) {
    case 'accounts':
      return ledger.createAccounts(accounts([BigInt(id), BigInt(id + 1)]));
    case 'hold': {
      const hold = { flags: PENDING, timeout_s: 1 + (id % 4) };
      return ledger.createTransfers(
        transfers(first, first + count, () => hold),
        undefined,
        () => undefined,
      );
    }
    case 'resolve': {
      const flags = id % 2 === 0 ? POST_PENDING : VOID_PENDING;
      const amount = id % 2 === 0 ? 2n ** 128n - 1n : 0n;
      const ends = transfers(first, first + count, (own) => ({
        flags,
        amount,
        // Of one of the batches before, where that was one of holds.
        pendingId: own - BigInt(100 * (1 + (id % 3))),
      }));
      return ledger.createTransfers(ends, undefined, () => undefined);
    }
    case 'repeat':
      return ledger.createTransfers(
        transfers(900_000 + id, 900_001 + id),
        causeOfText(`same ${id}`),
      );
    default:
      return ledger.createTransfers(
        transfers(first, first + count, (own) => ({
          debit: 1n + (own % 3n),
          credit: 1n + ((own + 1n) % 3n),
        })),
        causeOfText(`step ${place}`),
      );
  }
}
