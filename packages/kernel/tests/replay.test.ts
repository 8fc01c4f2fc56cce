import { randomUUID } from 'node:crypto';
import { fail, type Result } from '@anarq/common-schemas';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Call } from '../src/index.ts';
import { lab, labModule, type LabHandlers } from './lab.ts';
import { agentOf, codeOf, countCodes, grant, revoke, send, token, totalPaid } from './support.ts';

const DAY_MS = 86_400_000;
let node: TestNode;
let ana: Actor;
let skew_ms = 0;
let count = 0;
let done = 0;
let work: NonNullable<LabHandlers['work']>;

beforeAll(async () => {
  node = await startTestNode({
    modules: [],
    now_ms: () => Date.now() + skew_ms,
    extra: [
      labModule({
        work: (input, ctx) => work(input, ctx),
        run: async (_, ctx) => {
          await ctx.step('pay', lab.work, { arg: 'in a process' });
          return { text: 'ran' };
        },
      }),
    ],
  });
});
afterAll(() => node.close());
beforeEach(async () => {
  skew_ms = 0;
  count += 1;
  done = 0;
  ana = await node.person(`ana ${count}`);
  work = (input) => ({ text: `${++done} ${input.arg ?? ''}` });
});
const later = (ms: number) => {
  skew_ms = ms;
  return { skew_ms };
};

describe('the same call under the same key', () => {
  it('is answered from the record of the first, on every surface and at every time', async () => {
    const idempotencyKey = randomUUID();
    const first = await ana.result(lab.work, { arg: 'a' }, { idempotencyKey });
    const again = await ana.result(lab.work, { arg: 'a' }, { idempotencyKey });
    expect(first.status === 'ok' && again.status === 'ok').toBe(true);
    expect(again).toMatchObject({ replayed: true, data: { text: '1 a' } });
    expect('cid' in again && 'cid' in first && again.cid === first.cid).toBe(true);
    const old = { ts: new Date(Date.now() - 3_600_000).toISOString() };
    const late = await send(
      node,
      ana,
      lab.work,
      { arg: 'a' },
      { ...old, sent: { idempotencyKey } },
    );
    expect(late).toMatchObject({ replayed: true });
    const mcp = { idempotencyKey, surface: 'mcp' as const };
    expect(await send(node, ana, lab.work, { arg: 'a' }, { sent: mcp })).toMatchObject({
      replayed: true,
    });
    expect(done).toBe(1);
  });

  it('fifty times at once is done once', async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    work = async () => {
      await gate;
      return { text: String(++done) };
    };
    const idempotencyKey = randomUUID();
    const calls = Array.from({ length: 50 }, () => ana.result(lab.work, {}, { idempotencyKey }));
    let answered = 0;
    for (const call of calls) void call.then(() => ++answered === 49 && release());
    const answers = await Promise.all(calls);
    expect(countCodes(answers)).toEqual({ SUCCESS: 1, CALL_IN_PROGRESS: 49 });
    expect(answers.find(({ code }) => code === 'CALL_IN_PROGRESS')).toMatchObject({
      retryable: true,
      details: { retryAfter_ms: expect.any(Number) },
    });
    expect(await ana.result(lab.work, {}, { idempotencyKey })).toMatchObject({ replayed: true });
    expect(done).toBe(1);
  });

  it('as a process, fifty times at once, is done once', async () => {
    const idempotencyKey = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => ana.result(lab.run, {}, { idempotencyKey })),
    );
    const { SUCCESS = 0, CALL_IN_PROGRESS = 0 } = countCodes(answers);
    expect([SUCCESS >= 1, SUCCESS + CALL_IN_PROGRESS]).toEqual([true, 50]);
    expect(answers.filter((a) => a.status === 'ok' && a.replayed !== true)).toHaveLength(1);
    expect(done).toBe(1);
  });

  it('after a restart is answered too', async () => {
    const idempotencyKey = randomUUID();
    await ana.call(lab.work, {}, { idempotencyKey });
    await ana.call(lab.run, {}, { idempotencyKey });
    await node.restart();
    expect(await ana.result(lab.work, {}, { idempotencyKey })).toMatchObject({ replayed: true });
    expect(await ana.result(lab.run, {}, { idempotencyKey })).toMatchObject({ replayed: true });
    expect(done).toBe(2);
  });

  it('is answered although the grant that it was made under is gone', async () => {
    const ben = await node.person(`ben ${count}`);
    const cid = await grant(node, ana, ben.did);
    const options = { subject: ana.did, idempotencyKey: randomUUID() };
    await ben.call(lab.work, {}, options);
    await revoke(node, cid);
    expect(await ben.result(lab.work, {}, options)).toMatchObject({ replayed: true });
    expect(codeOf(await ben.result(lab.work, {}, { subject: ana.did }))).toBe('QONSENT_DENIED');
  });
});

describe('the same key', () => {
  it('with another input or subject is a conflict', async () => {
    const ben = await node.person(`ben ${count}`);
    await grant(node, ben, ana.did);
    const idempotencyKey = randomUUID();
    await ana.call(lab.work, { arg: 'a' }, { idempotencyKey });
    expect(codeOf(await ana.result(lab.work, { arg: 'b' }, { idempotencyKey }))).toBe(
      'VERSION_CONFLICT',
    );
    const forBen = { idempotencyKey, subject: ben.did };
    expect(codeOf(await ana.result(lab.work, { arg: 'a' }, forBen))).toBe('VERSION_CONFLICT');
  });

  it('of another caller, operation or tenant is another call', async () => {
    const idempotencyKey = randomUUID();
    const ben = await node.person(`ben ${count}`);
    const far = await node.person(`far ${count}`, 'elsewhere');
    for (const who of [ana, ben, far])
      expect(await who.result(lab.work, {}, { idempotencyKey })).not.toHaveProperty('replayed');
    expect(await ana.result(lab.run, {}, { idempotencyKey })).not.toHaveProperty('replayed');
    expect(done).toBe(4);
  });

  it('must be visible text of at most 200 characters, and there', async () => {
    for (const idempotencyKey of ['a b', ' ', 'ä', 'x'.repeat(201)])
      expect(codeOf(await ana.result(lab.work, {}, { idempotencyKey }))).not.toBe('SUCCESS');
    const without = await send(
      node,
      ana,
      lab.work,
      {},
      {
        sent: { idempotencyKey: undefined },
      },
    );
    expect(codeOf(without)).toBe('IDEMPOTENCY_KEY_REQUIRED');
    expect(done).toBe(0);
  });

  it('as the kernel gives a step is not a caller’s to take', async () => {
    let process = '';
    work = (_, ctx) => {
      process = ctx.call.process ?? process;
      return { text: String(++done) };
    };
    await ana.call(lab.run, {});
    const idempotencyKey = `${process}/pay`;
    expect(process).toMatch(/^proc_/);
    const own = await ana.result(lab.work, { arg: 'in a process' }, { idempotencyKey });
    expect(own).not.toHaveProperty('replayed');
    expect(done).toBe(2);
  });
});

describe('a refusal', () => {
  it('that is final is an outcome, and stays', async () => {
    const idempotencyKey = randomUUID();
    work = () => fail('STATE_CONFLICT', `No: ${++done}.`);
    const first = await ana.result(lab.work, {}, { idempotencyKey });
    expect(first).toMatchObject({ code: 'STATE_CONFLICT', cid: expect.any(String) });
    work = () => ({ text: 'now' });
    const again = await ana.result(lab.work, {}, { idempotencyKey });
    expect(again).toMatchObject({ code: 'STATE_CONFLICT', replayed: true, message: 'No: 1.' });
    expect(codeOf(await ana.result(lab.work, {}))).toBe('SUCCESS');
  });

  it('that a retry may change is not kept', async () => {
    const idempotencyKey = randomUUID();
    work = () => fail('SERVICE_UNAVAILABLE', 'Busy.');
    expect(codeOf(await ana.result(lab.work, {}, { idempotencyKey }))).toBe('SERVICE_UNAVAILABLE');
    work = () => {
      throw new Error('a mistake');
    };
    expect(codeOf(await ana.result(lab.work, {}, { idempotencyKey }))).toBe('INTERNAL');
    work = () => ({ text: 'now' });
    expect(codeOf(await ana.result(lab.work, {}, { idempotencyKey }))).toBe('SUCCESS');
  });

  it('before the handler leaves the key free', async () => {
    const ben = await node.person(`ben ${count}`);
    const options = { subject: ana.did, idempotencyKey: randomUUID() };
    expect(codeOf(await ben.result(lab.work, {}, options))).toBe('QONSENT_DENIED');
    await grant(node, ana, ben.did);
    expect(codeOf(await ben.result(lab.work, {}, options))).toBe('SUCCESS');
  });
});

describe('a key', () => {
  it('is kept for a day, and then is free again', async () => {
    const idempotencyKey = randomUUID();
    await ana.call(lab.work, { arg: 'a' }, { idempotencyKey });
    const before = await ana.result(
      lab.work,
      { arg: 'a' },
      { idempotencyKey, ...later(DAY_MS - 5_000) },
    );
    expect(before).toMatchObject({ replayed: true });
    const after = await ana.result(
      lab.work,
      { arg: 'b' },
      { idempotencyKey, ...later(DAY_MS + 5_000) },
    );
    expect(after).toMatchObject({ data: { text: '2 b' } });
    expect(after).not.toHaveProperty('replayed');
  });

  it('whose time is over does not let an old signature act again', async () => {
    const sent = { idempotencyKey: randomUUID() };
    const ts = new Date().toISOString();
    expect(codeOf(await send(node, ana, lab.work, {}, { sent, ts }))).toBe('SUCCESS');
    later(DAY_MS + 5_000);
    expect(codeOf(await send(node, ana, lab.work, {}, { sent, ts }))).toBe('TIME_EXPIRED');
    expect(codeOf(await send(node, ana, lab.post, {}, { sent, ts }))).toBe('TIME_EXPIRED');
  });

  it('leaves no trace in the store when its time has long been over', async () => {
    const dan = await node.person(`dan ${count}`);
    for (let i = 0; i < 5; i++) await dan.call(lab.work, {});
    const kept = async () => {
      const [row] = await node.store.read(
        'SELECT count(*) AS n FROM kernel_replay WHERE identity = :did',
        { did: dan.did },
      );
      return row?.['n'];
    };
    expect(await kept()).toBe(5);
    const options = later(2 * DAY_MS);
    for (let i = 0; i < 100; i++) await ana.call(lab.work, {}, options);
    expect(await kept()).toBe(0);
  });

  it('of money is kept for good', async () => {
    const idempotencyKey = randomUUID();
    const before = await totalPaid(node);
    const pay = { amount: '1', unit: 'EUR' };
    await ana.call(lab.pay, pay, { idempotencyKey });
    await ana.call(lab.buy, pay, { idempotencyKey });
    for (const ms of [DAY_MS + 1, 4_000 * DAY_MS]) {
      const options = { idempotencyKey, ...later(ms) };
      expect(await ana.result(lab.pay, pay, options)).toMatchObject({ replayed: true });
      expect(await ana.result(lab.buy, pay, options)).toMatchObject({ replayed: true });
    }
    expect((await totalPaid(node)) - before).toBe(100n);
  });
});

describe('an MCP call without a key', () => {
  const mcp = (agent: Actor, arg: string, more: Partial<Call> = {}): Promise<Result<unknown>> =>
    send(
      node,
      agent,
      lab.work,
      { arg },
      {
        credential: { kind: 'bearer', token: tokenOf.get(agent.did)! },
        sent: { idempotencyKey: undefined, surface: 'mcp', ...more },
      },
    );
  const tokenOf = new Map<string, string>();
  const agent = async (): Promise<Actor> => {
    const made = await agentOf(node, ana);
    tokenOf.set(made.did, made.token);
    return made;
  };

  it('that is the same as one of the last ten minutes is taken for a repetition', async () => {
    const one = await agent();
    expect(await mcp(one, 'a')).toMatchObject({ data: { text: '1 a' } });
    expect(await mcp(one, 'a')).toMatchObject({ data: { text: '1 a' }, replayed: true });
    expect(await mcp(one, 'b')).toMatchObject({ data: { text: '2 b' } });
    later(599_000);
    expect(await mcp(one, 'a')).toMatchObject({ replayed: true });
    later(601_000);
    expect(await mcp(one, 'a')).toMatchObject({ data: { text: '3 a' } });
  });

  it('is repeated when it says so, as often as it says so', async () => {
    const one = await agent();
    await mcp(one, 'a');
    expect(await mcp(one, 'a', { again: true })).toMatchObject({ data: { text: '2 a' } });
    expect(await mcp(one, 'a', { again: true })).toMatchObject({ data: { text: '3 a' } });
    expect(await mcp(one, 'a')).toMatchObject({ data: { text: '1 a' }, replayed: true });
  });

  it('for another principal is another call, though the same agent makes it', async () => {
    const ben = await node.person(`ben ${count}`);
    const one = await agent();
    const other = await token(node, one.did, await grant(node, ben, one.did));
    const tokens = [tokenOf.get(one.did) ?? '', other];
    const answers = [];
    for (const text of [...tokens, ...tokens]) {
      tokenOf.set(one.did, text);
      answers.push(await mcp(one, 'a'));
    }
    expect(answers.map((answer) => 'replayed' in answer)).toEqual([false, false, true, true]);
    expect(done).toBe(2);
    const withKey = { idempotencyKey: randomUUID() };
    expect(codeOf(await mcp(one, 'a', withKey))).toBe('SUCCESS');
    tokenOf.set(one.did, tokens[0] ?? '');
    expect(codeOf(await mcp(one, 'a', withKey))).toBe('VERSION_CONFLICT');
  });

  it('of another agent is another call', async () => {
    const [one, two] = [await agent(), await agent()];
    await mcp(one, 'a');
    expect(await mcp(two, 'a')).not.toHaveProperty('replayed');
  });

  it('that is signed is not repeated by whoever saw it', async () => {
    const sent = { idempotencyKey: undefined, surface: 'mcp' as const };
    const ts = new Date().toISOString();
    expect(codeOf(await send(node, ana, lab.work, {}, { sent, ts }))).toBe('SUCCESS');
    const again = { ...sent, again: true };
    expect(codeOf(await send(node, ana, lab.work, {}, { sent: again, ts }))).toBe(
      'IDEMPOTENCY_KEY_REQUIRED',
    );
    expect(done).toBe(1);
  });
});

it('what is kept under a key is not to be read in the store', async () => {
  work = () => ({ text: 'very confidential' });
  await ana.call(lab.work, {}, { idempotencyKey: randomUUID() });
  const rows = await node.store.read('SELECT result_sealed FROM kernel_replay');
  const texts = rows.map((row) =>
    Buffer.from((row['result_sealed'] as Uint8Array) ?? '').toString(),
  );
  expect(texts.some((text) => text.includes('confidential'))).toBe(false);
});
