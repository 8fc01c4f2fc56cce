import type { Store } from '@anarq/store';
import { describe, expect, it } from 'vitest';

import { toPageCursor } from '../src/pageCursor.ts';
import type { BusEvent, EventPage } from '../src/index.ts';
import {
  cursor,
  effect,
  effects,
  emit,
  emitted,
  eventually,
  kept,
  outboxStore,
  storeBehind,
  testBus,
} from './support.ts';

const swallow = async (): Promise<void> => {};

function refusal(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('this was expected to be refused');
}

describe('wake', () => {
  it('looks once for a thousand calls', async () => {
    const store = await outboxStore();
    const { bus } = await testBus(store);
    await store.commit([emitted({ id: 'e1' })]);
    const before = store.stats().reads;
    for (let call = 0; call < 1_000; call += 1) bus.wake();
    await eventually(() => expect(store.stats().reads).toBeGreaterThan(before));
    // Read after everything that the calls may have queued: answers come in order.
    await store.read('SELECT 1');
    expect(store.stats().reads - before).toBe(2);
  });

  it('is not lost when it comes while the bus is looking', async () => {
    const store = await outboxStore();
    let looks = 0;
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const slow = storeBehind(store, {
      read: async (sql, params) => {
        const rows = await store.read(sql, params);
        if (typeof sql === 'string' && sql.includes(':seen') && (looks += 1) === 1) await held;
        return rows;
      },
    });
    const { bus } = await testBus(slow);
    const seen: string[] = [];
    bus.subscribe({ consumer: 'a', topics: ['q.*'], handle: async ({ id }) => void seen.push(id) });
    await emit(store, bus, 'e1');
    await eventually(() => expect(looks).toBe(1));
    await emit(store, bus, 'e2');
    release();
    await eventually(() => expect(seen).toEqual(['e1', 'e2']));
  });

  it('may be forgotten: the safety timer looks too', async () => {
    const store = await outboxStore();
    const { bus } = await testBus(store, { safety_ms: 10 });
    bus.subscribe({ consumer: 'a', topics: ['q.*'], handle: swallow });
    await store.commit([emitted({ id: 'e1' })]);
    await eventually(async () => expect(await cursor(store, 'a')).toBe(1));
  });
});

describe('read', () => {
  const topics = ['q.demo.sold.v1', 'q.demo.bought.v1', 'q.other.x.v1'];
  const events = Array.from({ length: 30 }, (_, n) => ({
    id: `e${n}`,
    topic: topics[n % 3] ?? '',
    tenant: n % 5 === 0 ? 'other' : 'acme',
    subject: n % 2 === 0 ? 'even' : 'odd',
  }));

  it('pages through exactly the events of tenant, topics and subject, in order', async () => {
    const store = await outboxStore();
    const { bus } = await testBus(store);
    await emit(store, bus, ...events);
    for (const subject of [undefined, 'odd']) {
      const ids: string[] = [];
      let page: EventPage | undefined;
      do {
        page = await bus.read({
          tenant: 'acme',
          topics: ['q.demo.*'],
          limit: 3,
          ...(subject === undefined ? {} : { subject }),
          ...(page === undefined ? {} : { after: page.next }),
        });
        expect(page.events.length).toBeLessThanOrEqual(3);
        ids.push(...page.events.map(({ id }) => id));
      } while (page.more);
      const wanted = events.filter(
        (event) =>
          event.tenant === 'acme' &&
          event.topic.startsWith('q.demo.') &&
          (subject === undefined || event.subject === subject),
      );
      expect(ids).toEqual(wanted.map(({ id }) => id));
    }
  });

  it('goes on from its last cursor when there are new events', async () => {
    const store = await outboxStore();
    const { bus } = await testBus(store);
    await emit(store, bus, 'e1');
    const first = await bus.read({ tenant: 'acme' });
    expect(first.more).toBe(false);
    expect(await bus.read({ tenant: 'acme', after: first.next })).toMatchObject({ events: [] });
    await emit(store, bus, 'e2');
    const second = await bus.read({ tenant: 'acme', after: first.next });
    expect(second.events.map(({ id }) => id)).toEqual(['e2']);
  });

  it('finds a rare event behind very many others, and behind a gap', async () => {
    const store = await outboxStore();
    const { bus } = await testBus(store);
    await store.commit([
      {
        sql: `INSERT INTO kernel_outbox (seq, id, tenant, module, topic, subject, data, at_ms)
              WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000)
              SELECT i + CASE WHEN i > 12000 THEN 1000000 ELSE 0 END, 'f' || i, 'acme', 'demo', 'q.demo.often.v1', '', '{}', 0
              FROM n`,
      },
      {
        // PostgreSQL's counter does not follow numbers that were given by hand.
        sql: 'SELECT 1 AS one',
        postgres: 'ALTER TABLE kernel_outbox ALTER COLUMN seq RESTART WITH 2000000',
      },
      emitted({ id: 'rare', topic: 'q.demo.rare.v1' }),
    ]);
    bus.wake();
    const page = await bus.read({ tenant: 'acme', topics: ['q.demo.rare.v1'] });
    expect(page.events.map(({ id }) => id)).toEqual(['rare']);
    expect(page.more).toBe(false);
    const seen: string[] = [];
    const handle = async ({ id }: BusEvent) => void seen.push(id);
    bus.subscribe({ consumer: 'a', topics: ['q.demo.rare.v1'], handle });
    await eventually(() => expect(seen).toEqual(['rare']));
  });

  it.each([
    ['a cursor of somebody else', { after: Buffer.from('7').toString('base64url') }],
    ['a cursor with an appended character', { after: `${toPageCursor(7)}=` }],
    ['a limit above 200', { limit: 201 }],
    ['a limit of nothing', { limit: 0 }],
    ['no topic', { topics: [] }],
    ['a pattern with a star inside', { topics: ['q.*.sold.v1'] }],
  ])('refuses %s', async (_, query) => {
    const { bus } = await testBus(await outboxStore());
    await expect(bus.read({ tenant: 'acme', ...query })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });
});

describe('replay', () => {
  async function consumed(
    once: boolean,
  ): Promise<{ store: Store; seen: string[]; bus: Awaited<ReturnType<typeof testBus>>['bus'] }> {
    const store = await outboxStore();
    const { bus } = await testBus(store, { attempts_max: 2 });
    const seen: string[] = [];
    let healed = false;
    bus.subscribe({
      consumer: 'a',
      topics: ['q.*'],
      once,
      handle: async ({ id }) => {
        seen.push(id);
        if (id === 'e2' && !healed) throw new Error('ill');
        return [effect(id)];
      },
    });
    await emit(store, bus, 'e1', 'e2', 'e3');
    await eventually(async () => expect(await cursor(store, 'a')).toBe(3));
    expect(await bus.dead('a')).toHaveLength(1);
    seen.length = 0;
    healed = true;
    return { store, seen, bus };
  }

  it('brings the events from a number on again, and a dead letter that works is gone', async () => {
    const { store, seen, bus } = await consumed(false);
    await bus.replay('a', 2);
    await eventually(() => expect(seen).toEqual(['e2', 'e3']));
    await eventually(async () => expect(await effects(store)).toEqual(['e1', 'e3', 'e2', 'e3']));
    expect(await bus.dead('a')).toEqual([]);
  });

  it('brings a consumer with an inbox only what it has not done yet', async () => {
    const { store, seen, bus } = await consumed(true);
    await bus.replay('a', 1);
    await eventually(async () => expect(await effects(store)).toEqual(['e1', 'e3', 'e2']));
    await emit(store, bus, 'e4');
    await eventually(() => expect(seen).toEqual(['e2', 'e4']));
  });

  it('waits for the event in hand, and ends the wait for one that fails', async () => {
    const store = await outboxStore();
    const { bus } = await testBus(store, { retry_min_ms: 3_600_000, retry_max_ms: 3_600_000 });
    const seen: string[] = [];
    const handle = async ({ id }: BusEvent) => {
      seen.push(id);
      if (id === 'e2' && seen.length < 3) throw new Error('once');
    };
    bus.subscribe({ consumer: 'a', topics: ['q.*'], handle });
    await emit(store, bus, 'e1', 'e2');
    await eventually(() => expect(seen).toEqual(['e1', 'e2']));
    await bus.replay('a', 1);
    await eventually(() => expect(seen).toEqual(['e1', 'e2', 'e1', 'e2']));
  });

  it('that comes while its subscription is closing is durable too', async () => {
    const store = await outboxStore();
    const { bus } = await testBus(store);
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    let started = 0;
    const handle = async () => {
      started += 1;
      if (started === 2) await held;
    };
    const subscription = bus.subscribe({ consumer: 'a', topics: ['q.*'], handle });
    await emit(store, bus, 'e1', 'e2');
    await eventually(() => expect(started).toBe(2));
    const closed = subscription.close();
    const replayed = bus.replay('a', 1);
    release();
    await Promise.all([closed, replayed]);
    expect(await cursor(store, 'a')).toBe(0);
  });

  it('works for a consumer that is not subscribed, never moves forward, and knows no stranger', async () => {
    const { store, bus } = await consumed(false);
    await bus.close();
    const { bus: later } = await testBus(store);
    await later.replay('a', 100);
    expect(await cursor(store, 'a')).toBe(3);
    await later.replay('a', 2);
    expect(await cursor(store, 'a')).toBe(1);
    await expect(later.replay('nobody', 1)).rejects.toMatchObject({ code: 'QINDEX_NOT_FOUND' });
  });
});

describe('prune', () => {
  it('never deletes what a consumer has not seen, and then deletes it', async () => {
    const store = await outboxStore();
    const { bus } = await testBus(store);
    bus.subscribe({ consumer: 'quick', topics: ['q.*'], handle: swallow });
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const handle = async ({ id }: BusEvent) => (id === 'e3' ? await held : undefined);
    bus.subscribe({ consumer: 'slow', topics: ['q.*'], handle });
    const old = ['e1', 'e2', 'e3', 'e4'].map((id) => ({ id, at_ms: 1_000 }));
    await emit(store, bus, ...old, { id: 'young', at_ms: 2_000 });
    await eventually(async () => expect(await cursor(store, 'slow')).toBe(2));
    expect(await bus.prune(2_000)).toBe(2);
    expect(await kept(store)).toEqual(['e3', 'e4', 'young']);
    release();
    await eventually(async () => expect(await cursor(store, 'slow')).toBe(5));
    await eventually(async () => expect(await cursor(store, 'quick')).toBe(5));
    expect(await bus.prune(2_000)).toBe(2);
    expect(await kept(store)).toEqual(['young']);
  });

  it('is not held by a consumer for whom there was nothing, but by one that is away', async () => {
    const store = await outboxStore();
    const { bus } = await testBus(store);
    bus.subscribe({ consumer: 'rare', topics: ['q.rare.*'], handle: swallow });
    const away = bus.subscribe({ consumer: 'away', topics: ['q.*'], handle: swallow });
    await eventually(async () => expect(await cursor(store, 'away')).toBe(0));
    await away.close();
    bus.subscribe({ consumer: 'all', topics: ['q.*'], handle: swallow });
    await emit(store, bus, { id: 'e1', at_ms: 1 }, { id: 'e2', at_ms: 1 });
    await eventually(async () => expect(await cursor(store, 'all')).toBe(2));
    expect(await bus.prune(10)).toBe(0);
    await bus.forget('away');
    expect(await bus.prune(10)).toBe(2);
    expect(await cursor(store, 'rare')).toBe(2);
  });

  it('keeps an event with a dead letter until a replay has worked', async () => {
    const store = await outboxStore();
    const { bus } = await testBus(store, { attempts_max: 1 });
    let healed = false;
    const handle = async ({ id }: BusEvent) => {
      if (id === 'e1' && !healed) throw new Error('ill');
    };
    bus.subscribe({ consumer: 'a', topics: ['q.*'], once: true, handle });
    await emit(store, bus, { id: 'e1', at_ms: 1 }, { id: 'e2', at_ms: 1 });
    await eventually(async () => expect(await cursor(store, 'a')).toBe(2));
    expect(await bus.prune(10)).toBe(1);
    expect(await kept(store)).toEqual(['e1']);
    healed = true;
    await bus.replay('a', 1);
    await eventually(async () => expect(await bus.dead('a')).toEqual([]));
    expect(await bus.prune(10)).toBe(1);
    expect(await store.read('SELECT * FROM bus_inbox')).toEqual([]);
  });

  it('deletes more than one commit takes, and never gives a number again', async () => {
    const store = await outboxStore();
    const { bus } = await testBus(store);
    const ids = Array.from({ length: 2_500 }, (_, n) => ({ id: `e${n}`, at_ms: 1 }));
    await emit(store, bus, ...ids);
    expect(await bus.prune(2)).toBe(2_500);
    await emit(store, bus, 'next');
    const page = await bus.read({ tenant: 'acme' });
    expect(page.events.map(({ seq }) => seq)).toEqual([2_501]);
  });
});

describe('the bus', () => {
  it('closes after the event in hand, and takes nothing more', async () => {
    const store = await outboxStore();
    const { bus } = await testBus(store);
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const started: string[] = [];
    bus.subscribe({
      consumer: 'a',
      topics: ['q.*'],
      handle: async ({ id }) => {
        started.push(id);
        await held;
        return [effect(id)];
      },
    });
    await emit(store, bus, 'e1', 'e2');
    await eventually(() => expect(started).toEqual(['e1']));
    const closed = bus.close();
    release();
    await closed;
    expect(await effects(store)).toEqual(['e1']);
    expect(await cursor(store, 'a')).toBe(1);
    expect(started).toEqual(['e1']);
    const options = { consumer: 'b', topics: ['q.*'], handle: swallow };
    expect(refusal(() => bus.subscribe(options))).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  });

  it('refuses a consumer that is subscribed already, until that one is closed', async () => {
    const { bus } = await testBus(await outboxStore());
    const options = { consumer: 'a', topics: ['q.*'], handle: swallow };
    const first = bus.subscribe(options);
    expect(refusal(() => bus.subscribe(options))).toMatchObject({ code: 'STATE_CONFLICT' });
    await expect(bus.forget('a')).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    await first.close();
    expect(bus.subscribe(options).consumer).toBe('a');
  });

  it('refuses names and topics that are none, and more than 1,000 subscriptions', async () => {
    const { bus } = await testBus(await outboxStore());
    const subscribe = (consumer: string, topics = ['q.*']) =>
      bus.subscribe({ consumer, topics, handle: swallow });
    for (const wrong of [
      () => subscribe(''),
      () => subscribe('a', []),
      () => subscribe('a', ['*q']),
    ]) {
      expect(refusal(wrong)).toMatchObject({ code: 'INPUT_INVALID' });
    }
    for (let n = 0; n < 1_000; n += 1) subscribe(`c${n}`);
    expect(refusal(() => subscribe('one more'.replaceAll(' ', '-')))).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      details: { limit: 'subscriptions', max: 1_000 },
    });
  });
});
