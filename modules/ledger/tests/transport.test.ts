import { randomUUID } from 'node:crypto';
import type { InputOf, OutputOf } from '@anarq/common-schemas';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ledger } from '../src/contract.ts';

type Transfer = InputOf<typeof ledger.createTransfers>['transfers'][number];
type Import = InputOf<typeof ledger.importBooks>;

/** Stops the node at a named place, once. */
class Stop extends Error {}

const startAt = (now_ms: () => number, probe: (point: string) => void = () => {}) =>
  startTestNode({ modules: ['ledger'], now_ms, probe });

/** Imported holds do not end by themselves. */
function withoutEnd<T extends { expiresAt?: string }>(of: T): Omit<T, 'expiresAt'> {
  const { expiresAt: _, ...rest } = of;
  return rest;
}

/** All pages of an export. */
async function exported(who: Actor, skew_ms = 0, limit = 100): Promise<Import> {
  const all: Import = { accounts: [], transfers: [] };
  let cursor: string | undefined;
  do {
    const page: OutputOf<typeof ledger.exportBooks> = await who.call(
      ledger.exportBooks,
      { limit, ...(cursor === undefined ? {} : { cursor }) },
      { skew_ms },
    );
    all.accounts.push(...page.accounts);
    all.transfers.push(...page.transfers);
    cursor = page.next;
  } while (cursor !== undefined);
  return all;
}

/** Imports in the order of the export, some at once. @returns the distinct results */
async function imported(who: Actor, { accounts, transfers }: Import, skew_ms = 0) {
  const results = new Set<string>();
  const most = Math.max(accounts.length, transfers.length);
  for (const part of [
    { accounts, transfers: [] },
    { accounts: [], transfers },
  ])
    for (let at = 0; at < most; at += 30) {
      const input = {
        accounts: part.accounts.slice(at, at + 30),
        transfers: part.transfers.slice(at, at + 30),
      };
      const told = await who.call(ledger.importBooks, input, { skew_ms });
      for (const { result } of [...told.accounts, ...told.transfers]) results.add(result);
    }
  return [...results];
}

describe('books that go from one node to another', () => {
  const still_ms = Date.now();
  const clock = { skew_ms: 0 };
  const skew = () => still_ms + clock.skew_ms - Date.now();
  const now = () => new Date(still_ms + clock.skew_ms).toISOString();
  let from: TestNode;
  let to: TestNode;
  let ana: Actor;
  let books: Import;
  /** Instants at which the first node was looked at. */
  const instants: string[] = [];

  const move = async (who: Actor, ...transfers: Transfer[]) => {
    clock.skew_ms += 5;
    const { results } = await who.call(ledger.createTransfers, { transfers }, { skew_ms: skew() });
    instants.push(now());
    return results.map(({ result }) => result);
  };
  const pay = (id: string, debit: string, credit: string, amount: string, more = {}): Transfer => ({
    id,
    debitAccountId: debit,
    creditAccountId: credit,
    amount,
    unit: 'EUR',
    code: 1,
    ...more,
  });

  beforeAll(async () => {
    from = await startAt(() => still_ms + clock.skew_ms);
    ana = await from.person('ana');
    await from.operator.call(ledger.createAccounts, {
      accounts: [
        { id: 'world', unit: 'EUR', code: 30, flags: ['linked'] },
        { id: 'till', unit: 'EUR', code: 11, flags: ['history'], userData: 'the till' },
        { id: 'kept', unit: 'EUR', code: 21, flags: [], holder: ana.did },
        { id: 'odd', unit: 'rUv', code: 21, flags: [] },
        { id: 'even', unit: 'rUv', code: 11, flags: [] },
      ],
    });
    await ana.call(ledger.createAccounts, {
      accounts: [{ id: 'purse', unit: 'EUR', code: 21, flags: ['debits_must_not_exceed_credits'] }],
    });
    const { operator } = from;
    await move(
      operator,
      { ...pay('c1', 'world', 'till', '90'), flags: ['linked'] },
      pay('c2', 'till', 'purse', '40.5', { userData: 'wages' }),
    );
    await move(operator, pay('r1', 'odd', 'even', '0.000001', { unit: 'rUv' }));
    await move(ana, pay('h1', 'purse', 'kept', '9', { flags: ['pending'], timeout_s: 1 }));
    await move(ana, pay('h2', 'purse', 'till', '8', { flags: ['pending'] }));
    await move(ana, pay('h3', 'purse', 'till', '7', { flags: ['pending'], userData: 'hold' }));
    await move(ana, { id: 'p2', pendingId: 'h2', amount: '5', flags: ['post_pending'] });
    await move(ana, { id: 'v3', pendingId: 'h3', flags: ['void_pending'] });
    await move(ana, pay('no', 'purse', 'till', '1000'));
    clock.skew_ms += 1_500;
    await move(ana, pay('all', 'purse', 'kept', '100', { flags: ['balancing_debit'] }));
    await move(operator, pay('open', 'till', 'kept', '3', { flags: ['pending'], timeout_s: 900 }));
    await move(
      operator,
      pay('end', 'even', 'odd', '0', { unit: 'rUv', flags: ['pending', 'closing_debit'] }),
    );
    for (let i = 0; i < 3; i++)
      await move(
        operator,
        ...Array.from({ length: 20 }, (_, n) => pay(`m${i}-${n}`, 'world', 'till', '0.01')),
      );
    clock.skew_ms += 1;
    books = await exported(from.operator, skew(), 7);
    to = await startAt(() => still_ms + clock.skew_ms);
  });
  afterAll(async () => {
    const errors = [...from.errors, ...to.errors];
    await from.close();
    await to.close();
    if (errors.length > 0) throw new AggregateError(errors, 'something went wrong inside');
  });

  const all = async (node: TestNode) => {
    const ask = { skew_ms: skew() };
    const limit = { limit: 200 };
    const plain = <T extends { flags: string[] }>(of: T) => ({
      ...of,
      flags: of.flags.filter((flag) => flag !== 'imported' && flag !== 'linked'),
    });
    return {
      accounts: (await node.operator.call(ledger.queryAccounts, limit, ask)).items.map(plain),
      transfers: (await node.operator.call(ledger.queryTransfers, limit, ask)).items.map(plain),
    };
  };

  it('hold the same accounts, balances and transfers there, at the same times', async () => {
    expect(await imported(to.operator, books, skew())).toStrictEqual(['created']);
    const [was, is] = [await all(from), await all(to)];
    expect(is.accounts).toStrictEqual(was.accounts);
    // A hold whose time was over is one that was voided then.
    const [[expired], left] = [
      is.transfers.filter(({ id }) => id.startsWith('expired-')),
      is.transfers.filter(({ id }) => !id.startsWith('expired-')),
    ];
    expect(expired).toMatchObject({ pendingId: 'h1', amount: '9', flags: ['void_pending'] });
    const expected = was.transfers
      .map(withoutEnd)
      .map((of) => (of.phase === 'expired' ? { ...of, phase: 'voided' } : of));
    expect(left).toStrictEqual(expected);
    expect(was.transfers.length).toBeGreaterThan(70);
  });

  it('give the same trial balance as of each instant of the past', async () => {
    const seen = new Set<string>();
    for (const asOf of instants) {
      const [was, is] = await Promise.all(
        [from, to].map(({ operator }) =>
          operator.call(ledger.trialBalance, { asOf }, { skew_ms: skew() }),
        ),
      );
      expect(is).toStrictEqual(was);
      seen.add(JSON.stringify(was?.totals));
    }
    expect(seen.size).toBeGreaterThan(5);
  });

  it('are exported again as they came, and imported again change nothing', async () => {
    const again = await exported(to.operator, skew());
    const plain = ({ accounts, transfers }: Import) => ({
      accounts,
      transfers: transfers.map(withoutEnd),
    });
    expect(plain(again)).toStrictEqual(plain(books));
    const before = await all(to);
    // The one that is closed by now is another than it was when it was opened.
    const open = books.accounts.filter(({ id }) => id !== 'even');
    const { transfers } = books;
    expect(await imported(to.operator, { accounts: open, transfers }, skew())).toStrictEqual([
      'exists',
    ]);
    const closed = books.accounts.filter(({ id }) => id === 'even');
    expect(await imported(to.operator, { accounts: closed, transfers: [] }, skew())).toStrictEqual([
      'exists_with_different_flags',
    ]);
    expect(await all(to)).toStrictEqual(before);
  });

  it('belong to whoever owned them', async () => {
    const ask = { skew_ms: skew() };
    const { items } = await to.operator.call(ledger.queryAccounts, { owner: ana.did }, ask);
    expect(items.map(({ id }) => id)).toStrictEqual(['purse']);
  });

  it('export an instant of the past, with nothing that came later', async () => {
    const asOf = instants[0] ?? '';
    const page = await from.operator.call(ledger.exportBooks, { asOf }, { skew_ms: skew() });
    const { transfers, next } = await from.operator.call(
      ledger.exportBooks,
      { cursor: page.next ?? '' },
      { skew_ms: skew() },
    );
    expect(transfers.map(({ id }) => id)).toStrictEqual(['c1', 'c2']);
    expect(next).toBeUndefined();
    await expect(
      from.operator.call(ledger.exportBooks, { cursor: 'eA' }, { skew_ms: skew() }),
    ).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});

describe('an import', () => {
  let node: TestNode;
  let operator: Actor;
  let atPoint: (point: string) => void;
  beforeEach(async () => {
    atPoint = () => {};
    node = await startAt(Date.now, (point) => atPoint(point));
    operator = node.operator;
  });
  afterEach(async () => node.close());

  const account = (id: string, timestamp: number, more = {}): Import['accounts'][number] => ({
    id,
    unit: 'EUR',
    code: 1,
    flags: [],
    owner: operator.did,
    timestamp: String(timestamp),
    ...more,
  });
  const transfer = (id: string, timestamp: number, more = {}): Import['transfers'][number] => ({
    id,
    debitAccountId: 'a',
    creditAccountId: 'b',
    amount: '1',
    unit: 'EUR',
    code: 1,
    timestamp: String(timestamp),
    ...more,
  });
  const bring = async (input: Partial<Import>, options = {}) => {
    const told = await operator.call(
      ledger.importBooks,
      { accounts: [], transfers: [], ...input },
      options,
    );
    return [...told.accounts, ...told.transfers].map(({ result }) => result);
  };

  it.each(['after-admission', 'before-outcome'])(
    'is done once and told as it was, stopped %s',
    async (where) => {
      const idempotencyKey = randomUUID();
      const input = {
        accounts: [account('a', 1), account('b', 2)],
        transfers: [
          transfer('t1', 3),
          transfer('t2', 4, { debitAccountId: 'nobody' }),
          transfer('t3', 3),
        ],
      };
      atPoint = (point) => {
        if (point !== `${where} ledger.importBooks`) return;
        atPoint = () => {};
        throw new Stop(point);
      };
      await operator.result(ledger.importBooks, input, { idempotencyKey });
      await node.restart();
      expect(await bring(input, { idempotencyKey })).toStrictEqual([
        'created',
        'created',
        'created',
        'debit_account_not_found',
        'imported_event_timestamp_must_not_regress',
      ]);
      expect(await bring(input)).toStrictEqual([
        'exists',
        'exists',
        'exists',
        'id_already_failed',
        'imported_event_timestamp_must_not_regress',
      ]);
      expect(await operator.call(ledger.account, { accountId: 'b' })).toMatchObject({
        creditsPosted: '1',
        flags: ['imported'],
        timestamp: '2',
      });
    },
  );

  it('touches nothing that lives on the node', async () => {
    await operator.call(ledger.createAccounts, {
      accounts: ['a', 'b'].map((id) => ({ id, unit: 'EUR', code: 1, flags: [] })),
    });
    const { timestamp: _, ...live } = transfer('hold', 0);
    await operator.call(ledger.createTransfers, { transfers: [{ ...live, flags: ['pending'] }] });
    const at = Number(BigInt(Date.now()) * 1_000_000n);
    for (const input of [
      transfer('t', at),
      transfer('t', at, { creditAccountId: 'c' }),
      { id: 'v', pendingId: 'hold', flags: ['void_pending' as const], timestamp: String(at) },
    ])
      await expect(bring({ transfers: [input] })).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    expect(await bring({ accounts: [account('a', at)] })).toStrictEqual([
      'exists_with_different_flags',
    ]);
    const { books } = await operator.call(ledger.books, {});
    expect(books).toMatchObject([{ debits: '0', pending: '1', sum: '0' }]);
  });

  it('is the operator’s, of accounts with an owner', async () => {
    const ana = await node.person('ana');
    const input = { accounts: [account('a', 1, { owner: ana.did })], transfers: [] };
    await expect(ana.call(ledger.importBooks, input)).rejects.toMatchObject({
      code: 'QONSENT_DENIED',
    });
    await expect(ana.call(ledger.exportBooks, {})).rejects.toMatchObject({
      code: 'QONSENT_DENIED',
    });
    for (const more of [{ owner: undefined }, { ownerModule: 'ledger' }, { ownerModule: 'none' }]) {
      const { owner, ...rest } = { ...account('x', 1), ...more };
      const given = { ...rest, ...(owner === undefined ? {} : { owner }) };
      await expect(bring({ accounts: [given] })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    }
    await expect(bring({ accounts: [account('ledger:a', 1)] })).rejects.toMatchObject({
      code: 'QONSENT_DENIED',
    });
    expect(await bring(input)).toStrictEqual(['created']);
    expect((await ana.call(ledger.account, { accountId: 'a' })).owner).toBe(ana.did);
  });

  it('gives an account of a module to the module of that name', async () => {
    const { owner: _, ...rest } = account('ledger:a', 1);
    expect(await bring({ accounts: [{ ...rest, ownerModule: 'ledger' }] })).toStrictEqual([
      'created',
    ]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const { accounts } = await exported(operator);
    expect(accounts).toStrictEqual([{ ...rest, ownerModule: 'ledger' }]);
  });
});
