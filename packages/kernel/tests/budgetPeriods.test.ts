import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { call } from '../src/index.ts';
import { lab, labModule, type LabHandlers } from './lab.ts';
import {
  codeOf,
  countCodes,
  custodial,
  grant,
  insist,
  token,
  totalPaid,
  type Order,
} from './support.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The first instant of a year, so that every period begins. */
const START_MS = Date.UTC(2031, 0, 1);

let node: TestNode;
let now_ms = START_MS;
let ana: Actor;
let buy: NonNullable<LabHandlers['buy']> = () => ({ text: '' });

beforeAll(async () => {
  node = await startTestNode({
    modules: ['squid', 'qonsent'],
    extra: [labModule({ buy: (input, ctx) => buy(input, ctx) })],
    now_ms: () => now_ms,
  });
});
afterAll(() => node.close());
beforeEach(async () => {
  now_ms = START_MS;
  ana = await node.person('ana');
});

/** An agent whose token outlives every period of a test. */
async function holder(order: Order) {
  const did = await custodial(node, `agent ${Math.random()}`);
  const cid = await grant(node, ana, did, { now_ms, ...order });
  const text = await token(node, did, cid, START_MS + 400 * DAY_MS);
  return { ...node.withToken(did, text), grant: cid };
}
type Holder = Awaited<ReturnType<typeof holder>>;
const pay = (who: Actor, amount: string) =>
  insist(() => who.result(lab.pay, { amount, unit: 'EUR' }));
const periodOf = async ({ grant: cid }: Holder, counts = 'amount') => {
  const state = (await node.kernel.services.grants.budgets(cid)).find(
    (one) => one.counts === counts,
  );
  return state?.periods.map(({ period, spent, reserved, left }) => [period, spent, reserved, left]);
};

describe('a budget of a period', () => {
  it.each([
    ['perMinute', 60_000, 'minute'],
    ['perHour', HOUR_MS, 'hour'],
    ['perDay', DAY_MS, 'day'],
    ['perMonth', 31 * DAY_MS, 'month'],
  ])(
    '%s is spent to the last cent, and is whole again in the next',
    async (member, length_ms, period) => {
      const who = await holder({ budget: { unit: 'EUR', [member]: '10' } });
      now_ms = START_MS + length_ms - 1;
      expect(codeOf(await pay(who, '6'))).toBe('SUCCESS');
      expect(await pay(who, '4.01')).toMatchObject({
        code: 'BUDGET_EXCEEDED',
        details: {
          why: {
            grant: who.grant,
            limit: {
              [member]: '10',
              left: '4',
              asked: '4.01',
              again: new Date(START_MS + length_ms).toISOString(),
            },
          },
        },
      });
      expect(codeOf(await pay(who, '4'))).toBe('SUCCESS');
      expect(await periodOf(who)).toEqual([[period, '10', '0', '0']]);
      now_ms += 1;
      expect(await periodOf(who)).toEqual([[period, '0', '0', '10']]);
      expect(codeOf(await pay(who, '10'))).toBe('SUCCESS');
      expect(codeOf(await pay(who, '0.01'))).toBe('BUDGET_EXCEEDED');
    },
  );

  it('binds beside the total and the other periods', async () => {
    const who = await holder({
      budget: { unit: 'EUR', total: '12', perHour: '5', perDay: '8' },
    });
    const codes: string[] = [];
    for (const [amount, after_ms] of [
      ['5', 0],
      ['1', 0],
      ['4', HOUR_MS],
      ['3', 0],
      ['5', DAY_MS],
      ['4', 0],
    ] as const) {
      now_ms += after_ms;
      codes.push(codeOf(await pay(who, amount)));
    }
    const refused = 'BUDGET_EXCEEDED';
    expect(codes).toEqual(['SUCCESS', refused, refused, 'SUCCESS', refused, 'SUCCESS']);
  });

  it('counts at every link of a chain', async () => {
    const ben = await node.person('ben');
    const root = await grant(node, ana, ben.did, {
      now_ms,
      budget: { unit: 'EUR', perDay: '10' },
    });
    const order = { subject: ana.did, proof: root };
    const budget = { unit: 'EUR', perDay: '7' };
    const issued = async () => {
      const did = await custodial(node, `agent ${Math.random()}`);
      const cid = await grant(node, ben, did, { now_ms, ...order, budget });
      const text = await token(node, did, cid, START_MS + 400 * DAY_MS);
      return node.withToken(did, text);
    };
    const [one, two] = [await issued(), await issued()];
    expect(codeOf(await pay(one, '7'))).toBe('SUCCESS');
    expect(await pay(two, '4')).toMatchObject({ details: { why: { grant: root } } });
    expect(codeOf(await pay(two, '3'))).toBe('SUCCESS');
    now_ms += DAY_MS;
    expect(codeOf(await pay(two, '7'))).toBe('SUCCESS');
  });

  it('is never overspent by thirty calls at once', async () => {
    const who = await holder({ budget: { unit: 'EUR', perHour: '5' } });
    const before = await totalPaid(node);
    const answers = await Promise.all(Array.from({ length: 30 }, () => pay(who, '0.30')));
    expect(countCodes(answers)).toEqual({ SUCCESS: 16, BUDGET_EXCEEDED: 14 });
    expect((await totalPaid(node)) - before).toBe(480n);
    expect(await periodOf(who)).toEqual([['hour', '4.8', '0', '0.2']]);
  });

  it('is what was paid in it, whatever is asked when', async () => {
    const step = fc.tuple(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 0, max: 40 }));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        now_ms = START_MS;
        ana = await node.person('ana');
        const who = await holder({ budget: { unit: 'EUR', perHour: '10' } });
        const paid = new Map<number, number>();
        for (const [cents, minutes] of steps) {
          now_ms += minutes * 60_000;
          const hour = Math.floor(now_ms / HOUR_MS);
          const before = paid.get(hour) ?? 0;
          const { code } = await pay(who, (cents / 100).toFixed(2));
          expect(code).toBe(before + cents <= 1000 ? 'SUCCESS' : 'BUDGET_EXCEEDED');
          if (code === 'SUCCESS') paid.set(hour, before + cents);
        }
      }),
      { numRuns: 10 },
    );
  });

  it('keeps one row, however many periods pass', async () => {
    const who = await holder({ budget: { unit: 'EUR', perHour: '10' } });
    for (let hour = 0; hour < 4; hour++, now_ms += HOUR_MS) await pay(who, '1');
    const rows = await node.store.read(
      'SELECT start_ms FROM kernel_budget_period WHERE grant_cid = :cid',
      { cid: who.grant },
    );
    expect(rows).toEqual([{ start_ms: START_MS + 3 * HOUR_MS }]);
  });
});

describe('a process that goes on over the end of a period', () => {
  const buyFor = (who: Actor, amount: string) => who.result(lab.buy, { amount, unit: 'EUR' });

  it('settles in the period in which it was admitted', async () => {
    const who = await holder({ budget: { unit: 'EUR', perHour: '10' } });
    buy = async (input, ctx) => {
      now_ms += HOUR_MS;
      await ctx.step('pay', lab.pay, { amount: '2', unit: input.unit });
      ctx.spent('2');
      return { text: '' };
    };
    now_ms = START_MS + HOUR_MS - 1;
    expect(codeOf(await buyFor(who, '7'))).toBe('SUCCESS');
    expect(await periodOf(who)).toEqual([['hour', '0', '0', '10']]);
    now_ms = START_MS;
    expect(await periodOf(who)).toEqual([['hour', '2', '0', '8']]);
  });

  it('frees what it held, there and not here, when it is undone', async () => {
    const who = await holder({ budget: { unit: 'EUR', perHour: '10' } });
    buy = async (_, ctx) => {
      const undo = ({ id }: { id: string }) => call(lab.del, { id });
      await ctx.step('put', lab.put, { id: 'over', text: 'x' }, { undo });
      now_ms += HOUR_MS;
      await ctx.step('no', lab.reject, {});
      return { text: '' };
    };
    expect(codeOf(await buyFor(who, '7'))).toBe('STATE_CONFLICT');
    expect(await periodOf(who)).toEqual([['hour', '0', '0', '10']]);
    now_ms = START_MS;
    expect(await periodOf(who)).toEqual([['hour', '0', '0', '10']]);
  });

  it('holds its part against others of the same period only', async () => {
    const who = await holder({ budget: { unit: 'EUR', perHour: '10' } });
    const during: string[] = [];
    buy = async () => {
      during.push(codeOf(await pay(who, '4')));
      now_ms += HOUR_MS;
      during.push(codeOf(await pay(who, '4')));
      return { text: '' };
    };
    expect(codeOf(await buyFor(who, '7'))).toBe('SUCCESS');
    expect(during).toEqual(['BUDGET_EXCEEDED', 'SUCCESS']);
  });
});

describe('a budget that ends before its grant', () => {
  it('lets nothing more be drawn from that instant on', async () => {
    const until_s = START_MS / 1000 + 3600;
    const who = await holder({ budget: { unit: 'EUR', total: '10', until_s } });
    now_ms = until_s * 1000 - 1;
    expect(codeOf(await pay(who, '1'))).toBe('SUCCESS');
    now_ms += 1;
    expect(await pay(who, '1')).toMatchObject({
      code: 'BUDGET_EXCEEDED',
      details: { why: { limit: { until: new Date(until_s * 1000).toISOString() } } },
    });
    expect(codeOf(await pay(who, '0'))).toBe('SUCCESS');
    expect(codeOf(await who.result(lab.list, {}))).toBe('SUCCESS');
  });

  it('settles what was drawn before', async () => {
    const until_s = START_MS / 1000 + 60;
    const who = await holder({ budget: { unit: 'EUR', total: '10', until_s } });
    buy = () => {
      now_ms += 120_000;
      return { text: '' };
    };
    expect(codeOf(await who.result(lab.buy, { amount: '3', unit: 'EUR' }))).toBe('SUCCESS');
    const state = await node.kernel.services.grants.budget(who.grant);
    expect([state?.spent, state?.reserved]).toEqual(['3', '0']);
  });
});

describe('a grant that limits calls', () => {
  it('counts reads and writes alike, in each period', async () => {
    const who = await holder({ command: '/lab', calls: { perMinute: 3, perHour: 5 } });
    const list = () => who.result(lab.list, {});
    const work = () => who.result(lab.work, {});
    const codes = [];
    for (const ask of [list, work, list, work]) codes.push(codeOf(await ask()));
    now_ms += 60_000;
    for (const ask of [work, list, list]) codes.push(codeOf(await ask()));
    now_ms += HOUR_MS;
    codes.push(codeOf(await list()));
    const refused = 'BUDGET_EXCEEDED';
    const ok = 'SUCCESS';
    expect(codes).toEqual([ok, ok, ok, refused, ok, ok, refused, ok]);
    expect(await list()).toMatchObject({ code: ok });
  });

  it('counts a call that is refused by it not at all, nor one that fails', async () => {
    const who = await holder({ calls: { total: 2 } });
    expect(codeOf(await who.result(lab.reject, {}))).toBe('STATE_CONFLICT');
    expect(codeOf(await who.result(lab.work, {}))).toBe('SUCCESS');
    expect(codeOf(await who.result(lab.work, {}))).toBe('SUCCESS');
    for (let i = 0; i < 3; i++)
      expect(await who.result(lab.work, {})).toMatchObject({
        code: 'BUDGET_EXCEEDED',
        details: { why: { limit: { unit: 'call', left: '0', total: '2' } } },
      });
  });

  it('counts the answer of before only once', async () => {
    const who = await holder({ calls: { total: 2 } });
    const again = { idempotencyKey: `again${Math.random()}` };
    for (let i = 0; i < 4; i++)
      expect(codeOf(await who.result(lab.work, {}, again))).toBe('SUCCESS');
    expect(codeOf(await who.result(lab.work, {}))).toBe('SUCCESS');
    expect(codeOf(await who.result(lab.work, {}))).toBe('BUDGET_EXCEEDED');
  });

  it('counts a process once, whatever its steps', async () => {
    const who = await holder({ calls: { total: 1 }, budget: { unit: 'EUR', total: '9' } });
    buy = async (input, ctx) => {
      await ctx.step('one', lab.pay, { amount: '1', unit: input.unit });
      await ctx.step('two', lab.pay, { amount: '1', unit: input.unit });
      return { text: '' };
    };
    expect(codeOf(await who.result(lab.buy, { amount: '2', unit: 'EUR' }))).toBe('SUCCESS');
    expect(codeOf(await who.result(lab.list, {}))).toBe('BUDGET_EXCEEDED');
  });

  it('is not passed by twenty reads and writes at once', async () => {
    const who = await holder({ calls: { perDay: 7 } });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        insist<unknown>(() => (i % 2 === 0 ? who.result(lab.list, {}) : who.result(lab.work, {}))),
      ),
    );
    expect(countCodes(answers)).toEqual({ SUCCESS: 7, BUDGET_EXCEEDED: 13 });
    expect(await periodOf(who, 'calls')).toEqual([['day', '7', '0', '0']]);
  });

  it('tells of 80, 95 and 100 percent, in each period', async () => {
    const who = await holder({ calls: { perHour: 5 } });
    for (let i = 0; i < 5; i++) await who.result(lab.work, {});
    now_ms += HOUR_MS;
    for (let i = 0; i < 4; i++) await who.result(lab.work, {});
    const rows = await node.store.read(
      `SELECT data FROM kernel_outbox WHERE topic = 'q.qonsent.budget.alert.v1'
         AND subject = :cid ORDER BY seq`,
      { cid: who.grant },
    );
    const told = rows.map((row) => JSON.parse(String(row['data'])) as Record<string, unknown>);
    expect(told.map(({ level, period, periodStart }) => [level, period, periodStart])).toEqual([
      ['WARNING', 'hour', new Date(START_MS).toISOString()],
      ['CRITICAL', 'hour', new Date(START_MS).toISOString()],
      ['CUTOFF', 'hour', new Date(START_MS).toISOString()],
      ['WARNING', 'hour', new Date(START_MS + HOUR_MS).toISOString()],
    ]);
    expect(told[0]).toMatchObject({ unit: 'call', total: '5' });
  });
});
