import type { InputOf, OutputOf } from '@anarq/common-schemas';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ledger } from '../src/contract.ts';

type Transfer = InputOf<typeof ledger.createTransfers>['transfers'][number];

describe('questions over all accounts', () => {
  const clock = { skew_ms: 0 };
  let node: TestNode;
  let operator: Actor;
  let ana: Actor;

  beforeAll(async () => {
    node = await startTestNode({ modules: ['ledger'], now_ms: () => Date.now() + clock.skew_ms });
    operator = node.operator;
    ana = await node.person('ana');
    const stranger = await node.person('eve', 'elsewhere');
    for (const who of [operator, ana, stranger]) await open(who);
    for (const [place, who] of [operator, ana, stranger].entries())
      for (let i = 0; i < 6; i++) {
        clock.skew_ms += 10;
        await move(who, {
          ...pay(`${names(who)}-${i}`, who),
          code: 1 + (i % 3),
          userData: `order ${i % 2}`,
          amount: String(place + 1),
        });
      }
  });
  afterAll(async () => {
    const errors = [...node.errors];
    await node.close();
    if (errors.length > 0) throw new AggregateError(errors, 'something went wrong inside');
  });

  const names = (who: Actor) => (who === operator ? 'op' : who === ana ? 'ana' : 'eve');
  const later = () => ({ skew_ms: clock.skew_ms });
  const open = (who: Actor) =>
    who.call(
      ledger.createAccounts,
      {
        accounts: [
          {
            id: `${names(who)}.a`,
            unit: 'EUR',
            code: 10,
            flags: [],
            userData: 'x',
          },
          { id: `${names(who)}.b`, unit: 'EUR', code: 20, flags: ['history'] },
          { id: `${names(who)}.r`, unit: 'rUv', code: 10, flags: [] },
        ],
      },
      later(),
    );
  const pay = (id: string, who: Actor): Transfer => ({
    id,
    debitAccountId: `${names(who)}.a`,
    creditAccountId: `${names(who)}.b`,
    amount: '1',
    unit: 'EUR',
    code: 1,
  });
  const move = async (who: Actor, ...transfers: Transfer[]) => {
    const { results } = await who.call(ledger.createTransfers, { transfers }, later());
    expect(results.map(({ result }) => result)).toStrictEqual(transfers.map(() => 'created'));
  };
  const allOf = async <T extends { readonly id: string }>(
    ask: (cursor?: string) => Promise<{ items: T[]; next?: string }>,
  ): Promise<string[]> => {
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await ask(cursor);
      ids.push(...page.items.map(({ id }) => id));
      cursor = page.next;
    } while (cursor !== undefined);
    return ids;
  };
  const transfers = (input: InputOf<typeof ledger.queryTransfers>) =>
    allOf((cursor) =>
      operator.call(
        ledger.queryTransfers,
        { ...input, ...(cursor === undefined ? {} : { cursor }) },
        later(),
      ),
    );
  const accounts = (input: InputOf<typeof ledger.queryAccounts>) =>
    allOf((cursor) =>
      operator.call(
        ledger.queryAccounts,
        { ...input, ...(cursor === undefined ? {} : { cursor }) },
        later(),
      ),
    );
  const ALL = ['op', 'ana'].flatMap((who) => [0, 1, 2, 3, 4, 5].map((i) => `${who}-${i}`));

  it('lists the transfers of everybody of the tenant, and of nobody else, page by page', async () => {
    for (const limit of [1, 5, 200]) {
      expect(await transfers({ limit })).toStrictEqual(ALL);
      expect(await transfers({ limit, newestFirst: true })).toStrictEqual(ALL.toReversed());
    }
  });

  it('narrows transfers by code, reference, unit and time', async () => {
    const numbered = (match: (i: number) => boolean) =>
      ALL.filter((id) => match(Number(id.split('-')[1])));
    expect(await transfers({ code: 2 })).toStrictEqual(numbered((i) => i % 3 === 1));
    expect(await transfers({ userData: 'order 1', limit: 2 })).toStrictEqual(
      numbered((i) => i % 2 === 1),
    );
    expect(await transfers({ code: 2, userData: 'order 1' })).toStrictEqual(
      numbered((i) => i === 1),
    );
    expect(await transfers({ unit: 'rUv' })).toStrictEqual([]);
    const timeOf = async (who: Actor, transferId: string) =>
      (await who.call(ledger.transfer, { transferId }, later())).createdAt;
    const from = await timeOf(operator, 'op-4');
    const to = await timeOf(ana, 'ana-1');
    expect(await transfers({ from, to })).toStrictEqual(['op-4', 'op-5', 'ana-0', 'ana-1']);
    expect(await transfers({ from: to, to: from })).toStrictEqual([]);
    expect(await transfers({ to: '1969-01-01T00:00:00Z' })).toStrictEqual([]);
  });

  it('lists accounts by owner, code, unit, reference and time', async () => {
    const all = ['op.a', 'op.b', 'op.r', 'ana.a', 'ana.b', 'ana.r'];
    for (const limit of [1, 4, 200]) expect(await accounts({ limit })).toStrictEqual(all);
    expect(await accounts({ newestFirst: true, limit: 2 })).toStrictEqual(all.toReversed());
    expect(await accounts({ owner: ana.did })).toStrictEqual(all.slice(3));
    expect(await accounts({ code: 10, unit: 'EUR' })).toStrictEqual(['op.a', 'ana.a']);
    expect(await accounts({ userData: 'x', limit: 1 })).toStrictEqual(['op.a', 'ana.a']);
    const { createdAt } = await ana.call(ledger.account, { accountId: 'ana.a' }, later());
    expect(await accounts({ from: createdAt })).toStrictEqual(all.slice(3));
  });

  it('narrows the transfers and the balances of one account likewise', async () => {
    const of = { accountId: 'ana.b' };
    const ask = (input: Omit<InputOf<typeof ledger.transfers>, 'accountId'>) =>
      allOf((cursor) =>
        ana.call(
          ledger.transfers,
          { ...of, ...input, ...(cursor === undefined ? {} : { cursor }) },
          later(),
        ),
      );
    expect(await ask({ code: 1, limit: 1 })).toStrictEqual(['ana-0', 'ana-3']);
    expect(await ask({ userData: 'order 0', newestFirst: true })).toStrictEqual([
      'ana-4',
      'ana-2',
      'ana-0',
    ]);
    expect(await ask({ side: 'debits' })).toStrictEqual([]);
    const { items } = await ana.call(ledger.balances, { ...of, code: 1 }, later());
    const told = ({
      transferId,
      creditsPosted,
    }: OutputOf<typeof ledger.balances>['items'][number]) => `${transferId} ${creditsPosted}`;
    expect(items.map(told)).toStrictEqual(['ana-0 2', 'ana-3 8']);
  });

  it('finds one among more than is read in one go, and nothing where there is none', async () => {
    for (let call = 0; call < 60; call++)
      await move(
        ana,
        ...Array.from({ length: 100 }, (_, i) => ({ ...pay(`bulk-${call}-${i}`, ana), code: 50 })),
      );
    await move(ana, { ...pay('needle', ana), code: 51 });
    expect(await transfers({ code: 51 })).toStrictEqual(['needle']);
    expect(
      (await ana.call(ledger.transfers, { accountId: 'ana.a', code: 51 }, later())).items,
    ).toHaveLength(1);
    expect(await transfers({ code: 52 })).toStrictEqual([]);
  });

  it('are for the operator alone', async () => {
    for (const op of [ledger.queryTransfers, ledger.queryAccounts] as const)
      await expect(ana.call(op, {}, later())).rejects.toMatchObject({ code: 'QONSENT_DENIED' });
  });
});
