import { deepEqual, equal } from 'node:assert/strict';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import type { Result } from '@anarq/common-schemas';
import fc from 'fast-check';

import { call } from '../src/index.ts';
import { lab, labModule } from './lab.ts';
import { HOURS, Model, PER_CALL, PER_HOUR, TOTAL, type Asked } from './model.ts';
import { custodial, grant, insist, token, totalPaid } from './support.ts';

const UNIT = 'EUR';
let node: TestNode;
/** The point at which the node's work ends, as by a crash, until it is started again. */
let crashPoint: string | undefined;
let isDown = false;

const HOUR_MS = 3_600_000;
/** How far the node's clock is ahead of the machine's; it only ever goes on. */
let ahead_ms = 0;
const now_ms = (): number => Date.now() + ahead_ms;
/** Goes to the begin of the next hour, so that none ends while calls are under way. */
const nextHour = (): void => {
  ahead_ms += HOUR_MS - (now_ms() % HOUR_MS);
};

/** Starts the node that the runs share; each run has people, a grant and a budget of its own. */
export async function startModelled(): Promise<void> {
  node = await startTestNode({
    modules: [],
    extra: [labModule({ buy })],
    now_ms,
    probe: (point) => {
      isDown ||= point === crashPoint;
      if (isDown) throw new Error('crash');
    },
  });
}
export const stopModelled = (): Promise<void> => node.close();

type Buy = NonNullable<NonNullable<Parameters<typeof labModule>[0]>['buy']>;
const buy: Buy = async (input, ctx) => {
  const { item, refused } = JSON.parse(input.arg ?? '') as { item: string; refused: boolean };
  await ctx.step(
    'put',
    lab.put,
    { id: item, text: item },
    { undo: () => call(lab.del, { id: item }) },
  );
  if (refused) await ctx.step('reject', lab.reject, {});
  await ctx.step('pay', lab.pay, { amount: input.amount, unit: input.unit });
  return { text: item };
};

/** The real kernel, and who calls it in one run. */
interface Real {
  readonly ana: Actor;
  readonly agent: Actor & { readonly grant: string };
  readonly paidBefore: bigint;
  readonly name: string;
}
let runs = 0;

async function begin(): Promise<{ model: Model; real: Real }> {
  const name = `run${runs++}`;
  nextHour();
  const ana = await node.person(name);
  const budget = {
    unit: UNIT,
    total: String(TOTAL),
    perCall: String(PER_CALL),
    perHour: String(PER_HOUR),
    until_s: Math.floor(now_ms() / HOUR_MS + HOURS) * 3600,
  };
  const did = await custodial(node, `agent of ${name}`);
  const cid = await grant(node, ana, did, { budget, now_ms: now_ms() });
  const text = await token(node, did, cid, now_ms() + 100 * HOUR_MS);
  const agent = { ...node.withToken(did, text), grant: cid };
  return { model: new Model(), real: { ana, agent, paidBefore: await totalPaid(node), name } };
}

function ask({ ana, agent, name }: Real, key: string, asked: Asked): Promise<Result<unknown>> {
  const options = { idempotencyKey: `${name}.${key}`, skew_ms: ahead_ms };
  const item = (of: string) => `${name}-${of}`;
  switch (asked.kind) {
    case 'put':
      return ana.result(lab.put, { id: item(asked.item), text: asked.item }, options);
    case 'pay':
      return agent.result(
        lab.pay,
        { amount: String(asked.amount), really: String(asked.really), unit: UNIT },
        options,
      );
    case 'buy':
      return agent.result(
        lab.buy,
        {
          amount: String(asked.amount),
          unit: UNIT,
          arg: JSON.stringify({ item: item(asked.item), refused: asked.refused }),
        },
        options,
      );
  }
}

/** Money, budget and things are what the model says they are. */
async function compare(model: Model, { ana, agent, paidBefore, name }: Real): Promise<void> {
  const budget = await node.kernel.services.grants.budget(agent.grant);
  const { items } = await ana.call(lab.list, { limit: 200 }, { skew_ms: ahead_ms });
  const found = {
    paid: (await totalPaid(node)) - paidBefore,
    spent: Number(budget?.spent),
    reserved: Number(budget?.reserved),
    thisHour: budget?.periods.map(({ spent, reserved }) => [Number(spent), Number(reserved)]),
    items: items.map(({ id }) => id).toSorted(),
  };
  const expected = {
    paid: BigInt(model.paid) * 100n,
    spent: TOTAL - model.left,
    reserved: 0,
    thisHour: [[model.paidThisHour, 0]],
    items: [...model.items].map((item) => `${name}-${item}`).toSorted(),
  };
  deepEqual(found, expected);
}

type Command = fc.AsyncCommand<Model, Real, true>;

/** One call; the same key again is the same call again. */
class Once implements Command {
  readonly key: string;
  readonly asked: Asked;
  constructor(key: string, asked: Asked) {
    this.key = key;
    this.asked = asked;
  }
  check = async () => true;
  async run(model: Model, real: Real): Promise<void> {
    const { code } = await insist(() => ask(real, this.key, this.asked));
    equal(code, model.call(this.key, this.asked));
    await compare(model, real);
  }
  toString = () => `${this.key}: ${JSON.stringify(this.asked)}`;
}

/** Calls that are under way together, some of them twice. */
class AtOnce implements Command {
  readonly calls: readonly { readonly key: string; readonly asked: Asked }[];
  constructor(calls: readonly { readonly key: string; readonly asked: Asked }[]) {
    this.calls = calls;
  }
  check = async () => true;
  async run(model: Model, real: Real): Promise<void> {
    const answers = await Promise.all(
      this.calls.flatMap(({ key, asked }) =>
        [1, 2].map(async () => {
          const { code } = await insist(() => ask(real, key, asked), 400);
          return { key, asked, code };
        }),
      ),
    );
    model.atOnce(answers);
    await compare(model, real);
  }
  toString = () => `at once: ${this.calls.map((each) => JSON.stringify(each)).join(' and ')}`;
}

/** A call during which the node crashes at a point; it is started again, and asked again. */
class Crash implements Command {
  readonly point: string;
  readonly key: string;
  readonly asked: Asked;
  constructor(point: string, key: string, asked: Asked) {
    this.point = point;
    this.key = key;
    this.asked = asked;
  }
  check = async () => true;
  async run(model: Model, real: Real): Promise<void> {
    crashPoint = this.point;
    await ask(real, this.key, this.asked);
    crashPoint = undefined;
    isDown = false;
    await node.restart();
    const { code } = await insist(() => ask(real, this.key, this.asked), 400);
    equal(code, model.call(this.key, this.asked));
    await compare(model, real);
  }
  toString = () => `crash at ${this.point} in ${this.key}: ${JSON.stringify(this.asked)}`;
}

/** Time goes on to the next hour. */
class Wait implements Command {
  check = async () => true;
  async run(model: Model, real: Real): Promise<void> {
    nextHour();
    model.wait();
    await compare(model, real);
  }
  toString = () => 'an hour later';
}

/** A key is asked for one thing only, so the thing follows from the key. */
const key = fc.nat({ max: 11 });
const askedOf = (n: number): Asked => {
  const amount = [5, 12, 20, 33, 41][n % 5] ?? 1;
  if (n % 3 === 0) return { kind: 'put', item: `i${n}` };
  if (n % 3 === 1) return { kind: 'pay', amount, really: Math.ceil(amount / (1 + (n % 2))) };
  return { kind: 'buy', item: `i${n}`, amount, refused: n % 4 === 0 };
};
const once = (n: number) => ({ key: `k${n}`, asked: askedOf(n) });
const neverRefused = (n: number) => {
  const { asked } = once(n);
  return asked.kind !== 'buy' || !asked.refused;
};
const points = fc.constantFrom(
  ...['put', 'pay', 'reject', 'del'].flatMap((op) => [
    `before-commit lab.${op}`,
    `after-commit lab.${op}`,
  ]),
  ...['admission', 'outcome'].flatMap((of) => [`before-${of} lab.buy`, `after-${of} lab.buy`]),
  ...['put', 'pay'].flatMap((step) => [
    `before-step lab.buy ${step}`,
    `after-step lab.buy ${step}`,
  ]),
  'before-undo lab.buy put',
  'after-undo lab.buy',
);
const commands = fc.commands<Model, Real, true>(
  [
    key.map((n) => new Once(once(n).key, once(n).asked)),
    // A process that is refused gives back what it held; which of the others found it held, no
    // model in a few lines can say.
    fc
      .uniqueArray(key.filter(neverRefused), { minLength: 2, maxLength: 4 })
      .map((keys) => new AtOnce(keys.map(once))),
    fc.tuple(points, key).map(([point, n]) => new Crash(point, once(n).key, once(n).asked)),
    fc.constant(new Wait()),
  ],
  {
    size: 'medium',
    maxCommands: 12,
    ...(process.env['Q_REPLAY'] === undefined ? {} : { replayPath: process.env['Q_REPLAY'] }),
  },
);

/**
 * Runs lists of commands against model and kernel. What fails is made smaller, and runs again with
 * what is printed then: `Q_SEED` the seed, `Q_PATH` the path, `Q_REPLAY` the replayPath.
 */
export async function runModel(
  numRuns: number,
  limit_ms: number,
): Promise<{ readonly failed: boolean; readonly report: string | undefined }> {
  const { Q_SEED: seed, Q_PATH: path } = process.env;
  const details = await fc.check(
    fc.asyncProperty(commands, async (list) => {
      await fc.asyncModelRun(begin, list);
    }),
    {
      numRuns,
      endOnFailure: false,
      includeErrorInReport: true,
      ...(seed === undefined ? {} : { seed: Number(seed) }),
      ...(path === undefined ? {} : { path }),
      // A run that fails is made smaller, but not for longer than somebody waits.
      interruptAfterTimeLimit: limit_ms,
    },
  );
  return { failed: details.failed, report: fc.defaultReportMessage(details) };
}
