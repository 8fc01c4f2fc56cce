import { call } from '../src/index.ts';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { lab, labModule, type LabHandlers } from './lab.ts';
import { agentOf, codeOf, countCodes, grant, insist, revoke, totalPaid } from './support.ts';

let node: TestNode;
let ana: Actor;
let ben: Actor;
let count = 0;
let buy: NonNullable<LabHandlers['buy']> = () => ({ text: '' });
let buyInner: NonNullable<LabHandlers['buyInner']> = () => ({ text: '' });

beforeAll(async () => {
  node = await startTestNode({
    modules: [],
    extra: [
      labModule({
        buy: (input, ctx) => buy(input, ctx),
        buyInner: (input, ctx) => buyInner(input, ctx),
      }),
    ],
  });
});
afterAll(() => node.close());
beforeEach(async () => {
  count += 1;
  ana = await node.person(`ana ${count}`);
  ben = await node.person(`ben ${count}`);
  buy = () => ({ text: '' });
});

const euros = (amount: string, really?: string) => ({
  amount,
  unit: 'EUR',
  ...(really === undefined ? {} : { really }),
});
const left = async (cid: string) => {
  const state = await node.kernel.services.grants.budget(cid);
  return state === undefined
    ? undefined
    : { spent: Number(state.spent), reserved: Number(state.reserved) };
};
const payAs = (who: Actor, amount: string, really?: string) =>
  who.result(lab.pay, euros(amount, really), { subject: ana.did });

describe('a budget', () => {
  it('is spent call by call, to the last cent and no further', async () => {
    const cid = await grant(node, ana, ben.did, { budget: { unit: 'EUR', total: '10.00' } });
    expect(codeOf(await payAs(ben, '6'))).toBe('SUCCESS');
    expect(await payAs(ben, '4.01')).toMatchObject({
      code: 'BUDGET_EXCEEDED',
      details: {
        operation: 'lab.pay',
        why: {
          grant: cid,
          limit: { unit: 'EUR', asked: '4.01', left: '4', total: '10.00' },
          changeableBy: ana.did,
        },
      },
    });
    expect(codeOf(await payAs(ben, '4'))).toBe('SUCCESS');
    expect(codeOf(await payAs(ben, '0.01'))).toBe('BUDGET_EXCEEDED');
    expect(codeOf(await payAs(ben, '0'))).toBe('SUCCESS');
    expect(await left(cid)).toEqual({ spent: 10, reserved: 0 });
  });

  it('may bound each call, with or without a total', async () => {
    const cid = await grant(node, ana, ben.did, { budget: { unit: 'EUR', perCall: '5' } });
    expect(codeOf(await payAs(ben, '5.01'))).toBe('BUDGET_EXCEEDED');
    expect(codeOf(await payAs(ben, '5'))).toBe('SUCCESS');
    expect(codeOf(await payAs(ben, '5'))).toBe('SUCCESS');
    expect(await left(cid)).toEqual({ spent: 10, reserved: 0 });
  });

  it('names its unit, and covers no other', async () => {
    const cid = await grant(node, ana, ben.did, { budget: { unit: 'rUv', total: '10' } });
    expect(codeOf(await payAs(ben, '1'))).toBe('BUDGET_EXCEEDED');
    const paid = await ben.result(
      lab.pay,
      { amount: '0.000001', unit: 'rUv' },
      { subject: ana.did },
    );
    expect(codeOf(paid)).toBe('SUCCESS');
    expect(await left(cid)).toEqual({ spent: 0.000001, reserved: 0 });
  });

  it('is charged with what was really used', async () => {
    const cid = await grant(node, ana, ben.did, { budget: { unit: 'EUR', total: '10' } });
    expect(codeOf(await payAs(ben, '10', '2.50'))).toBe('SUCCESS');
    expect(await left(cid)).toEqual({ spent: 2.5, reserved: 0 });
    expect(codeOf(await payAs(ben, '7.50'))).toBe('SUCCESS');
  });

  it('is never charged with more than the call was allowed', async () => {
    const cid = await grant(node, ana, ben.did, { budget: { unit: 'EUR', total: '10' } });
    expect(codeOf(await payAs(ben, '1', '1.01'))).toBe('INTERNAL');
    for (const really of ['1.01', '-1'])
      expect(codeOf(await ana.result(lab.pay, euros('1', really)))).toBe('INTERNAL');
    expect(await left(cid)).toEqual({ spent: 0, reserved: 0 });
  });

  it('is not charged with what is refused or malformed', async () => {
    const cid = await grant(node, ana, ben.did, { budget: { unit: 'EUR', total: '10' } });
    expect(codeOf(await payAs(ben, '11'))).toBe('BUDGET_EXCEEDED');
    expect(codeOf(await payAs(ben, '-1'))).toBe('AMOUNT_INVALID');
    expect(codeOf(await payAs(ben, '0.001'))).toBe('AMOUNT_INVALID');
    expect(codeOf(await payAs(ben, '1', '-1'))).not.toBe('SUCCESS');
    expect(await left(cid)).toEqual({ spent: 0, reserved: 0 });
  });

  it('is not charged twice for the same call', async () => {
    const cid = await grant(node, ana, ben.did, { budget: { unit: 'EUR', total: '10' } });
    const key = { subject: ana.did, idempotencyKey: `k${count}` };
    for (let i = 0; i < 3; i++)
      expect(codeOf(await ben.result(lab.pay, euros('4'), key))).toBe('SUCCESS');
    expect(await left(cid)).toEqual({ spent: 4, reserved: 0 });
  });

  it('binds a call that does not say how much it spends', async () => {
    await grant(node, ana, ben.did, { budget: { unit: 'EUR', total: '10' } });
    const refused = await ben.result(lab.payMaybe, {}, { subject: ana.did });
    expect(codeOf(refused)).toBe('BUDGET_EXCEEDED');
    expect(codeOf(await ana.result(lab.payMaybe, {}))).toBe('SUCCESS');
  });

  it('counts at every link of a chain', async () => {
    const [cleo, dan] = [await node.person(`cleo ${count}`), await node.person(`dan ${count}`)];
    const root = await grant(node, ana, ben.did, { budget: { unit: 'EUR', total: '10' } });
    const chained = { subject: ana.did, budget: { unit: 'EUR', total: '8' } };
    const toCleo = await grant(node, ben, cleo.did, { ...chained, proof: root });
    const toDan = await grant(node, ben, dan.did, { ...chained, proof: root });
    expect(codeOf(await payAs(cleo, '8.01'))).toBe('BUDGET_EXCEEDED');
    expect(codeOf(await payAs(cleo, '6'))).toBe('SUCCESS');
    expect(await payAs(dan, '5')).toMatchObject({
      code: 'BUDGET_EXCEEDED',
      details: { why: { grant: root, limit: { left: '4' } } },
    });
    expect(codeOf(await payAs(dan, '4'))).toBe('SUCCESS');
    expect([await left(root), await left(toCleo), await left(toDan)]).toEqual([
      { spent: 10, reserved: 0 },
      { spent: 6, reserved: 0 },
      { spent: 4, reserved: 0 },
    ]);
  });

  it('holds for the agents of a token too', async () => {
    const agent = await agentOf(node, ana, { budget: { unit: 'EUR', total: '3' } });
    expect(codeOf(await agent.result(lab.pay, euros('2')))).toBe('SUCCESS');
    expect(codeOf(await agent.result(lab.pay, euros('2')))).toBe('BUDGET_EXCEEDED');
  });

  it('outlives a restart', async () => {
    const cid = await grant(node, ana, ben.did, { budget: { unit: 'EUR', total: '3' } });
    await payAs(ben, '2');
    await node.restart();
    expect(codeOf(await payAs(ben, '2'))).toBe('BUDGET_EXCEEDED');
    expect(await left(cid)).toEqual({ spent: 2, reserved: 0 });
  });

  it('is never overspent by fifty calls at once', async () => {
    const cid = await grant(node, ana, ben.did, { budget: { unit: 'EUR', total: '10' } });
    const before = await totalPaid(node);
    const answers = await Promise.all(Array.from({ length: 50 }, () => payAs(ben, '0.30')));
    expect(countCodes(answers)).toEqual({ SUCCESS: 33, BUDGET_EXCEEDED: 17 });
    expect(await left(cid)).toEqual({ spent: 9.9, reserved: 0 });
    expect((await totalPaid(node)) - before).toBe(990n);
  });

  it('equals what was paid under it, whatever is asked', async () => {
    const cents = fc.integer({ min: 0, max: 400 });
    const text = (n: number) => `${Math.floor(n / 100)}.${String(n % 100).padStart(2, '0')}`;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cents, cents), { maxLength: 12 }), async (calls) => {
        const dan = await node.person('dan');
        const budget = { unit: 'EUR', total: '10', perCall: '3.50' };
        const cid = await grant(node, ana, dan.did, { budget });
        const before = await totalPaid(node);
        const answers = await Promise.all(
          calls.map(([max, used]) => payAs(dan, text(max), text(Math.min(max, used)))),
        );
        const paid = (await totalPaid(node)) - before;
        expect(paid).toBeLessThanOrEqual(1000n);
        const { spent } = (await left(cid))!;
        expect(spent).toBe(Number(paid) / 100);
        for (const [i, [max]] of calls.entries())
          if (max > 350) expect(answers[i]?.code).toBe('BUDGET_EXCEEDED');
      }),
      { numRuns: 8 },
    );
  });
});

describe('a process that spends', () => {
  const buyAs = (who: Actor, amount: string, arg?: string) =>
    who.result(
      lab.buy,
      { ...euros(amount), ...(arg === undefined ? {} : { arg }) },
      { subject: ana.did },
    );

  it('holds its ceiling while it runs, and settles what it used', async () => {
    const cid = await grant(node, ana, ben.did, { budget: { unit: 'EUR', total: '10' } });
    let meanwhile: unknown;
    buy = async (input, ctx) => {
      await ctx.step('pay', lab.pay, euros('3'));
      meanwhile = await left(cid);
      ctx.spent('3');
      return { text: input.amount };
    };
    expect(codeOf(await buyAs(ben, '7'))).toBe('SUCCESS');
    expect(meanwhile).toEqual({ spent: 0, reserved: 7 });
    expect(await left(cid)).toEqual({ spent: 3, reserved: 0 });
  });

  it('frees what it held when it is undone', async () => {
    const cid = await grant(node, ana, ben.did, { budget: { unit: 'EUR', total: '10' } });
    buy = async (_, ctx) => {
      await ctx.step('reject', lab.reject, {});
      return { text: '' };
    };
    expect(codeOf(await buyAs(ben, '7'))).toBe('STATE_CONFLICT');
    expect(await left(cid)).toEqual({ spent: 0, reserved: 0 });
  });

  it('keeps held what it could not undo', async () => {
    const cid = await grant(node, ana, ben.did, { budget: { unit: 'EUR', total: '10' } });
    buy = async (_, ctx) => {
      await ctx.step(
        'put',
        lab.put,
        { id: `p${count}`, text: 'x' },
        {
          undo: () => call(lab.del, { id: 'not there' }),
        },
      );
      await ctx.step('reject', lab.reject, {});
      return { text: '' };
    };
    expect(codeOf(await buyAs(ben, '7'))).toBe('NEEDS_ATTENTION');
    expect(await left(cid)).toEqual({ spent: 0, reserved: 7 });
  });

  it.each([
    ['one step over the ceiling', [['5.01', 'EUR']]],
    [
      'steps that together are over it',
      [
        ['3', 'EUR'],
        ['2.01', 'EUR'],
      ],
    ],
    ['a step in another unit', [['1', 'rUv']]],
  ])('is refused %s', async (_, steps) => {
    buy = async (input, ctx) => {
      for (const [i, [amount, unit]] of steps.entries())
        await ctx.step(`pay${i}`, lab.pay, { amount: amount!, unit: unit! });
      return { text: input.amount };
    };
    expect(codeOf(await ana.result(lab.buy, euros('5')))).toBe('BUDGET_EXCEEDED');
  });

  it('may spend up to its ceiling in steps, counting only those that were done', async () => {
    const before = await totalPaid(node);
    buy = async (_, ctx) => {
      await ctx.step('pay0', lab.pay, euros('3'));
      const from = { id: 'not-there', ...euros('2') };
      await ctx.step('pay1', lab.payFrom, from).catch(() => undefined);
      await ctx.step('pay2', lab.pay, euros('2'));
      return { text: '' };
    };
    expect(codeOf(await ana.result(lab.buy, euros('5')))).toBe('SUCCESS');
    expect((await totalPaid(node)) - before).toBe(500n);
  });

  it('does not pass by the budget of a grant that only one of its steps needs', async () => {
    await ana.call(lab.put, { id: `purse${count}`, text: 'purse' });
    const cid = await grant(node, ana, ben.did, { budget: { unit: 'EUR', total: '5' } });
    buy = async (input, ctx) => {
      await ctx.step('pay', lab.payFrom, { id: `purse${count}`, ...euros(input.amount) });
      return { text: '' };
    };
    const own = (amount: string) => ben.result(lab.buy, euros(amount));
    expect(codeOf(await own('5.01'))).toBe('BUDGET_EXCEEDED');
    expect(codeOf(await own('4'))).toBe('SUCCESS');
    expect(await left(cid)).toEqual({ spent: 4, reserved: 0 });
    expect(codeOf(await own('4'))).toBe('BUDGET_EXCEEDED');
  });

  it.each([0, 1, 2])('counts its steps once, %i processes deep', async (depth) => {
    const input = { id: `deep${count}`, ...euros('3'), depth };
    await ana.call(lab.put, { id: input.id, text: 'purse' });
    const cid = await grant(node, ana, ben.did, { budget: { unit: 'EUR', total: '5' } });
    const before = await totalPaid(node);
    expect(codeOf(await ben.result(lab.buyFrom, input))).toBe('SUCCESS');
    expect(await left(cid)).toEqual({ spent: 3, reserved: 0 });
    expect(codeOf(await ben.result(lab.buyFrom, input))).toBe('BUDGET_EXCEEDED');
    expect((await totalPaid(node)) - before).toBe(300n);
  });

  it('carries the full signature of its root to the processes within it', async () => {
    buyInner = async (input, ctx) => {
      await ctx.step('pay', lab.pay, euros(input.amount));
      return { text: '' };
    };
    buy = async (input, ctx) => {
      await ctx.step('inner', lab.buyInner, euros(input.amount));
      return { text: '' };
    };
    expect(codeOf(await ana.result(lab.buy, euros('2')))).toBe('SUCCESS');
    expect(codeOf(await ana.result(lab.buyInner, euros('2')))).toBe('QLOCK_AUTH_FAIL');
  });

  it('is not overspent by twenty at once', async () => {
    const cid = await grant(node, ana, ben.did, { budget: { unit: 'EUR', total: '10' } });
    const before = await totalPaid(node);
    buy = async (input, ctx) => {
      await ctx.step('pay', lab.pay, euros(input.amount));
      return { text: '' };
    };
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        insist(() =>
          ben.result(lab.buy, euros('1.50'), {
            subject: ana.did,
            idempotencyKey: `b${count}.${i}`,
          }),
        ),
      ),
    );
    expect(countCodes(answers)).toEqual({ SUCCESS: 6, BUDGET_EXCEEDED: 14 });
    expect(await left(cid)).toEqual({ spent: 9, reserved: 0 });
    expect((await totalPaid(node)) - before).toBe(900n);
  });

  it('is undone, and frees what it held, when its grant is revoked midway', async () => {
    const cid = await grant(node, ana, ben.did, { budget: { unit: 'EUR', total: '10' } });
    buy = async (_, ctx) => {
      await ctx.step(
        'put',
        lab.put,
        { id: `q${count}`, text: 'x' },
        {
          undo: ({ id }) => call(lab.del, { id }),
        },
      );
      await revoke(node, cid);
      await ctx.step('pay', lab.pay, euros('1'));
      return { text: '' };
    };
    expect(codeOf(await buyAs(ben, '7'))).toBe('GRANT_REVOKED');
    expect(await left(cid)).toEqual({ spent: 0, reserved: 0 });
    expect((await ana.call(lab.list, {})).items).toEqual([]);
  });
});
