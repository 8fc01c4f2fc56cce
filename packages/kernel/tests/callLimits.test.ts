import { randomUUID } from 'node:crypto';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addressKey } from '../src/addressKey.ts';
import { RateLimit } from '../src/rateLimit.ts';
import { Standings } from '../src/standing.ts';
import { lab, labModule } from './lab.ts';
import { codeOf, countCodes, custodial, grant, send, token } from './support.ts';

let node: TestNode;
let now_ms = Date.now();
let people = 0;
const person = (name: string): Promise<Actor> => node.person(`${name} ${(people += 1)}`);

beforeAll(async () => {
  node = await startTestNode({ modules: [], now_ms: () => now_ms, extra: [labModule()] });
});
afterAll(() => node.close());
/** Every debt of the test before is paid. */
beforeEach(() => void (now_ms += 3_600_000));

const ts = () => new Date(now_ms).toISOString();
const rare = (who: Pick<Actor, 'did' | 'seed'>, sent: object = {}) =>
  send(node, who, lab.rare, {}, { ts: ts(), sent });
const times = async <T>(n: number, work: () => Promise<T>): Promise<T[]> => {
  const answers: T[] = [];
  for (let i = 0; i < n; i++) answers.push(await work());
  return answers;
};
/** Calls with a token, which is cheap enough to make many. */
const withToken = (text: string, peer?: string) =>
  node.kernel.invoke({
    operation: 'lab.rare',
    input: {},
    surface: 'http',
    idempotencyKey: randomUUID(),
    credential: { kind: 'bearer', token: text },
    ...(peer === undefined ? {} : { peer }),
  });

describe('a refusal', () => {
  it('says whose limit was reached, how much it is, and when to come again', async () => {
    const ana = await person('ana');
    await times(10, () => rare(ana));
    expect(await rare(ana)).toMatchObject({
      code: 'RATE_LIMIT_EXCEEDED',
      retryable: true,
      details: {
        retryAfter_ms: 1_000,
        scope: 'identity',
        limit: '60 a minute of lab.rare',
        quota: 60,
        window_s: 60,
      },
    });
  });

  it('that is not heeded makes the wait longer each time, and that is forgotten again', async () => {
    const ana = await person('ana');
    await times(10, () => rare(ana));
    const waits: number[] = [];
    for (let i = 0; i < 4; i++) {
      const answer = await rare(ana);
      waits.push(Number(answer.status === 'error' && answer.details?.['retryAfter_ms']));
      now_ms += 600;
    }
    for (const [i, wait] of waits.entries())
      if (i > 0) expect(wait).toBeGreaterThan(waits[i - 1] ?? 0);
    expect(Math.max(...waits)).toBeLessThanOrEqual(60_000);
    now_ms += 600_000;
    expect(countCodes(await times(12, () => rare(ana)))).toEqual({
      SUCCESS: 10,
      RATE_LIMIT_EXCEEDED: 2,
    });
  });

  it('that is heeded never makes the wait longer', async () => {
    const ana = await person('ana');
    await times(10, () => rare(ana));
    for (let i = 0; i < 5; i++) {
      const answer = await rare(ana);
      expect(answer).toMatchObject({ details: { retryAfter_ms: 1_000 } });
      now_ms += 1_000;
      expect(codeOf(await rare(ana))).toBe('SUCCESS');
    }
  });
});

describe('a sub-identity', () => {
  it('has a limit of its own, and counts on that of its root', async () => {
    const ana = await person('ana');
    const facts = { kind: 'person', parent: ana.did, controller: ana.did } as const;
    const subs = await Promise.all(
      ['one', 'two'].map(async (name) => {
        const did = await custodial(node, `${name} ${people}`, facts);
        return token(node, did, await grant(node, ana, did), now_ms + 3_600_000);
      }),
    );
    const [one = '', two = ''] = subs;
    const first = await times(12, () => withToken(one));
    expect(countCodes(first)).toEqual({ SUCCESS: 10, RATE_LIMIT_EXCEEDED: 2 });
    expect(first.at(-1)).toMatchObject({
      details: { scope: 'sub-identity', limit: '30 a minute of lab.rare' },
    });
    // All of the root's burst went to the first: the second has none, and neither has the root.
    expect(await withToken(two)).toMatchObject({ details: { scope: 'identity' } });
    expect(codeOf(await rare(ana))).toBe('RATE_LIMIT_EXCEEDED');
    now_ms += 1_100;
    expect(codeOf(await withToken(two))).toBe('SUCCESS');
  });
});

describe('those who act for one organisation', () => {
  it('share its limit fairly where it becomes scarce', async () => {
    const house = await person('house');
    const members = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const member = await person('member');
        await grant(node, house, member.did);
        return member;
      }),
    );
    const [greedy, ...modest] = members;
    if (greedy === undefined) throw new Error('no member');
    const act = (who: Actor) => rare(who, { subject: house.did });
    // Each is known to take part.
    for (const who of members) expect(codeOf(await act(who))).toBe('SUCCESS');
    const counted: Record<string, number> = {};
    for (let second = 0; second < 20; second++) {
      now_ms += 500;
      for (const who of [greedy, greedy, ...modest]) {
        const answer = await act(who);
        if (answer.status === 'ok') counted[who.did] = (counted[who.did] ?? 0) + 1;
      }
    }
    const passed = modest.map(({ did }) => counted[did] ?? 0);
    expect(Math.min(...passed)).toBeGreaterThanOrEqual(13);
    expect(counted[greedy.did]).toBeLessThanOrEqual(Math.max(...passed) + 6);
  });

  it('do not use up what it may do itself, and who is denied uses up nothing', async () => {
    const house = await person('house');
    const member = await person('member');
    for (const answer of await times(9, () => rare(member, { subject: house.did })))
      expect(codeOf(answer)).toBe('QONSENT_DENIED');
    await grant(node, house, member.did);
    now_ms += 60_000;
    await times(12, () => rare(member, { subject: house.did }));
    expect(countCodes(await times(10, () => rare(house)))).toEqual({ SUCCESS: 10 });
  });
});

describe('proofs that fail', () => {
  const victim = (peer: string, text = 'nonsense') => withToken(text, peer);

  it('count on the address, never on whom they name', async () => {
    const ana = await person('ana');
    const forged = {
      credential: {
        kind: 'signature',
        identity: ana.did,
        ts: ts(),
        signature: 'v1.x',
      },
    } as const;
    for (let i = 0; i < 200; i++)
      await node.kernel.invoke({
        operation: 'lab.rare',
        input: {},
        surface: 'http',
        idempotencyKey: randomUUID(),
        peer: '198.51.100.7',
        ...forged,
      });
    expect(countCodes(await times(10, () => rare(ana)))).toEqual({ SUCCESS: 10 });
  });

  it('of many addresses close the node to strangers, and not to who proved itself from elsewhere', async () => {
    const bot = await custodial(node, `bot ${people}`);
    const known = await token(node, bot, await grant(node, node.operator, bot), now_ms + 3_600_000);
    expect(codeOf(await victim('203.0.113.1', known))).toBe('SUCCESS');
    for (let i = 0; i < 130; i++)
      await Promise.all(Array.from({ length: 100 }, () => victim(`10.0.${i}.1`)));
    expect(await victim('203.0.113.99', known)).toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
      retryable: true,
      details: { retryAfter_ms: expect.any(Number) },
    });
    expect(codeOf(await victim('203.0.113.1', known))).toBe('SUCCESS');
    now_ms += 60_000;
    expect(codeOf(await victim('203.0.113.99', known))).toBe('SUCCESS');
  });
});

describe('standing', () => {
  it('rises with calls that pass, falls with violations, and comes back', () => {
    const standings = new Standings({ keys_max: 10 });
    for (let i = 0; i < 2_000; i++) standings.passed('ana', i);
    expect(standings.factor('ana', 2_000)).toBe(1.5);
    for (let i = 0; i < 8_000; i++) standings.passed('ana', i);
    expect(standings.factor('ana', 8_000)).toBe(2);
    standings.refused('ana', 10_000, 1_000);
    expect(standings.factor('ana', 10_000)).toBe(2);
    standings.refused('ana', 10_600, 1_000);
    expect(standings.factor('ana', 10_600)).toBe(0.5);
    expect(standings.factor('ana', 10_600 + 30_000)).toBe(1);
  });

  it('falls for who tries one thing after another that is denied', () => {
    const standings = new Standings({ keys_max: 10 });
    for (let i = 0; i < 49; i++) standings.denied('mallory', i);
    expect(standings.factor('mallory', 50)).toBe(1);
    standings.denied('mallory', 50);
    expect(standings.factor('mallory', 51)).toBe(0.5);
    expect(standings.factor('ana', 51)).toBe(1);
  });

  it('is never below a quarter nor above double, whatever happens, and recovers from anything', () => {
    const act = fc.record({
      kind: fc.constantFrom('passed', 'refused', 'denied'),
      gap_ms: fc.integer({ min: 0, max: 20_000 }),
      wait_ms: fc.integer({ min: 1, max: 60_000 }),
    });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 200 }), (acts) => {
        const standings = new Standings({ keys_max: 3 });
        let at_ms = 0;
        for (const { kind, gap_ms, wait_ms } of acts) {
          at_ms += gap_ms;
          if (kind === 'passed') standings.passed('ana', at_ms);
          if (kind === 'denied') standings.denied('ana', at_ms);
          if (kind === 'refused') {
            const told_ms = standings.refused('ana', at_ms, wait_ms);
            expect(told_ms).toBeGreaterThanOrEqual(Math.min(wait_ms, 60_000));
            expect(told_ms).toBeLessThanOrEqual(60_000);
          }
          const factor = standings.factor('ana', at_ms);
          expect(factor).toBeGreaterThanOrEqual(0.25);
          expect(factor).toBeLessThanOrEqual(2);
        }
        expect(standings.factor('ana', at_ms + 10 * 30_000)).toBeGreaterThanOrEqual(1);
      }),
    );
  });
});

describe('an address', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['FE80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('%s counts as %s', (peer, key) => {
    expect(addressKey(peer)).toBe(key);
  });
});

describe('the memory of limits', () => {
  it('is bounded, and a flood of new callers costs each the same', () => {
    const limit = new RateLimit({ keys_max: 1_000 });
    let passed = 0;
    for (let i = 0; i < 50_000; i++)
      if (limit.take(`caller ${i}`, 0, 60_000, 10) === 0) passed += 1;
    expect(passed).toBe(50_000);
  });
});
