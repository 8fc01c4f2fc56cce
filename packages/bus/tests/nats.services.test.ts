import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { openStore, type Store } from '@anarq/store';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterEach, describe, expect, it } from 'vitest';

import { openNatsBus, type Bus, type NatsBus } from '../src/index.ts';
import { canReachNats, testBusUrl } from '../src/testing.ts';
import {
  dataFile,
  effect,
  effects,
  emit,
  eventually,
  outboxStore,
  testBus,
  type Emitted,
} from './support.ts';

const url = testBusUrl();
const key32 = new Uint8Array(32).fill(7);
const undo: (() => unknown)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

/** A name of its own for each test; its stream goes when the test ends. */
function newSpace(): string {
  const space = `test${process.pid}${Math.random().toString(36).slice(2, 10)}`;
  undo.push(() => dropStream(space));
  return space;
}

async function withManager<T>(
  work: (manager: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<T>,
): Promise<T> {
  const connection = await connect({ servers: url });
  try {
    return await work(await jetstreamManager(connection));
  } finally {
    await connection.close();
  }
}

const dropStream = (space: string): Promise<unknown> =>
  withManager((manager) => manager.streams.delete(`q_bus_${space}`).catch(() => false));

interface Member {
  readonly store: Store;
  readonly bus: Bus;
  readonly nats: NatsBus;
  emit(...events: (string | Emitted)[]): Promise<void>;
}

/** One process of a node, as far as the bus knows it. */
async function member(
  space: string,
  origin: string,
  options: { key32?: Uint8Array; of?: Pick<Member, 'store' | 'bus'> } = {},
): Promise<Member> {
  const store = options.of?.store ?? (await outboxStore());
  const { bus } = options.of ?? (await testBus(store));
  const nats = await openNatsBus({
    url,
    store,
    space,
    origin,
    key32: options.key32 ?? key32,
    now_ms: Date.now,
    onError: () => undefined,
    wake: () => bus.wake(),
    safety_ms: 300,
  });
  undo.push(() => nats.close());
  return {
    store,
    bus,
    nats,
    emit: async (...events) => {
      await emit(store, bus, ...events);
      nats.poke();
    },
  };
}

/** Notes each event of `q.demo.*` in the table of effects. */
const note = ({ bus }: Member): unknown =>
  bus.subscribe({
    consumer: 'c',
    topics: ['q.demo.*'],
    handle: async ({ id }) => [effect(id)],
  });

const named = (from: number, to: number, prefix = 'e'): string[] =>
  Array.from({ length: to - from }, (_, n) => `${prefix}${from + n}`);

describe.skipIf(!(await canReachNats()))('a node in several processes on NATS', () => {
  it('tells each process what the others emitted, in order and once', async () => {
    const space = newSpace();
    const [a, b] = [await member(space, 'a'), await member(space, 'b')];
    note(b);
    note(a);
    await a.emit(...named(0, 150));
    await b.emit('of b');
    await eventually(async () => expect(await effects(a.store)).toHaveLength(151));
    await eventually(async () => expect(await effects(b.store)).toHaveLength(151));
    const ofA = (await effects(b.store)).filter((id) => id !== 'of b');
    expect(ofA).toEqual(named(0, 150));
  });

  it('gives who comes later all that is kept, and what was emitted while it was away', async () => {
    const space = newSpace();
    const a = await member(space, 'a');
    await a.emit(...named(0, 20));
    const first = await member(space, 'b');
    note(first);
    await eventually(async () => expect(await effects(first.store)).toEqual(named(0, 20)));
    await first.nats.close();
    await a.emit(...named(20, 40));
    await member(space, 'b', { of: first });
    await eventually(async () => expect(await effects(first.store)).toEqual(named(0, 40)));
  });

  it('loses nothing and does nothing twice when the stream is deleted while events flow', async () => {
    const space = newSpace();
    const [a, b] = [await member(space, 'a'), await member(space, 'b')];
    note(b);
    for (let round = 0; round < 4; round += 1) {
      await a.emit(...named(round * 25, round * 25 + 25));
      await dropStream(space);
    }
    await a.emit('last');
    await eventually(async () =>
      expect(await effects(b.store)).toEqual([...named(0, 100), 'last']),
    );
  });

  it('loses nothing when the stream loses its last events, and nothing more is emitted', async () => {
    const space = newSpace();
    const [a, b] = [await member(space, 'a'), await member(space, 'b')];
    note(b);
    await a.emit('first');
    await eventually(async () => expect(await effects(b.store)).toEqual(['first']));
    await b.nats.close();
    await a.emit(...named(0, 5));
    await eventually(async () => {
      const rows = await a.store.read(`SELECT seq FROM bus_cursor WHERE consumer = '@relay'`);
      expect(rows).toEqual([{ seq: 6 }]);
    });
    await dropStream(space);
    await member(space, 'b', { of: b });
    await eventually(async () => expect(await effects(b.store)).toEqual(['first', ...named(0, 5)]));
  });

  it('reads nothing that no process of the node sealed', async () => {
    const space = newSpace();
    const b = await member(space, 'b');
    note(b);
    const stranger = await member(space, 'x', { key32: new Uint8Array(32).fill(8) });
    await stranger.emit('forged');
    const a = await member(space, 'a');
    await a.emit('real');
    await eventually(async () => expect(await effects(b.store)).toEqual(['real']));
    const [row] = await b.store.read('SELECT COUNT(*) AS n FROM kernel_outbox');
    expect(row).toEqual({ n: 1 });
  });

  it('keeps what another process has not taken yet', async () => {
    const space = newSpace();
    const [a, b] = [await member(space, 'a'), await member(space, 'b')];
    note(b);
    await a.emit('taken');
    await eventually(async () => {
      const rows = await a.store.read(`SELECT seq FROM bus_cursor WHERE consumer = '@feed/b'`);
      expect(rows).toEqual([{ seq: 1 }]);
    });
    await b.nats.close();
    await a.emit('not yet');
    await eventually(async () => {
      const rows = await a.store.read(`SELECT seq FROM bus_cursor WHERE consumer = '@relay'`);
      expect(rows).toEqual([{ seq: 2 }]);
    });
    expect(await a.bus.prune(Number.MAX_SAFE_INTEGER)).toBe(1);
    expect(await a.store.read('SELECT id FROM kernel_outbox')).toEqual([{ id: 'not yet' }]);
  });

  it('survives kill -9 of a reader under load: each effect happens once', async () => {
    const space = newSpace();
    const a = await member(space, 'a');
    const file = dataFile();
    const all: string[] = [];
    for (let kill = 0; kill < 6; kill += 1) {
      const child = await reader(file, space);
      const some = named(kill * 40, kill * 40 + 40);
      for (const id of some) await a.emit(id);
      all.push(...some);
      if (kill === 3) await dropStream(space);
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    const child = await reader(file, space);
    const store = await waitForEffects(file, child, all.length);
    expect(await effects(store)).toEqual(all);
    await store.close();
  });
});

async function reader(file: string, space: string): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('./fixtures/natsConsumer.ts', import.meta.url));
  const order = JSON.stringify({ file, url, space });
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, order], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  undo.push(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

/** Lets the reader work until it is done, then opens its store: one process owns the file. */
async function waitForEffects(file: string, first: ChildProcess, count: number): Promise<Store> {
  for (let child = first; ; child = await reader(file, spaceOf(first))) {
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    child.kill('SIGKILL');
    await once(child, 'exit');
    const store = await openStore({ file });
    const [row] = await store.read('SELECT COUNT(*) AS n FROM effect');
    if (Number(row?.['n']) >= count) return store;
    await store.close();
  }
}

/** The space that a reader was started with. */
function spaceOf(child: ChildProcess): string {
  const { space } = JSON.parse(child.spawnargs.at(-1) ?? '{}') as { space: string };
  return space;
}
