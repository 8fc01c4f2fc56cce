import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { qlock } from '../src/contract.ts';
import { codeOf, grant } from './support.ts';

let node: TestNode;
let alice: Actor;
/** The clock of the node: it stands still but where a test moves it. */
let clock_ms = Date.now();
let names = 0;
let name = '';

beforeAll(async () => {
  node = await startTestNode({ modules: ['qlock'], now_ms: () => clock_ms });
  alice = await node.person('Alice');
});
afterAll(() => node.close());
beforeEach(() => {
  names += 1;
  name = `jobs/${names}`;
});

const options = (more: object = {}) => ({ skew_ms: clock_ms - Date.now(), ...more });
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
    expect(await lock()).toMatchObject({
      code: 'LOCK_HELD',
      retryable: true,
      details: { holder: alice.did, retryAfter_ms: 60_000 },
    });
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
    clock_ms += 1_000;
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
      expect(model.surprises).toEqual([]);
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

/** What a lock must be: to whom it was ever given, in order, and until when the last one holds it. */
class Model {
  readonly surprises: string[] = [];
  readonly #given: { readonly lockId: string; readonly token: number }[] = [];
  #until_ms = 0;

  async run(each: Step): Promise<void> {
    if (each.do === 'wait') clock_ms += each.ms;
    else if (each.do === 'lock') await this.#lock(each.ttl_ms, each.callers);
    else await this.#asHolder(each);
  }

  async #lock(ttl_ms: number, callers: number): Promise<void> {
    const expected = clock_ms < this.#until_ms ? 0 : 1;
    const results = await Promise.all(Array.from({ length: callers }, () => lock(alice, ttl_ms)));
    const won = results.flatMap((result) => (result.status === 'ok' ? [result.data] : []));
    this.#expect(won.length === expected, `${won.length} of ${callers} got it, not ${expected}`);
    for (const data of won) {
      const before = this.#given.at(-1)?.token ?? 0;
      this.#expect(data.token > before, `token ${data.token} after ${before}`);
      this.#given.push(data);
      this.#until_ms = Date.parse(data.expiresAt);
    }
  }

  async #asHolder(each: Extract<Step, { of: number }>): Promise<void> {
    const claimed = this.#given[each.of % Math.max(1, this.#given.length)];
    const claim = { name, lockId: claimed?.lockId ?? 'lock_none' };
    const isHolder =
      claimed !== undefined && claimed === this.#given.at(-1) && clock_ms < this.#until_ms;
    const code =
      each.do === 'renew' ? await this.#renew(claim, each.ttl_ms) : await this.#unlock(claim);
    this.#expect(
      code === (isHolder ? 'SUCCESS' : 'STATE_CONFLICT'),
      `${each.do} by ${isHolder ? 'the holder' : 'another'}: ${code}`,
    );
  }

  async #renew(claim: { name: string; lockId: string }, ttl_ms: number): Promise<string> {
    const result = await alice.result(qlock.renew, { ...claim, ttl_ms }, options());
    if (result.status === 'ok') this.#until_ms = Date.parse(result.data.expiresAt);
    return result.code;
  }

  async #unlock(claim: { name: string; lockId: string }): Promise<string> {
    const result = await alice.result(qlock.unlock, claim, options());
    if (result.status === 'ok') this.#until_ms = 0;
    return result.code;
  }

  #expect(holds: boolean, otherwise: string): void {
    if (!holds) this.surprises.push(otherwise);
  }
}
