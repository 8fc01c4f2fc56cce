import type { InputOf } from '@anarq/common-schemas';
import { startTestNode, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ledger } from '../src/contract.ts';

type Transfer = InputOf<typeof ledger.createTransfers>['transfers'][number];

describe('a trial balance', () => {
  // Time stands still between steps, so that a step happens at one instant.
  const still_ms = Date.now();
  const clock = { skew_ms: 0 };
  let node: TestNode;
  beforeAll(async () => {
    node = await startTestNode({ modules: ['ledger'], now_ms: () => still_ms + clock.skew_ms });
    await node.operator.call(ledger.setChart, {
      entries: [
        { code: 11, name: 'Cash', kind: 'asset' },
        { code: 21, name: 'Customers', kind: 'liability' },
        { code: 41, name: 'Fees', kind: 'income' },
      ],
    });
    await node.operator.call(ledger.createAccounts, {
      accounts: [
        { id: 'bank', unit: 'EUR', code: 11, flags: [] },
        { id: 'till', unit: 'EUR', code: 11, flags: ['history'] },
        { id: 'ana', unit: 'EUR', code: 21, flags: [] },
        { id: 'ben', unit: 'EUR', code: 21, flags: [] },
        { id: 'fees', unit: 'EUR', code: 41, flags: [] },
        { id: 'other', unit: 'EUR', code: 99, flags: [] },
        { id: 'r1', unit: 'rUv', code: 11, flags: [] },
        { id: 'r2', unit: 'rUv', code: 21, flags: [] },
      ],
    });
  });
  afterAll(async () => {
    const errors = [...node.errors];
    await node.close();
    if (errors.length > 0) throw new AggregateError(errors, 'something went wrong inside');
  });

  const later = () => ({ skew_ms: still_ms + clock.skew_ms - Date.now() });
  const now = () => new Date(still_ms + clock.skew_ms).toISOString();
  const move = async (...transfers: Transfer[]) => {
    clock.skew_ms += 5;
    const { results } = await node.operator.call(ledger.createTransfers, { transfers }, later());
    expect(new Set(results.map(({ result }) => result))).toStrictEqual(new Set(['created']));
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
  const trial = (input: InputOf<typeof ledger.trialBalance> = {}) =>
    node.operator.call(ledger.trialBalance, input, later());

  it('shows each code on the side of its kind, and both sides are the same', async () => {
    await move(pay('in-1', 'bank', 'ana', '100'), pay('in-2', 'till', 'ben', '20.5'));
    await move(pay('fee', 'ana', 'fees', '1.25'), pay('odd', 'other', 'ben', '3'));
    await move(pay('held', 'ben', 'ana', '2', { flags: ['pending'] }));
    await move({ ...pay('r', 'r1', 'r2', '7'), unit: 'rUv' });
    const { lines, totals } = await trial({ unit: 'EUR' });
    const line = (code: number) => lines.find((one) => one.code === code);
    expect(lines).toHaveLength(4);
    expect(line(11)).toMatchObject({
      kind: 'asset',
      accounts: 2,
      debits: '120.5',
      balance: '120.5',
    });
    expect(line(21)).toMatchObject({
      name: 'Customers',
      debits: '1.25',
      credits: '123.5',
      balance: '122.25',
      debitsPending: '2',
      creditsPending: '2',
    });
    expect(line(41)).toMatchObject({ kind: 'income', balance: '1.25' });
    expect(line(99)).toMatchObject({ balance: '3' });
    expect(line(99)).not.toHaveProperty('kind');
    expect(totals).toStrictEqual([
      {
        unit: 'EUR',
        debits: '124.75',
        credits: '124.75',
        debitBalances: '123.5',
        creditBalances: '123.5',
        isBalanced: true,
      },
    ]);
    expect((await trial()).totals.map(({ unit }) => unit)).toStrictEqual(['EUR', 'rUv']);
  });

  it('as of each instant is what it was then, also where a hold ended by itself since', async () => {
    const seen: { at: string; was: Awaited<ReturnType<typeof trial>> }[] = [];
    const look = async () => void seen.push({ at: now(), was: await trial() });
    await look();
    await move(pay('h1', 'bank', 'ana', '9', { flags: ['pending'], timeout_s: 1 }));
    await look();
    await move(pay('h2', 'till', 'ben', '8', { flags: ['pending'] }));
    await look();
    await move({ id: 'p2', pendingId: 'h2', amount: '5', flags: ['post_pending'] });
    await look();
    clock.skew_ms += 1_500;
    await look();
    clock.skew_ms += 5;
    await node.operator.call(
      ledger.createAccounts,
      { accounts: [{ id: 'late', unit: 'EUR', code: 77, flags: [] }] },
      later(),
    );
    await move(...Array.from({ length: 50 }, (_, i) => pay(`many-${i}`, 'bank', 'late', '1')));
    await look();
    clock.skew_ms += 1;
    for (const { at, was } of seen)
      expect(await trial({ asOf: at })).toStrictEqual({ asOf: at, ...was });
    expect(new Set(seen.map(({ was }) => JSON.stringify(was))).size).toBe(seen.length);
    const before = await trial({ asOf: '2001-01-01T00:00:00Z' });
    expect(before).toMatchObject({ lines: [], totals: [] });
  });

  it('is one state of the books, however much is moved meanwhile', async () => {
    // More than are read in one go, on both sides of the instant.
    const many = async (name: string) => {
      for (let call = 0; call < 25; call++)
        await move(
          ...Array.from({ length: 100 }, (_, i) => pay(`${name}-${call}-${i}`, 'bank', 'ben', '1')),
        );
    };
    await many('before');
    const at = now();
    const expected = await trial();
    await many('after');
    const [past, present] = await Promise.all([
      Promise.all([1, 2, 3].map(() => trial({ asOf: at }))),
      Promise.all(Array.from({ length: 20 }, () => trial())),
      ...Array.from({ length: 10 }, (_, i) => move(pay(`busy-${i}`, 'bank', 'ben', '1'))),
    ]);
    for (const answer of past) expect(answer).toStrictEqual({ asOf: at, ...expected });
    for (const { totals } of present)
      for (const total of totals) expect(total).toMatchObject({ isBalanced: true });
  });

  it('is for the operator, and of the past', async () => {
    const ana = await node.person('ana');
    await expect(ana.call(ledger.trialBalance, {}, later())).rejects.toMatchObject({
      code: 'QONSENT_DENIED',
    });
    await expect(trial({ asOf: '2200-01-01T00:00:00Z' })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });
});
