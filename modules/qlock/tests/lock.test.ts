import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { qlock } from '../src/contract.ts';
import { codeOf, grant } from './support.ts';

let node: TestNode;
let alice: Actor;
let later_ms = 0;
let names = 0;
let name = '';

beforeAll(async () => {
  node = await startTestNode({ modules: ['qlock'], now_ms: () => Date.now() + later_ms });
  alice = await node.person('Alice');
});
afterAll(() => node.close());
beforeEach(() => {
  names += 1;
  name = `jobs/${names}`;
});

const options = (more: object = {}) => ({ skew_ms: later_ms, ...more });
const lock = (actor = alice, ttl_ms = 60_000, more = {}) =>
  actor.result(qlock.lock, { name, ttl_ms }, options(more));
const taken = async (ttl_ms = 60_000) => {
  const result = await lock(alice, ttl_ms);
  if (result.status === 'error') throw new Error(result.code);
  return result.data;
};

describe('a lock', () => {
  it('is held by one, and refused to others with the time to wait', async () => {
    const held = await taken(60_000);
    expect(held).toMatchObject({ name, token: 1 });
    const refused = await lock();
    expect(refused).toMatchObject({
      code: 'LOCK_HELD',
      retryable: true,
      details: { holder: alice.did },
    });
    const wait_ms = refused.status === 'error' ? refused.details?.['retryAfter_ms'] : 0;
    expect(wait_ms).toBeGreaterThan(0);
    expect(wait_ms).toBeLessThanOrEqual(60_000);
  });

  it('given back is free at once, and its next holder has a higher token', async () => {
    const { lockId } = await taken();
    expect(await alice.call(qlock.unlock, { name, lockId }, options())).toEqual({ name, token: 1 });
    expect((await taken()).token).toBe(2);
    expect(codeOf(await alice.result(qlock.unlock, { name, lockId }, options()))).toBe(
      'STATE_CONFLICT',
    );
  });

  it('that expired is taken over, and its stale holder learns of it', async () => {
    const stale = await taken(1_000);
    later_ms += 1_001;
    const renewal = { name, lockId: stale.lockId, ttl_ms: 1_000 };
    // Even before anybody took over, a lock whose time is over is not held.
    expect(codeOf(await alice.result(qlock.renew, renewal, options()))).toBe('STATE_CONFLICT');
    const fresh = await taken();
    expect(fresh.token).toBe(stale.token + 1);
    for (const refused of [
      await alice.result(qlock.renew, renewal, options()),
      await alice.result(qlock.unlock, { name, lockId: stale.lockId }, options()),
    ])
      expect(codeOf(refused)).toBe('STATE_CONFLICT');
    const still = { name, lockId: fresh.lockId, ttl_ms: 1_000 };
    expect((await alice.call(qlock.renew, still, options())).token).toBe(fresh.token);
  });

  it('renewed lasts longer, keeps its token, and is never cut short by it', async () => {
    const held = await taken(10_000);
    const renew = (ttl_ms: number) =>
      alice.call(qlock.renew, { name, lockId: held.lockId, ttl_ms }, options());
    const longer = await renew(60_000);
    expect(longer).toMatchObject({ token: held.token, lockId: held.lockId });
    expect(Date.parse(longer.expiresAt)).toBeGreaterThan(Date.parse(held.expiresAt));
    expect((await renew(100)).expiresAt).toBe(longer.expiresAt);
  });

  it('of one owner is none of another’s, under the same name', async () => {
    await taken();
    const bob = await node.person('Bob');
    expect(await lock(bob)).toMatchObject({ status: 'ok', data: { token: 1 } });
  });

  it('is shared by those who act for one owner, and only its holder gives it back', async () => {
    const bob = await node.person('Bob');
    await grant(node, alice, bob, { command: '/qlock/lock' });
    const held = await lock(bob, 60_000, { subject: alice.did });
    expect(held.status).toBe('ok');
    expect(codeOf(await lock(alice))).toBe('LOCK_HELD');
    const lockId = held.status === 'ok' ? held.data.lockId : '';
    expect(codeOf(await alice.result(qlock.unlock, { name, lockId }, options()))).toBe(
      'STATE_CONFLICT',
    );
    const back = await bob.result(qlock.unlock, { name, lockId }, options({ subject: alice.did }));
    expect(codeOf(back)).toBe('SUCCESS');
  });

  it('keeps its token over a restart', async () => {
    const { token, lockId } = await taken();
    await node.restart();
    expect(codeOf(await lock())).toBe('LOCK_HELD');
    await alice.call(qlock.unlock, { name, lockId }, options());
    expect((await taken()).token).toBe(token + 1);
  });

  it('tells of being taken and given back', async () => {
    const { lockId, token } = await taken();
    await alice.call(qlock.unlock, { name, lockId }, options());
    const told = await node.store.read(
      'SELECT topic, data FROM kernel_outbox WHERE subject = :name ORDER BY seq',
      { name },
    );
    expect(told.map(({ topic }) => topic)).toEqual([
      'q.qlock.lock.acquired.v1',
      'q.qlock.lock.released.v1',
    ]);
    expect(JSON.parse(String(told[0]?.['data']))).toMatchObject({ lockId, token, name });
  });
});

describe('under contention', () => {
  it('one of many that ask at once gets a lock that was never held before', async () => {
    const results = await Promise.all(Array.from({ length: 12 }, () => lock()));
    expect(results.map(codeOf).filter((code) => code === 'SUCCESS')).toHaveLength(1);
  });

  it('whatever is done in whatever order: one holder at most, and tokens only grow', async () => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      names += 1;
      name = `property/${names}`;
      const model = new Model();
      for (const each of steps) await model.run(each);
    });
    await fc.assert(property, { numRuns: 25 });
  });
});

const ttl = fc.integer({ min: 100, max: 5_000 });
const step = fc.oneof(
  fc.record({
    do: fc.constant('lock' as const),
    ttl_ms: ttl,
    callers: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ do: fc.constant('renew' as const), ttl_ms: ttl, of: fc.nat() }),
  fc.record({ do: fc.constant('unlock' as const), of: fc.nat() }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 6_000 }) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What a lock must be: who was ever given it, in order, and until when the last one holds it. */
class Model {
  readonly #given: { readonly lockId: string; readonly token: number }[] = [];
  #isHeld = false;
  #until_ms = 0;

  /** Whether it is free now; once it is, only a new holder changes that. */
  #isFree(): boolean {
    return !this.#isHeld || Date.now() + later_ms >= this.#until_ms;
  }

  async run(each: Step): Promise<void> {
    if (each.do === 'wait') later_ms += each.ms;
    else if (each.do === 'lock') await this.#lock(each.ttl_ms, each.callers);
    else await this.#asHolder(each);
  }

  async #lock(ttl_ms: number, callers: number): Promise<void> {
    const wasFree = this.#isFree();
    const results = await Promise.all(Array.from({ length: callers }, () => lock(alice, ttl_ms)));
    const isFree = this.#isFree();
    const won = results.flatMap((result) => (result.status === 'ok' ? [result.data] : []));
    if (wasFree) expect(won.length).toBeGreaterThan(0);
    if (!isFree) expect(won).toEqual([]);
    for (const data of won) {
      expect(data.token).toBeGreaterThan(this.#given.at(-1)?.token ?? 0);
      this.#given.push(data);
      this.#isHeld = true;
      this.#until_ms = Date.parse(data.expiresAt);
    }
    // The shortest time for which a lock is taken is longer than these calls last, all but always.
    if (ttl_ms > 2_000) expect(won.length).toBeLessThanOrEqual(1);
  }

  async #asHolder(each: Extract<Step, { of: number }>): Promise<void> {
    const claimed = this.#given[each.of % Math.max(1, this.#given.length)];
    const claim = { name, lockId: claimed?.lockId ?? 'lock_none' };
    const wasFree = this.#isFree();
    const result =
      each.do === 'renew'
        ? await alice.result(qlock.renew, { ...claim, ttl_ms: each.ttl_ms }, options())
        : await alice.result(qlock.unlock, claim, options());
    const isHolder = claimed !== undefined && claimed === this.#given.at(-1);
    if (wasFree || !isHolder) expect(codeOf(result)).toBe('STATE_CONFLICT');
    else if (!this.#isFree()) expect(codeOf(result)).toBe('SUCCESS');
    if (result.status === 'error') return;
    if ('expiresAt' in result.data) this.#until_ms = Date.parse(result.data.expiresAt);
    else this.#isHeld = false;
  }
}
