import { randomUUID } from 'node:crypto';
import { startTestNode, type TestNode } from '@anarq/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RateLimit } from '../src/rateLimit.ts';
import { lab, labModule } from './lab.ts';
import { codeOf, countCodes, send } from './support.ts';

let node: TestNode;
let skew_ms = 0;
let slow: () => Promise<{ text: string }> = () => Promise.resolve({ text: '' });
/** The clock stands still, but where a test moves it. */
const start_ms = Date.now();

beforeAll(async () => {
  node = await startTestNode({
    modules: [],
    now_ms: () => start_ms + skew_ms,
    extra: [labModule({ slow: () => slow() })],
  });
});
afterAll(() => node.close());

describe('an operation that takes longer than it may', () => {
  it('is answered in time, goes on, and is found under its key', async () => {
    const ana = await node.person('patient');
    const ts = new Date(start_ms).toISOString();
    const ask = (idempotencyKey: string) =>
      send(node, ana, lab.slow, {}, { ts, sent: { idempotencyKey } });
    const { promise, resolve } = Promise.withResolvers<{ text: string }>();
    slow = () => promise;
    expect(await ask('slow')).toMatchObject({
      code: 'TIMEOUT_ERROR',
      retryable: true,
      details: { timeout_ms: 100 },
    });
    expect(codeOf(await ask('slow'))).toBe('CALL_IN_PROGRESS');
    resolve({ text: 'at last' });
    await expect
      .poll(() => ask('slow'), { timeout: 30_000 })
      .toMatchObject({ data: { text: 'at last' }, replayed: true });
  });
});

describe('the limit of an operation', () => {
  const rare = (who: Parameters<typeof send>[1]) =>
    send(node, who, lab.rare, {}, { ts: new Date(start_ms + skew_ms).toISOString() });

  it('lets a burst through, and then answers when to come again', async () => {
    const ana = await node.person('ana');
    const answers = [];
    for (let i = 0; i < 14; i++) answers.push(await rare(ana));
    expect(countCodes(answers)).toEqual({ SUCCESS: 10, RATE_LIMIT_EXCEEDED: 4 });
    expect(answers.at(-1)).toMatchObject({
      retryable: true,
      details: { retryAfter_ms: 1_000, limit: '60 a minute of lab.rare' },
    });
    skew_ms += 1_000;
    expect([codeOf(await rare(ana)), codeOf(await rare(ana))]).toEqual([
      'SUCCESS',
      'RATE_LIMIT_EXCEEDED',
    ]);
  });

  it('is each caller’s own, and each operation’s', async () => {
    const [ana, ben] = [await node.person('ana 2'), await node.person('ben 2')];
    for (let i = 0; i < 11; i++) await rare(ana);
    expect(codeOf(await rare(ana))).toBe('RATE_LIMIT_EXCEEDED');
    expect(codeOf(await rare(ben))).toBe('SUCCESS');
    const ts = new Date(start_ms + skew_ms).toISOString();
    expect(codeOf(await send(node, ana, lab.work, {}, { ts }))).toBe('SUCCESS');
  });

  it('is not used up by somebody who only pretends to be the caller', async () => {
    const ana = await node.person('ana 3');
    const thief = { did: ana.did, seed: (await node.person('thief')).seed };
    for (let i = 0; i < 15; i++) expect(codeOf(await rare(thief))).toBe('SIGNATURE_INVALID');
    expect(codeOf(await rare(ana))).toBe('SUCCESS');
  });
});

describe('the limit of a network address', () => {
  const from = (peer: string) =>
    node.kernel.invoke({
      operation: 'lab.room',
      input: {},
      surface: 'http',
      credential: { kind: 'bearer', token: 'nonsense' },
      peer,
    });

  it('comes before any proof is looked at', async () => {
    const answers = await Promise.all(Array.from({ length: 6_002 }, () => from('192.0.2.1')));
    expect(countCodes(answers)).toEqual({ QLOCK_AUTH_FAIL: 6_000, RATE_LIMIT_EXCEEDED: 2 });
    expect(codeOf(await from('192.0.2.2'))).toBe('QLOCK_AUTH_FAIL');
  });
});

describe('the rate', () => {
  it('of any pattern of calls is never more than burst and one an interval', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 200 }),
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 10 }),
        (gaps, interval_ms, burst) => {
          const limit = new RateLimit({ keys_max: 10 });
          let now_ms = 1_000;
          let passed = 0;
          for (const gap of gaps) {
            now_ms += gap;
            const wait_ms = limit.take('key', now_ms, interval_ms, burst);
            if (wait_ms === 0) passed += 1;
            else {
              expect(limit.take('key', now_ms + wait_ms - 1, interval_ms, burst)).toBeGreaterThan(
                0,
              );
            }
          }
          expect(passed).toBeLessThanOrEqual(burst + (now_ms - 1_000) / interval_ms);
        },
      ),
    );
  });

  it('is kept for a bounded number of callers', () => {
    const limit = new RateLimit({ keys_max: 3 });
    for (const key of ['a', 'b', 'c', 'd']) expect(limit.take(key, 0, 1_000, 1)).toBe(0);
    expect(limit.take('d', 0, 1_000, 1)).toBe(1_000);
    expect(limit.take('a', 0, 1_000, 1)).toBe(0);
  });
});

describe('an input', () => {
  const nest = (depth: number): unknown => (depth === 0 ? 1 : [nest(depth - 1)]);
  const ask = async (value: unknown) => {
    const ana = await node.person('nest');
    return node.kernel.invoke({
      operation: 'lab.nest',
      input: { value },
      surface: 'http',
      idempotencyKey: randomUUID(),
      credential: {
        kind: 'signature',
        identity: ana.did,
        ts: new Date(start_ms).toISOString(),
        signature: 'v1.x',
      },
    });
  };

  it('is nested so deep and no deeper, and judged before who sent it', async () => {
    expect(codeOf(await ask(nest(20)))).toBe('SIGNATURE_INVALID');
    expect(codeOf(await ask(nest(100)))).toBe('INPUT_INVALID');
    expect(codeOf(await ask(nest(5_000)))).toBe('INPUT_INVALID');
  });

  it.each([
    ['a lone surrogate', '\ud800'],
    ['too much JSON', 'x'.repeat(20_000)],
    ['no number', Number.NaN],
    ['a function', () => 1],
    ['a big integer', 1n],
    ['an object of a class', new Map()],
  ])('with %s is refused, and does not fail the node', async (_, value) => {
    node.errors.length = 0;
    expect(codeOf(await ask(value))).toBe('INPUT_INVALID');
    expect(node.errors).toEqual([]);
  });

  it('that is no object, or has more members than the contract names, is refused', async () => {
    for (const input of [
      null,
      [],
      'x',
      { value: 1, more: 1 },
      JSON.parse('{"__proto__":1,"value":1}'),
    ])
      expect(
        codeOf(
          await node.kernel.invoke({
            operation: 'lab.nest',
            input,
            surface: 'http',
            credential: { kind: 'anonymous' },
          }),
        ),
      ).toBe('INPUT_INVALID');
  });

  it('for another version of the interface is refused', async () => {
    const answer = await node.kernel.invoke({
      operation: 'lab.open',
      input: {},
      surface: 'http',
      credential: { kind: 'anonymous' },
      apiVersion: 'v9',
    });
    expect(answer).toMatchObject({ code: 'VERSION_UNSUPPORTED', details: { supported: ['v1'] } });
  });
});

describe('the health of a node', () => {
  it('names what it depends on, and counts its calls', async () => {
    const before = (await node.kernel.health()).metrics.requestCount;
    await node.operator.result(lab.open, {}, { skew_ms });
    const health = await node.kernel.health();
    expect(health).toMatchObject({
      status: 'healthy',
      version: '0.0.0-test',
      dependencies: { store: { status: 'up' }, content: { status: 'up' }, log: { status: 'up' } },
    });
    expect(health.metrics.requestCount).toBe(before + 1);
    expect(health.metrics.errorRate).toBeGreaterThan(0);
  });

  it('is bad when the store is gone; a node that stops takes no call', async () => {
    const other = await startTestNode({ modules: [], extra: [labModule()] });
    const { kernel } = other;
    await other.close();
    expect(await kernel.health()).toMatchObject({
      status: 'unhealthy',
      dependencies: { store: { status: 'down' } },
    });
    const late = await kernel.invoke({
      operation: 'lab.open',
      input: {},
      surface: 'http',
      credential: { kind: 'anonymous' },
    });
    expect(late).toMatchObject({ code: 'SERVICE_UNAVAILABLE', retryable: true });
  });
});
