import { randomUUID } from 'node:crypto';
import { cp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { InputOf } from '@anarq/common-schemas';
import { squid } from '@anarq/squid/contract';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { FAULT_MODELS } from '@anarq/ordering/fault-models';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SEGMENT_PAGES } from '../src/books/books.ts';
import { copyBooks } from '../src/books/copyBooks.ts';
import { accountKey } from '../src/books/keys.ts';
import { ledger } from '../src/contract.ts';
import { LedgerWriter } from '../src/engine/writer.ts';

type Transfer = InputOf<typeof ledger.createTransfers>['transfers'][number];

/** Stops the node at a named place, once: what is neither in the store nor in the books is lost. */
class Stop extends Error {}

/** Between the decision about a call, the books, and its outcome in the store. */
const POINTS = ['after-admission', 'before-outcome'];

describe('a call that is in the books before its outcome is in the store', () => {
  let node: TestNode;
  let alice: Actor;
  let atPoint: (point: string) => void;

  beforeEach(async () => {
    atPoint = () => {};
    node = await startTestNode({ modules: ['squid', 'ledger'], probe: (point) => atPoint(point) });
    alice = await node.person('alice');
    const limited = ['debits_must_not_exceed_credits' as const];
    await alice.call(ledger.createAccounts, {
      accounts: [
        { id: 'world', unit: 'EUR', code: 1, flags: [] },
        { id: 'till', unit: 'EUR', code: 1, flags: limited },
      ],
    });
  });
  afterEach(async () => node.close());

  const stopAt = (wanted: string): void => {
    atPoint = (point) => {
      if (point !== wanted) return;
      atPoint = () => {};
      throw new Stop(point);
    };
  };
  const pay = (id: string, from: string, to: string, amount: string, more = {}): Transfer => ({
    id,
    debitAccountId: from,
    creditAccountId: to,
    amount,
    unit: 'EUR',
    code: 1,
    ...more,
  });
  const inTill = async () =>
    (await alice.call(ledger.account, { accountId: 'till' })).creditsPosted;

  it.each(POINTS)('moves money once and tells what it did first, stopped %s', async (where) => {
    const idempotencyKey = randomUUID();
    const transfers = [
      pay('one', 'world', 'till', '5'),
      // Refused for a passing reason, whose id is used up: the second time it would be another answer.
      pay('two', 'till', 'world', '9'),
      pay('three', 'world', 'till', '5', { flags: ['linked'] }),
      pay('four', 'world', 'till', '1', { code: 2 }),
    ];
    stopAt(`${where} ledger.createTransfers`);
    await alice.result(ledger.createTransfers, { transfers }, { idempotencyKey });
    await node.restart();
    const told = await alice.call(ledger.createTransfers, { transfers }, { idempotencyKey });
    expect(told.results.map(({ result }) => result)).toStrictEqual([
      'created',
      'exceeds_credits',
      'created',
      'created',
    ]);
    expect(await inTill()).toBe('11');
    const { items } = await alice.call(ledger.transfers, { accountId: 'till' });
    expect(items.map(({ id }) => id)).toStrictEqual(['one', 'three', 'four']);
    const again = await alice.call(ledger.createTransfers, { transfers });
    expect(again.results.map(({ result }) => result)).toStrictEqual([
      'exists',
      'id_already_failed',
      'exists',
      'linked_event_failed',
    ]);
  });

  it.each(POINTS)('opens a chain of accounts once, stopped %s', async (where) => {
    const idempotencyKey = randomUUID();
    const accounts = [
      { id: 'a', unit: 'EUR', code: 1, flags: ['linked' as const] },
      { id: 'b', unit: 'EUR', code: 1, flags: [], userData: 'the second' },
    ];
    stopAt(`${where} ledger.createAccounts`);
    await alice.result(ledger.createAccounts, { accounts }, { idempotencyKey });
    await node.restart();
    const told = await alice.call(ledger.createAccounts, { accounts }, { idempotencyKey });
    expect(told.results.map(({ result }) => result)).toStrictEqual(['created', 'created']);
    // What the store knows is in the books, so they open again, and are copied whole.
    await node.restart();
    const to = join(node.folder, 'copy');
    const from = join(node.folder, 'data', 'logs', 'ledger');
    await copyBooks({ from, to, read: (sql) => node.store.read(sql) });
    const copy = await LedgerWriter.open(to, { segmentPages: SEGMENT_PAGES });
    expect(copy.queries.account(accountKey(node.kernel.node.tenant, 'b'))).toBeInstanceOf(
      Uint8Array,
    );
    await copy.close();
    expect((await alice.call(ledger.account, { accountId: 'b' })).userData).toBe('the second');
    expect(
      (await alice.call(ledger.createAccounts, { accounts })).results.map(({ result }) => result),
    ).toStrictEqual(['exists', 'linked_event_failed']);
  });

  /** Holds up the commit that tells of a transfer, until it is let go. */
  const holdOutcomeOf = (id: string): (() => void) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { store } = node;
    const commit = store.commit.bind(store);
    let isHeld = false;
    store.commit = async (statements) => {
      if (!isHeld && JSON.stringify(statements, plain).includes(`"${id}"`)) {
        isHeld = true;
        await promise;
      }
      return commit(statements);
    };
    return resolve;
  };
  const list = async () =>
    (await alice.call(ledger.transfers, { accountId: 'till' })).items.map(({ id }) => id);

  it('does not start on a store without its books, nor with those of another', async () => {
    const books = join(node.folder, 'data', 'logs', 'ledger');
    const moved = `${books}-elsewhere`;
    const other = await startTestNode({ modules: ['ledger'], store: 'sqlite' });
    await other.restart();
    await node.stop();
    try {
      await rename(books, moved);
      await expect(node.start()).rejects.toMatchObject({ code: 'FOLDER_UNUSABLE' });
      await cp(join(other.folder, 'data', 'logs', 'ledger'), books, { recursive: true });
      await expect(node.start()).rejects.toMatchObject({ code: 'FOLDER_UNUSABLE' });
      await rm(books, { recursive: true });
      await rename(moved, books);
      await node.start();
      expect(await inTill()).toBe('0');
    } finally {
      await other.close();
    }
  });

  it('shows no transfer before it is told, nor what came after it, and all of them then', async () => {
    await alice.call(ledger.createTransfers, { transfers: [pay('one', 'world', 'till', '1')] });
    const letGo = holdOutcomeOf('two');
    const late = alice.call(ledger.createTransfers, {
      transfers: [pay('two', 'world', 'till', '1')],
    });
    await expect.poll(inTill).toBe('2');
    await alice.call(ledger.createTransfers, { transfers: [pay('six', 'world', 'till', '1')] });
    expect(await list()).toStrictEqual(['one']);
    letGo();
    await late;
    expect(await list()).toStrictEqual(['one', 'two', 'six']);
  });

  it('is done, though somebody stopped who called: it says so, and what comes next is refused', async () => {
    const letGo = holdOutcomeOf('two');
    const late = alice.result(ledger.createTransfers, {
      transfers: [pay('two', 'world', 'till', '1')],
    });
    await expect.poll(inTill).toBe('1');
    await node.operator.call(squid.stop, { who: alice.did });
    letGo();
    expect(await late).toMatchObject({ status: 'ok', data: { results: [{ result: 'created' }] } });
    const [process] = await node.store.read(
      "SELECT state FROM kernel_process WHERE operation = 'ledger.createTransfers'",
    );
    expect(process).toStrictEqual({ state: 'DONE' });
    const next = { transfers: [pay('six', 'world', 'till', '1')] };
    expect((await alice.result(ledger.createTransfers, next)).status).toBe('error');
    const { books, order } = await node.operator.call(ledger.books, {});
    expect(order).toEqual(FAULT_MODELS.local);
    expect(books).toMatchObject([{ debits: '1', credits: '1', sum: '0' }]);
  });

  it('is not begun where somebody stopped who called before it was in the books', async () => {
    atPoint = (point) => {
      if (point !== 'after-admission ledger.createTransfers') return;
      atPoint = () => {};
      throw new Stop(point);
    };
    const cut = await alice.result(ledger.createTransfers, {
      transfers: [pay('two', 'world', 'till', '1')],
    });
    expect(cut.status).toBe('error');
    await node.operator.call(squid.stop, { who: alice.did });
    await node.restart();
    await expect
      .poll(() =>
        node.store.read("SELECT state, stop_code FROM kernel_process WHERE state <> 'DONE'"),
      )
      .toStrictEqual([{ state: 'UNDONE', stop_code: 'STOPPED' }]);
    const { books } = await node.operator.call(ledger.books, {});
    expect(books).toMatchObject([{ debits: '0', credits: '0' }]);
  });
});

const plain = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' || value instanceof Uint8Array ? String(value) : value;
