import { StoreError } from '@anarq/store';
import { describe, expect, it } from 'vitest';

import { defaultLimits } from '../src/index.ts';
import { retryDelay_ms } from '../src/subscriber.ts';
import {
  cursor,
  effect,
  effects,
  emit,
  eventually,
  outboxStore,
  storeBehind,
  testBus,
} from './support.ts';

describe('a handler that fails', () => {
  it('is tried again before any later event of its subscription', async () => {
    const store = await outboxStore();
    const { bus } = await testBus(store);
    const calls: string[] = [];
    bus.subscribe({
      consumer: 'a',
      topics: ['q.*'],
      handle: async ({ id }) => {
        calls.push(id);
        if (calls.length < 4) throw new Error('not yet');
      },
    });
    await emit(store, bus, 'e1', 'e2');
    await eventually(() => expect(calls).toEqual(['e1', 'e1', 'e1', 'e1', 'e2']));
  });

  it('ten times makes the event a dead letter, says so, and lets the next ones through', async () => {
    const store = await outboxStore();
    const { bus, failures } = await testBus(store);
    const calls: string[] = [];
    bus.subscribe({
      consumer: 'a',
      topics: ['q.*'],
      handle: async ({ id }) => {
        calls.push(id);
        if (id === 'poison') throw new Error('cannot swallow this');
        return [effect(id)];
      },
    });
    await emit(store, bus, 'good', 'poison', 'better');
    await eventually(async () => expect(await effects(store)).toEqual(['good', 'better']));
    expect(calls).toEqual(['good', ...Array<string>(10).fill('poison'), 'better']);
    const letter = { event_id: 'poison', seq: 2, reason: 'cannot swallow this' };
    expect(await bus.dead('a')).toEqual([{ ...letter, at_ms: 1_700_000_000_000 }]);
    expect(await bus.dead('b')).toEqual([]);
    expect(failures.map(({ dead }) => dead)).toEqual([...Array<boolean>(9).fill(false), true]);
    expect(failures.at(-1)).toMatchObject({ consumer: 'a', event_id: 'poison', seq: 2 });
  });

  it('counts as failed when it takes too long, and what it returns late is dropped', async () => {
    const store = await outboxStore();
    const { bus, failures } = await testBus(store, { handler_timeout_ms: 20 });
    let endLate: () => void = () => {};
    const late = new Promise<void>((resolve) => (endLate = resolve));
    let calls = 0;
    bus.subscribe({
      consumer: 'a',
      topics: ['q.*'],
      handle: async () => {
        calls += 1;
        if (calls > 1) return [effect('second call')];
        await late;
        return [effect('first call')];
      },
    });
    await emit(store, bus, 'e1', 'e2');
    await eventually(async () => expect(await cursor(store, 'a')).toBe(2));
    endLate();
    await bus.close();
    expect(await effects(store)).toEqual(['second call', 'second call']);
    expect(failures).toHaveLength(1);
    expect(String(failures[0]?.error)).toContain('20 ms');
  });

  it('loses no event to a store that cannot write for a while', async () => {
    const store = await outboxStore();
    let full = 30;
    const failing = storeBehind(store, {
      commit: async (batch) => {
        const delivers = batch.some(({ name }) => name === 'bus cursor');
        if (delivers && (full -= 1) >= 0) throw new StoreError('FULL', 'the disk is full');
        return await store.commit(batch);
      },
    });
    const { bus, failures } = await testBus(failing);
    bus.subscribe({ consumer: 'a', topics: ['q.*'], handle: async ({ id }) => [effect(id)] });
    await emit(store, bus, 'e1');
    await eventually(async () => expect(await effects(store)).toEqual(['e1']));
    expect(await bus.dead('a')).toEqual([]);
    expect(failures).toHaveLength(30);
  });

  it('goes on although it cannot be told that the dead letter was written', async () => {
    const store = await outboxStore();
    const deaf = storeBehind(store, {
      commit: async (batch) => {
        const results = await store.commit(batch);
        const buries = batch.some(({ sql }) => sql.startsWith('INSERT INTO bus_dead'));
        if (buries) throw new StoreError('FAILED', 'the thread died', { outcome: 'unknown' });
        return results;
      },
    });
    const { bus } = await testBus(deaf, { attempts_max: 2 });
    bus.subscribe({
      consumer: 'a',
      topics: ['q.*'],
      handle: async ({ id }) => {
        if (id === 'poison') throw new Error('no');
        return [effect(id)];
      },
    });
    await emit(store, bus, 'poison', 'good');
    await eventually(async () => expect(await effects(store)).toEqual(['good']));
    expect(await bus.dead('a')).toHaveLength(1);
  });

  it('waits 100 ms first, and twice as long each time, up to ten seconds', () => {
    const waits = [1, 2, 3, 7, 8, 9, 5_000].map((failures) =>
      retryDelay_ms(failures, defaultLimits),
    );
    expect(waits).toEqual([100, 200, 400, 6_400, 10_000, 10_000, 10_000]);
    expect(defaultLimits.attempts_max).toBe(10);
  });
});
