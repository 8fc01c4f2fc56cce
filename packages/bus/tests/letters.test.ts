import { describe, expect, it } from 'vitest';

import {
  cursor,
  effect,
  effects,
  emit,
  eventually,
  kept,
  outboxStore,
  testBus,
} from './support.ts';

const DAY_MS = 86_400_000;
const NOW_MS = 1_700_000_000_000;

describe('a dead letter', () => {
  it('is handed to its consumer again, alone, and is one no more once it was taken', async () => {
    const store = await outboxStore();
    const { bus } = await testBus(store, { attempts_max: 1 });
    let isBroken = true;
    bus.subscribe({
      consumer: 'c',
      topics: ['q.demo.*'],
      handle: async ({ id }) => {
        if (id === 'b' && isBroken) throw new Error('not today');
        return [effect(id)];
      },
    });
    await emit(store, bus, 'a', 'b', 'c');
    await eventually(async () => expect(await effects(store)).toEqual(['a', 'c']));
    expect(await bus.consumers()).toMatchObject([
      { consumer: 'c', seq: 3, head: 3, dead: 1, isRunning: true },
    ]);
    expect(await bus.retryDead('c', 'b')).toBe(false);
    expect(await bus.dead('c')).toMatchObject([{ event_id: 'b', reason: 'not today' }]);
    isBroken = false;
    expect(await bus.retryDead('c', 'b')).toBe(true);
    expect(await bus.dead('c')).toEqual([]);
    expect(await effects(store)).toEqual(['a', 'c', 'b']);
    expect(await cursor(store, 'c')).toBe(3);
  });

  it('is taken once, though it is retried many times at once', async () => {
    const store = await outboxStore();
    const { bus } = await testBus(store, { attempts_max: 1 });
    let isBroken = true;
    bus.subscribe({
      consumer: 'c',
      topics: ['q.demo.*'],
      once: true,
      handle: async ({ id }) => {
        if (isBroken) throw new Error('not today');
        return [effect(id)];
      },
    });
    await emit(store, bus, 'a');
    await eventually(async () => expect(await bus.dead('c')).toHaveLength(1));
    isBroken = false;
    const tries = Array.from({ length: 5 }, () => bus.retryDead('c', 'a'));
    const taken = await Promise.allSettled(tries);
    const yes = taken.filter((each) => each.status === 'fulfilled' && each.value);
    expect(yes).toHaveLength(1);
    expect(await effects(store)).toEqual(['a']);
  });

  it('that is none, or whose consumer does not run, is refused by its name', async () => {
    const store = await outboxStore();
    const { bus } = await testBus(store, { attempts_max: 1 });
    const subscription = bus.subscribe({
      consumer: 'c',
      topics: ['q.demo.*'],
      handle: () => Promise.reject(new Error('never')),
    });
    await emit(store, bus, 'a');
    await eventually(async () => expect(await bus.dead('c')).toHaveLength(1));
    await expect(bus.retryDead('c', 'nothing')).rejects.toMatchObject({ code: 'QINDEX_NOT_FOUND' });
    await subscription.close();
    await expect(bus.retryDead('c', 'a')).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
  });
});

describe('retention by topic', () => {
  it('deletes only these topics, or all but these, and never what is younger', async () => {
    const store = await outboxStore();
    const { bus } = await testBus(store);
    const old = { at_ms: NOW_MS - 10 * DAY_MS };
    await emit(
      store,
      bus,
      { id: 'short old', topic: 'q.demo.short.v1', ...old },
      { id: 'long old', topic: 'q.demo.long.v1', ...old },
      { id: 'other old', topic: 'q.demo.other.v1', ...old },
      { id: 'short new', topic: 'q.demo.short.v1', at_ms: NOW_MS },
    );
    const before = NOW_MS - DAY_MS;
    expect(await bus.prune(before, { only: ['q.demo.short.v1'] })).toBe(1);
    expect(await kept(store)).toEqual(['long old', 'other old', 'short new']);
    expect(await bus.prune(before, { only: [] })).toBe(0);
    expect(await bus.prune(before, { except: ['q.demo.long.v1'] })).toBe(1);
    expect(await kept(store)).toEqual(['long old', 'short new']);
  });
});

describe('who follows', () => {
  it('gets what was kept, then what comes, in order and once, however the two meet', async () => {
    const store = await outboxStore();
    const { bus } = await testBus(store);
    const ids = Array.from({ length: 230 }, (_, n) => `kept ${n}`);
    await emit(store, bus, ...ids);
    const start = Buffer.from('events.1:0').toString('base64url');
    const follow = bus.follow({ tenant: 'acme', after: start, sees: () => true });
    const seen: string[] = [];
    const reading = (async () => {
      for (let step = await follow.next(); step !== undefined; step = await follow.next())
        seen.push(...step.events.map(({ event }) => event.id));
    })();
    for (let n = 0; n < 40; n += 1) {
      ids.push(`new ${n}`);
      await emit(store, bus, `new ${n}`);
    }
    await eventually(() => expect(seen).toEqual(ids));
    follow.close();
    await reading;
  });

  it('gets nothing that it may not see, and its cursor goes past that', async () => {
    const store = await outboxStore();
    const { bus } = await testBus(store);
    await emit(store, bus, 'a', { id: 'foreign', tenant: 'elsewhere' }, 'b');
    const start = Buffer.from('events.1:0').toString('base64url');
    const all: string[] = [];
    const follow = bus.follow({
      tenant: 'acme',
      after: start,
      sees: async (audience) => {
        all.push(audience.tenant);
        return false;
      },
    });
    const waiting = follow.next();
    await eventually(() => expect(all).toEqual(['acme', 'acme']));
    await eventually(() =>
      expect(Buffer.from(follow.cursor, 'base64url').toString()).toBe('events.1:3'),
    );
    follow.close();
    expect(await waiting).toBeUndefined();
  });

  it('begins at the end where its cursor is of a store that had more', async () => {
    const store = await outboxStore();
    const { bus } = await testBus(store);
    const beyond = Buffer.from('events.1:99').toString('base64url');
    await emit(store, bus, 'a');
    await eventually(async () => expect(await kept(store)).toHaveLength(1));
    const follow = bus.follow({ tenant: 'acme', after: beyond, sees: () => true });
    const seen: string[] = [];
    const first = follow.next();
    await emit(store, bus, 'b');
    // Where the end was told before 'a' came to it, 'a' is seen too.
    for (let step = await first; step !== undefined; step = await follow.next()) {
      seen.push(...step.events.map(({ event }) => event.id));
      if (seen.includes('b')) break;
    }
    expect(seen).toContain('b');
    follow.close();
  });
});
