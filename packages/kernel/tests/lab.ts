import {
  command,
  contract,
  event,
  fail,
  job,
  page,
  pageInput,
  process as processOp,
  query,
  t,
} from '@anarq/common-schemas';
import type { SqlValue } from '@anarq/store';
import {
  createTable,
  defineModule,
  handler,
  int,
  json,
  minor,
  nullable,
  process,
  sealed,
  table,
  text,
  type Handler,
  type ModuleDefinition,
} from '../src/index.ts';

/** A module whose open operations do what each test says: to reach every corner of the kernel. */
const Item = t.object({ id: t.id(), text: t.string({ maxLength: 200 }) });
const Text = t.object({ text: t.string() });
const arg = t.object({ arg: t.optional(t.string()) });
const payment = {
  amount: t.decimal(),
  unit: t.string({ maxLength: 12 }),
  really: t.optional(t.decimal()),
};
const STEPS = [
  'lab.pay',
  'lab.put',
  'lab.set',
  'lab.del',
  'lab.get',
  'lab.reject',
  'lab.work',
  'lab.inner',
  'lab.toil',
];

export const lab = contract({
  name: 'lab',
  version: '1.0.0',
  title: 'Lab',
  purpose: 'Whatever a test of the kernel needs.',
  operations: {
    put: command({
      summary: 'Puts an item.',
      scope: 'lab/put',
      input: t.object({ id: t.id(), text: t.string({ maxLength: 200 }) }),
      output: Item,
    }),
    set: command({
      summary: 'Changes an item.',
      scope: 'lab/set',
      resource: 'item/{id}',
      input: t.object({ id: t.id(), text: t.string({ maxLength: 200 }) }),
      output: Item,
    }),
    del: command({
      summary: 'Removes an item.',
      scope: 'lab/del',
      resource: 'item/{id}',
      input: t.object({ id: t.id() }),
      output: t.object({ id: t.id() }),
    }),
    give: command({
      summary: 'Gives an item to somebody.',
      scope: 'lab/give',
      resource: 'item/{id}',
      input: t.object({ id: t.id(), to: t.did() }),
      output: t.object({ id: t.id() }),
    }),
    get: query({
      summary: 'Reads an item.',
      scope: 'lab/get',
      resource: 'item/{id}',
      input: t.object({ id: t.id() }),
      output: Item,
    }),
    diary: query({
      summary: 'Reads something personal.',
      scope: 'lab/diary',
      personal: true,
      input: t.object({}),
      output: Text,
    }),
    list: query({
      summary: 'Lists items.',
      scope: 'lab/list',
      input: t.object(pageInput),
      output: page(Item),
    }),
    pay: command({
      summary: 'Pays.',
      scope: 'lab/pay',
      signature: 'full',
      authorises: { amount: 'amount', unit: 'unit' },
      input: t.object(payment),
      output: Text,
    }),
    payFrom: command({
      summary: 'Pays from an item.',
      scope: 'lab/payFrom',
      resource: 'item/{id}',
      authorises: { amount: 'amount', unit: 'unit' },
      input: t.object({ id: t.id(), ...payment }),
      output: Text,
    }),
    payMaybe: command({
      summary: 'Pays an amount that need not be named.',
      scope: 'lab/payMaybe',
      authorises: { amount: 'amount', unit: 'unit' },
      input: t.object({ amount: t.optional(t.decimal()), unit: t.optional(t.string()) }),
      output: Text,
    }),
    reject: command({
      summary: 'Always refuses.',
      scope: 'lab/reject',
      input: t.object({}),
      output: t.object({}),
      errors: ['STATE_CONFLICT'],
    }),
    rare: command({
      summary: 'May be called sixty times a minute.',
      scope: 'lab/rare',
      input: t.object({}),
      output: t.object({}),
      limits: { perMinute: 60 },
    }),
    slow: command({
      summary: 'Is to answer within a tenth of a second.',
      scope: 'lab/slow',
      input: arg,
      output: Text,
      limits: { timeout_ms: 100 },
    }),
    open: query({
      summary: 'Anybody may ask.',
      access: 'public',
      scope: 'lab/open',
      input: t.object({}),
      output: Text,
    }),
    post: command({
      summary: 'Anybody may post.',
      access: 'public',
      scope: 'lab/post',
      input: t.object({}),
      output: Text,
    }),
    room: query({
      summary: 'Anybody of the tenant may ask.',
      access: 'tenant',
      scope: 'lab/room',
      input: t.object({}),
      output: Text,
    }),
    admin: query({
      summary: 'The operator may ask.',
      resource: 'node',
      scope: 'lab/admin',
      input: t.object({}),
      output: Text,
    }),
    nest: command({
      summary: 'Takes any JSON.',
      scope: 'lab/nest',
      input: t.object({ value: t.json() }),
      output: t.object({}),
    }),
    work: command({
      summary: 'Does what the test says.',
      scope: 'lab/work',
      input: arg,
      output: Text,
      emits: ['q.lab.worked.v1'],
    }),
    ask: query({ summary: 'Asks what the test says.', scope: 'lab/ask', input: arg, output: Text }),
    inner: processOp({
      summary: 'A process within a process.',
      scope: 'lab/inner',
      uses: ['lab.put', 'lab.del', 'lab.reject', 'lab.work'],
      input: arg,
      output: Text,
    }),
    run: processOp({
      summary: 'A process that does what the test says.',
      scope: 'lab/run',
      uses: STEPS,
      input: arg,
      output: Text,
      emits: ['q.lab.worked.v1'],
    }),
    toil: job({
      summary: 'A job that does what the test says.',
      scope: 'lab/toil',
      uses: STEPS,
      input: arg,
      output: Text,
      job: { deadline_ms: 3_600_000 },
    }),
    buyInner: processOp({
      summary: 'A process within a process that spends; a session would do.',
      scope: 'lab/buyInner',
      authorises: { amount: 'amount', unit: 'unit' },
      uses: ['lab.pay', 'lab.payFrom'],
      input: t.object({ ...payment, arg: t.optional(t.string()) }),
      output: Text,
    }),
    buyFrom: processOp({
      summary: 'A process that spends from an item.',
      scope: 'lab/buyFrom',
      signature: 'full',
      resource: 'item/{id}',
      authorises: { amount: 'amount', unit: 'unit' },
      uses: ['lab.payFrom', 'lab.buyFrom'],
      input: t.object({ id: t.id(), ...payment, depth: t.integer() }),
      output: Text,
    }),
    buy: processOp({
      summary: 'A process that spends.',
      scope: 'lab/buy',
      signature: 'full',
      authorises: { amount: 'amount', unit: 'unit' },
      uses: ['lab.pay', 'lab.payFrom', 'lab.put', 'lab.del', 'lab.reject', 'lab.buyInner'],
      input: t.object({ ...payment, arg: t.optional(t.string()) }),
      output: Text,
    }),
  },
  events: {
    'q.lab.worked.v1': event({
      summary: 'Work was done.',
      schema: t.object({ id: t.id() }),
      subject: 'id',
    }),
  },
});

export const items = table(
  'lab_item',
  { resource: 'item' },
  { text: text(), secret: sealed(text()), amount_minor: nullable(sealed(minor())) },
);
export const counts = table('lab_count', {}, { count: int(), seen: json<string[]>() });
export const totals = table('lab_total', {}, { total_minor: minor() });

type Op = typeof lab;
export interface LabHandlers {
  readonly work?: Handler<Op['work']>;
  readonly ask?: Handler<Op['ask']>;
  readonly slow?: () => Promise<{ text: string }>;
  readonly inner?: Handler<Op['inner']>;
  readonly run?: Handler<Op['run']>;
  readonly toil?: Handler<Op['toil']>;
  readonly buy?: Handler<Op['buy']>;
  readonly buyInner?: Handler<Op['buyInner']>;
}

const idle = () => ({ text: '' });
const item = (id: string, words: string) => ({
  id,
  text: words,
  secret: `secret of ${words}`,
  amount_minor: 7n,
});

/** The module with the open handlers that a test gives; `hands` may be changed while a node runs. */
export const labModule = (hands: LabHandlers = {}): ModuleDefinition =>
  defineModule(lab, {
    migrations: [{ id: 1, sql: [items, counts, totals].map(createTable).join('\n') }],
    tables: [items],
    handlers: {
      put: handler(lab.put, (input, ctx) => {
        ctx.rows(items).insert(item(input.id, input.text));
        return { id: input.id, text: input.text };
      }),
      set: handler(lab.set, async (input, ctx) => {
        const rows = ctx.rows(items);
        rows.update(await rows.require(input.id), { text: input.text });
        return input;
      }),
      del: handler(lab.del, async (input, ctx) => {
        ctx.rows(items).remove(await ctx.rows(items).require(input.id));
        return input;
      }),
      give: handler(lab.give, async (input, ctx) => {
        ctx.rows(items).update(await ctx.rows(items).require(input.id), { owner: input.to });
        return { id: input.id };
      }),
      get: handler(lab.get, async (input, ctx) => {
        const row = await ctx.rows(items).require(input.id);
        return { id: row.id, text: row.text };
      }),
      diary: handler(lab.diary, () => ({ text: 'dear diary' })),
      list: handler(lab.list, async (input, ctx) => {
        const found = await ctx.rows(items).list(input);
        return { ...found, items: found.items.map(({ id, text: words }) => ({ id, text: words })) };
      }),
      pay: handler(lab.pay, (input, ctx) => {
        if (input.really !== undefined) ctx.spent(input.really);
        addTotal(ctx, input.really ?? input.amount);
        return { text: input.amount };
      }),
      payFrom: handler(lab.payFrom, (input, ctx) => {
        addTotal(ctx, input.amount);
        return { text: input.amount };
      }),
      payMaybe: handler(lab.payMaybe, (_, ctx) => {
        addTotal(ctx, '1000');
        return { text: 'paid' };
      }),
      reject: handler(lab.reject, () => fail('STATE_CONFLICT', 'It always refuses.')),
      rare: handler(lab.rare, () => ({})),
      slow: handler(lab.slow, () => (hands.slow ?? idle)()),
      open: handler(lab.open, (_, ctx) => ({ text: ctx.call.actor })),
      post: handler(lab.post, (_, ctx) => ({ text: ctx.call.actor })),
      room: handler(lab.room, (_, ctx) => ({ text: ctx.call.actor })),
      admin: handler(lab.admin, (_, ctx) => ({ text: ctx.call.actor })),
      nest: handler(lab.nest, () => ({})),
      work: handler(lab.work, (input, ctx) => (hands.work ?? idle)(input, ctx)),
      ask: handler(lab.ask, (input, ctx) => (hands.ask ?? idle)(input, ctx)),
      inner: process(lab.inner, (input, ctx) => (hands.inner ?? idle)(input, ctx)),
      run: process(lab.run, (input, ctx) => (hands.run ?? idle)(input, ctx)),
      toil: process(lab.toil, (input, ctx) => (hands.toil ?? idle)(input, ctx)),
      buyInner: process(lab.buyInner, (input, ctx) => (hands.buyInner ?? idle)(input, ctx)),
      buyFrom: process(lab.buyFrom, async ({ depth, ...input }, ctx) =>
        depth > 0
          ? ctx.step('inner', lab.buyFrom, { ...input, depth: depth - 1 })
          : ctx.step('pay', lab.payFrom, input),
      ),
      buy: process(lab.buy, (input, ctx) => (hands.buy ?? idle)(input, ctx)),
    },
  });

/** A sum without a version, so that many calls add to it at once. */
function addTotal(
  ctx: {
    readonly now_ms: number;
    readonly call: { readonly actor: string };
    write(statement: { sql: string; params: Record<string, SqlValue> }): void;
  },
  amount: string,
): void {
  ctx.write({
    sql: `INSERT INTO lab_total (tenant, id, owner, version, created_ms, updated_ms, total_minor)
          VALUES (:tenant, 'total', :owner, 1, :now_ms, :now_ms, :amount)
          ON CONFLICT (tenant, id) DO UPDATE SET total_minor = lab_total.total_minor + :amount`,
    params: {
      owner: ctx.call.actor,
      now_ms: ctx.now_ms,
      amount: BigInt(Math.round(Number(amount) * 100)),
    },
  });
}
