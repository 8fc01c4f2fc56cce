import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { call } from '../src/index.ts';
import { lab, labModule, type LabHandlers } from './lab.ts';
import { grant } from './support.ts';

let node: TestNode;
let ana: Actor;
let buy: NonNullable<LabHandlers['buy']>;
let before: ((point: string) => void) | undefined;
let ahead_ms = 0;
const DAY_MS = 86_400_000;

beforeAll(async () => {
  node = await startTestNode({
    modules: [],
    extra: [labModule({ buy: (input, ctx) => buy(input, ctx) })],
    probe: (point) => before?.(point),
    now_ms: () => Date.now() + ahead_ms,
  });
  ana = await node.person('ana');
});
afterAll(() => node.close());

it.each([
  { days: 6, state: 'DONE', budget: { spent: 4, reserved: 0 }, texts: ['ordered'] },
  { days: 8, state: 'UNDONE', budget: { spent: 0, reserved: 0 }, texts: [] },
])(
  'what a process reserved and nobody resolved for $days days ends with it: $state',
  async ({ days, state, budget, texts }) => {
    const ben = await node.person(`ben ${days}`);
    const cid = await grant(node, ana, ben.did, { budget: { unit: 'EUR', total: '10' } });
    const held = async () => {
      const now = await node.kernel.services.grants.budget(cid);
      return { spent: Number(now?.spent), reserved: Number(now?.reserved) };
    };
    buy = async (_, ctx) => {
      const order = { id: `order-${days}`, text: 'ordered' };
      await ctx.step('put', lab.put, order, { undo: ({ id }) => call(lab.del, { id }) });
      await ctx.step('pay', lab.pay, { amount: '4', unit: 'EUR' });
      ctx.spent('4');
      return { text: 'bought' };
    };
    // The node goes down before the payment, and nobody starts it for days.
    let isDown = false;
    before = (point) => {
      isDown ||= point === 'before-commit lab.pay';
      if (isDown) throw new Error('down');
    };
    await ben.result(lab.buy, { amount: '7', unit: 'EUR' }, { subject: ana.did });
    expect(await held()).toEqual({ spent: 0, reserved: 7 });
    before = undefined;
    ahead_ms = days * DAY_MS;
    await node.restart();
    ahead_ms = 0;
    const [process] = await node.store.read('SELECT state FROM kernel_process WHERE actor = :did', {
      did: ben.did,
    });
    expect(process?.['state']).toBe(state);
    expect(await held()).toEqual(budget);
    const { items } = await ana.call(lab.list, {});
    expect(items.filter(({ id }) => id === `order-${days}`).map(({ text }) => text)).toEqual(texts);
  },
);
