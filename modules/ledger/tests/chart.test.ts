import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ledger } from '../src/contract.ts';

describe('a chart of accounts', () => {
  let node: TestNode;
  let operator: Actor;
  beforeAll(async () => {
    node = await startTestNode({ modules: ['ledger'] });
    operator = node.operator;
    await operator.call(ledger.setChart, {
      entries: [
        { code: 20, name: 'Owed', kind: 'liability' },
        { code: 12, name: 'Receivables', kind: 'asset', parent: 10 },
        { code: 10, name: 'Assets', kind: 'asset' },
        { code: 11, name: 'Cash', kind: 'asset', parent: 10 },
        { code: 15, name: 'Till', kind: 'asset', parent: 11 },
      ],
    });
  });
  afterAll(async () => {
    const errors = [...node.errors];
    await node.close();
    if (errors.length > 0) throw new AggregateError(errors, 'something went wrong inside');
  });

  const codes = async (who: Actor) =>
    (await who.call(ledger.chart, {})).entries.map(({ code, depth }) => [code, depth]);
  const TREE = [
    [10, 0],
    [11, 1],
    [15, 2],
    [12, 1],
    [20, 0],
  ];

  it('is a tree that everybody of the tenant reads, and only the operator sets', async () => {
    const ana = await node.person('ana');
    expect(await codes(ana)).toStrictEqual(TREE);
    await expect(
      ana.call(ledger.setChart, { entries: [{ code: 1, name: 'Mine', kind: 'asset' }] }),
    ).rejects.toMatchObject({ code: 'QONSENT_DENIED' });
    expect(await codes(await node.person('eve', 'elsewhere'))).toStrictEqual([]);
  });

  it('refuses what is no tree, and then keeps what it was', async () => {
    const asset = (code: number, parent?: number) => ({
      code,
      name: 'x',
      kind: 'asset' as const,
      ...(parent === undefined ? {} : { parent }),
    });
    const refused = [
      { entries: [asset(10, 15)] },
      { entries: [asset(11, 11)] },
      { entries: [asset(30, 31), asset(31, 32), asset(32, 31)] },
      { entries: [asset(30, 99)] },
      { entries: [asset(30, 20)] },
      { entries: [asset(30), asset(30)] },
      { entries: [], remove: [10] },
      { entries: [], remove: [77] },
      { entries: [asset(12)], remove: [12] },
    ];
    for (const input of refused)
      await expect(
        operator.call(ledger.setChart, input),
        JSON.stringify(input),
      ).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    const deep = Array.from({ length: 9 }, (_, i) => asset(100 + i, i === 0 ? undefined : 99 + i));
    await expect(operator.call(ledger.setChart, { entries: deep })).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
    expect(await codes(operator)).toStrictEqual(TREE);
    await operator.call(ledger.setChart, { entries: deep.slice(0, 8) });
    await operator.call(ledger.setChart, {
      entries: [],
      remove: deep.slice(0, 8).map((e) => e.code),
    });
    expect(await codes(operator)).toStrictEqual(TREE);
  });

  it('has at most a thousand entries', async () => {
    const many = (from: number) =>
      Array.from({ length: 200 }, (_, i) => ({
        code: 1_000 + from + i,
        name: 'x',
        kind: 'income' as const,
      }));
    const all = [0, 200, 400, 600].map(many);
    for (const entries of all) await operator.call(ledger.setChart, { entries });
    await expect(operator.call(ledger.setChart, { entries: many(800) })).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      details: { limit: 1_000 },
    });
    for (const entries of all)
      await operator.call(ledger.setChart, { entries: [], remove: entries.map((e) => e.code) });
    expect(await codes(operator)).toStrictEqual(TREE);
  });

  it('changes the kind of a code in use only where that is said', async () => {
    await operator.call(ledger.createAccounts, {
      accounts: [{ id: 'till', unit: 'EUR', code: 20, flags: [] }],
    });
    const equity = { entries: [{ code: 20, name: 'Owed', kind: 'equity' as const }] };
    const gone = { entries: [], remove: [20] };
    for (const input of [equity, gone])
      await expect(operator.call(ledger.setChart, input)).rejects.toMatchObject({
        code: 'STATE_CONFLICT',
        details: { codes: [20] },
      });
    const renamed = { entries: [{ code: 20, name: 'Owed to others', kind: 'liability' as const }] };
    expect((await operator.call(ledger.setChart, renamed)).reclassified).toStrictEqual([]);
    const meant = await operator.call(ledger.setChart, { ...equity, reclassify: true });
    expect(meant.reclassified).toStrictEqual([20]);
    const { entries } = await operator.call(ledger.chart, {});
    expect(entries.find(({ code }) => code === 20)?.kind).toBe('equity');
  });

  it('stays a tree where two change it at once', async () => {
    const asset = (code: number, parent: number) => ({
      code,
      name: 'x',
      kind: 'asset' as const,
      parent,
    });
    await operator.call(ledger.setChart, { entries: [asset(41, 10), asset(42, 10)] });
    const results = await Promise.all([
      operator.result(ledger.setChart, { entries: [asset(41, 42)] }),
      operator.result(ledger.setChart, { entries: [asset(42, 41)] }),
    ]);
    expect(results.map(({ status }) => status).toSorted()).toStrictEqual(['error', 'ok']);
    expect(await codes(operator)).toHaveLength(7);
  });
});
