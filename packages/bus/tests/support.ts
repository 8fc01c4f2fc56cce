/** What the tests of the bus share: a real store in a folder of its own, and a way to emit. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Statement, Store } from '@anarq/store';
import { dropTestStore, isOnPostgres, openTestStore } from '@anarq/store/testing';
import { afterEach, vi } from 'vitest';

import {
  createBus,
  outboxMigrations,
  type Bus,
  type BusFailure,
  type BusLimits,
} from '../src/index.ts';

const undo: (() => unknown)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

/** A data file's path in a folder that goes when the test ends. */
export function dataFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bus-'));
  const file = join(folder, 'data.db');
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  if (isOnPostgres()) undo.push(() => dropTestStore(file));
  return file;
}

/** A store with an outbox and a table `effect (place, id, n)` whose rows are not unique. */
export async function outboxStore(file = dataFile()): Promise<Store> {
  const store = await openTestStore({ file });
  undo.push(() => store.close());
  await store.migrate('outbox', outboxMigrations);
  await store.migrate('test', [
    { id: 1, sql: 'CREATE TABLE effect (place INTEGER PRIMARY KEY, id TEXT, n INTEGER) STRICT' },
  ]);
  return store;
}

/** The same store, with some of its calls answered in another way. */
export function storeBehind(store: Store, calls: Partial<Store>): Store {
  return {
    commit: (batch) => store.commit(batch),
    read: (sql, params) => store.read(sql, params),
    migrate: (module, migrations) => store.migrate(module, migrations),
    stats: () => store.stats(),
    check: () => store.check(),
    close: () => store.close(),
    ...calls,
  };
}

/** Short waits; the safety timer never helps, so that a test fails where a wake is missed. */
const testLimits: Partial<BusLimits> = { retry_min_ms: 1, retry_max_ms: 4, safety_ms: 3_600_000 };

/** A bus that closes when the test ends, and what it told of. */
export async function testBus(
  store: Store,
  limits: Partial<BusLimits> = {},
): Promise<{ bus: Bus; failures: BusFailure[] }> {
  const failures: BusFailure[] = [];
  const bus = await createBus({
    store,
    now_ms: () => 1_700_000_000_000,
    onError: (failure) => failures.push(failure),
    limits: { ...testLimits, ...limits },
  });
  undo.push(() => bus.close());
  return { bus, failures };
}

/** An event as a module would emit it. */
export interface Emitted {
  readonly id: string;
  readonly topic?: string;
  readonly tenant?: string;
  readonly subject?: string;
  readonly data?: unknown;
  readonly record?: string;
  readonly at_ms?: number;
}

/** The row of the outbox for it. */
export function emitted({ id, data = { id }, ...rest }: Emitted): Statement {
  return {
    sql: `INSERT INTO kernel_outbox (id, tenant, module, topic, subject, data, record, at_ms)
          VALUES (:id, :tenant, 'demo', :topic, :subject, :data, :record, :at_ms)`,
    params: {
      topic: 'q.demo.sold.v1',
      tenant: 'acme',
      subject: '',
      record: null,
      at_ms: 1_700_000_000_000,
      ...rest,
      id,
      data: JSON.stringify(data),
    },
  };
}

/** Commits events with these ids, then wakes the bus as the kernel would. */
export async function emit(store: Store, bus: Bus, ...events: (string | Emitted)[]): Promise<void> {
  await store.commit(
    events.map((event) => emitted(typeof event === 'string' ? { id: event } : event)),
  );
  bus.wake();
}

/** Resolves when the check passes. */
export async function eventually(check: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(check, { timeout: 20_000, interval: 5 });
}

/** An insert into `effect` that a second time would show. */
export function effect(id: string, n = 1): Statement {
  return { sql: 'INSERT INTO effect (id, n) VALUES (:id, :n)', params: { id, n } };
}

/** The ids in `effect`, in the order in which they came. */
export async function effects(store: Store): Promise<unknown[]> {
  return (await store.read('SELECT id FROM effect ORDER BY place')).map((row) => row['id']);
}

/** Where a consumer's cursor stands on the disk. */
export async function cursor(store: Store, consumer: string): Promise<unknown> {
  const sql = 'SELECT seq FROM bus_cursor WHERE consumer = :consumer';
  return (await store.read(sql, { consumer }))[0]?.['seq'];
}

/** How many events the outbox holds. */
export async function kept(store: Store): Promise<unknown[]> {
  return (await store.read('SELECT id FROM kernel_outbox ORDER BY seq')).map((row) => row['id']);
}
