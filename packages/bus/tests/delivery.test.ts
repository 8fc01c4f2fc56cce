import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import type { BusEvent } from '../src/index.ts';
import {
  cursor,
  dataFile,
  effect,
  effects,
  emit,
  eventually,
  outboxStore,
  testBus,
} from './support.ts';

const CRASHING = fileURLToPath(new URL('./fixtures/crashing-consumer.ts', import.meta.url));

describe('a subscription', () => {
  it('is handed every event as a CloudEvent, one at a time, in the order of the outbox', async () => {
    const store = await outboxStore();
    const { bus } = await testBus(store);
    const ids = Array.from({ length: 250 }, (_, n) => `e${n}`);
    const seen: string[] = [];
    let running = 0;
    let together = 0;
    await emit(store, bus, ...ids.slice(0, 120));
    bus.subscribe({
      consumer: 'a',
      topics: ['q.demo.sold.v1'],
      handle: async ({ id }) => {
        together = Math.max(together, (running += 1));
        await Promise.resolve();
        seen.push(id);
        running -= 1;
      },
    });
    await emit(store, bus, ...ids.slice(120));
    await eventually(() => expect(seen).toHaveLength(250));
    expect(seen).toEqual(ids);
    expect(together).toBe(1);
  });

  it('describes an event in the words of CloudEvents 1.0', async () => {
    const store = await outboxStore();
    const { bus } = await testBus(store);
    const seen: BusEvent[] = [];
    const handle = async (event: BusEvent) => void seen.push(event);
    bus.subscribe({ consumer: 'a', topics: ['q.*'], handle });
    await emit(
      store,
      bus,
      { id: 'x', subject: 'lot-7', data: { price: '1.50' }, record: 'bafy' },
      'y',
    );
    await eventually(() => expect(seen).toHaveLength(2));
    expect(seen[0]).toEqual({
      specversion: '1.0',
      id: 'x',
      source: '/modules/demo',
      type: 'q.demo.sold.v1',
      subject: 'lot-7',
      time: '2023-11-14T22:13:20.000Z',
      datacontenttype: 'application/json',
      dataschema: 'urn:q:demo:event:q.demo.sold.v1',
      data: { price: '1.50' },
      qtenant: 'acme',
      record: 'bafy',
      seq: 1,
    });
    expect(seen[1]).not.toHaveProperty('subject');
    expect(seen[1]).not.toHaveProperty('record');
  });

  it("from 'now' misses what was before it, and nothing after it", async () => {
    const store = await outboxStore();
    const { bus } = await testBus(store);
    await emit(store, bus, 'before');
    const seen: string[] = [];
    const handle = async ({ id }: BusEvent) => void seen.push(id);
    bus.subscribe({ consumer: 'a', topics: ['q.*'], from: 'now', handle });
    await emit(store, bus, 'after');
    await eventually(() => expect(seen).toEqual(['after']));
  });

  it('is handed only the topics, patterns and tenant that it asked for', async () => {
    const store = await outboxStore();
    const { bus } = await testBus(store);
    const seen: Record<string, string[]> = { exact: [], pattern: [], tenant: [] };
    const into = (name: string) => async (event: BusEvent) => void seen[name]?.push(event.id);
    bus.subscribe({ consumer: 'exact', topics: ['q.demo.sold.v1'], handle: into('exact') });
    bus.subscribe({ consumer: 'pattern', topics: ['q.demo.*'], handle: into('pattern') });
    bus.subscribe({ consumer: 'tenant', topics: ['q.*'], tenant: 'other', handle: into('tenant') });
    await emit(
      store,
      bus,
      { id: '1', topic: 'q.demo.sold.v1' },
      { id: '2', topic: 'q.demo.sold.v2' },
      { id: '3', topic: 'q.demonstration.sold.v1' },
      { id: '4', topic: 'q.demo', tenant: 'other' },
      { id: '5', topic: 'q.demo-x.sold.v1' },
      { id: '6', topic: 'q.demo.sold.v1' },
    );
    await eventually(() =>
      expect(seen).toEqual({ exact: ['1', '6'], pattern: ['1', '2', '6'], tenant: ['4'] }),
    );
  });

  it('resumes at its cursor after a restart', async () => {
    const file = dataFile();
    const first = await outboxStore(file);
    const { bus } = await testBus(first);
    const before: string[] = [];
    bus.subscribe({
      consumer: 'a',
      topics: ['q.*'],
      handle: async ({ id }) => void before.push(id),
    });
    await emit(first, bus, 'e1', 'e2');
    await eventually(() => expect(before).toEqual(['e1', 'e2']));
    await bus.close();
    await emit(first, bus, 'e3');
    await first.close();

    const second = await outboxStore(file);
    const { bus: again } = await testBus(second);
    const after: string[] = [];
    again.subscribe({
      consumer: 'a',
      topics: ['q.*'],
      from: 'now',
      handle: async ({ id }) => void after.push(id),
    });
    await eventually(() => expect(after).toEqual(['e3']));
  });

  it('is handed events that together are too large for one answer of the store', async () => {
    const store = await outboxStore();
    const { bus, failures } = await testBus(store);
    await store.commit([
      {
        sql: `INSERT INTO kernel_outbox (id, tenant, module, topic, subject, data, at_ms)
              WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 70)
              SELECT 'e' || i, 'acme', 'demo', 'q.demo.large.v1', '', '"' || :large || '"', 0
              FROM n`,
        params: { large: '0'.repeat(1_000_000) },
      },
    ]);
    bus.wake();
    const seqs: number[] = [];
    bus.subscribe({
      consumer: 'a',
      topics: ['q.*'],
      handle: async ({ seq }) => void seqs.push(seq),
    });
    await eventually(() => expect(seqs).toEqual(Array.from({ length: 70 }, (_, n) => n + 1)));
    expect(failures).toEqual([]);
  });

  it('saves its cursor now and then although nothing is for it', async () => {
    const store = await outboxStore();
    const { bus } = await testBus(store);
    const subscribe = (consumer: string) =>
      bus.subscribe({ consumer, topics: ['q.rare.*'], handle: async () => {} });
    subscribe('waiting');
    await eventually(async () => expect(await cursor(store, 'waiting')).toBe(0));
    await store.commit([
      {
        sql: `INSERT INTO kernel_outbox (id, tenant, module, topic, subject, data, at_ms)
              WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
              SELECT 'e' || i, 'acme', 'demo', 'q.demo.often.v1', '', '{}', 0 FROM n`,
      },
    ]);
    bus.wake();
    await eventually(async () =>
      expect(await cursor(store, 'waiting')).toBeGreaterThanOrEqual(10_000),
    );
    subscribe('late');
    await eventually(async () =>
      expect(await cursor(store, 'late')).toBeGreaterThanOrEqual(10_000),
    );
  });

  it('does not wait for another consumer, and another does not wait for it', async () => {
    const store = await outboxStore();
    const { bus } = await testBus(store);
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const slow: string[] = [];
    const fast: string[] = [];
    bus.subscribe({
      consumer: 'slow',
      topics: ['q.*'],
      handle: async ({ id }) => {
        await held;
        slow.push(id);
      },
    });
    bus.subscribe({
      consumer: 'fast',
      topics: ['q.*'],
      handle: async ({ id }) => void fast.push(id),
    });
    await emit(store, bus, 'e1', 'e2');
    await eventually(async () => expect(await cursor(store, 'fast')).toBe(2));
    expect(fast).toEqual(['e1', 'e2']);
    expect(slow).toEqual([]);
    expect(await cursor(store, 'slow')).toBe(0);
    release();
    await eventually(() => expect(slow).toEqual(['e1', 'e2']));
  });
});

describe('the statements that a handler returns', () => {
  it('are committed with the cursor: neither is there without the other', async () => {
    const store = await outboxStore();
    const { bus, failures } = await testBus(store);
    let tries = 0;
    bus.subscribe({
      consumer: 'a',
      topics: ['q.*'],
      handle: async ({ id }) => {
        tries += 1;
        const broken = { sql: 'INSERT INTO effect (id, n) VALUES (1, :n)', params: { n: 'no' } };
        return tries < 3 ? [effect(id), broken] : [effect(id)];
      },
    });
    await emit(store, bus, 'e1');
    await eventually(async () => expect(await cursor(store, 'a')).toBe(1));
    expect(await effects(store)).toEqual(['e1']);
    expect(failures.map(({ seq, dead }) => ({ seq, dead }))).toEqual([
      { seq: 1, dead: false },
      { seq: 1, dead: false },
    ]);
  });

  it('happen once although a process that dies between handler and commit is handed the event again', async () => {
    const file = dataFile();
    const setup = await outboxStore(file);
    const { bus } = await testBus(setup);
    await emit(setup, bus, 'e1', 'e2', 'e3');
    await bus.close();
    await setup.close();

    const child = spawn(process.execPath, [CRASHING, file, 'e2'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
    const [, signal] = await once(child, 'close');
    expect(signal).toBe('SIGKILL');
    expect(printed).toBe('e1\ne2\n');

    const store = await outboxStore(file);
    expect(await effects(store)).toEqual(['e1']);
    const { bus: again } = await testBus(store);
    const seen: string[] = [];
    again.subscribe({
      consumer: 'fragile',
      topics: ['q.*'],
      handle: async ({ id }) => {
        seen.push(id);
        return [effect(id)];
      },
    });
    await eventually(async () => expect(await effects(store)).toEqual(['e1', 'e2', 'e3']));
    expect(seen).toEqual(['e2', 'e3']);
  });

  it('happen once where two buses of one store serve the same consumer', async () => {
    const store = await outboxStore();
    const buses = [await testBus(store), await testBus(store)];
    const ids = Array.from({ length: 40 }, (_, n) => `e${n}`);
    for (const { bus } of buses) {
      bus.subscribe({ consumer: 'a', topics: ['q.*'], handle: async ({ id }) => [effect(id)] });
    }
    const [one] = buses;
    if (one === undefined) throw new Error('two buses');
    await emit(store, one.bus, ...ids);
    buses[1]?.bus.wake();
    await eventually(async () => expect(await cursor(store, 'a')).toBe(40));
    expect(await effects(store)).toEqual(ids);
    expect(buses.flatMap(({ failures }) => failures)).toEqual([]);
  });
});
