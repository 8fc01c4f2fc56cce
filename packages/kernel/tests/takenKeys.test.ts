import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSealer, generateSeed } from '@anarq/crypto';
import { openStore, type Store } from '@anarq/store';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Call } from '../src/call.ts';
import type { Invocation } from '../src/invocation.ts';
import { compileOperation, newInvocation } from '../src/newInvocation.ts';
import { Replay } from '../src/replay.ts';
import { kernelMigrations } from '../src/tables.ts';
import { nameOf, NameFilter, TakenKeys } from '../src/takenKeys.ts';
import { lab, labModule } from './lab.ts';

const NOW_MS = Date.parse('2026-03-01T00:00:00Z');
const DAY_MS = 86_400_000;
const keyOf = (key: string) => ({ tenant: 'home', identity: 'did:a', operation: 'lab.work', key });

let folder: string;
let store: Store;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'q-keys-'));
  store = await openStore({ file: join(folder, 'node.sqlite') });
  await store.migrate('kernel', kernelMigrations);
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => store.commit([{ sql: 'DELETE FROM kernel_replay' }]));

const taken = (key: string, expires_ms: number | null) => ({
  sql: `INSERT INTO kernel_replay (tenant, identity, operation, key, fingerprint, created_ms, expires_ms)
        VALUES (:tenant, :identity, :operation, :key, 'f', :now_ms, :expires_ms)`,
  params: { ...keyOf(key), now_ms: NOW_MS, expires_ms },
});
const fails = (error: unknown): never => {
  throw error;
};

describe('a filter of names', () => {
  it('never says of a name in it that it is new, whatever the names and however many', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { maxLength: 400 }), (names) => {
        const filter = new NameFilter(32);
        for (const name of names) expect(filter.add(name)).toBe(true);
        for (const name of names) expect(filter.mayHave(name)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('takes few names for others', () => {
    const filter = new NameFilter();
    for (let n = 0; n < 60_000; n++) filter.add(nameOf(keyOf(`in ${n}`)));
    let wrong = 0;
    for (let n = 0; n < 10_000; n++) if (filter.mayHave(nameOf(keyOf(`out ${n}`)))) wrong += 1;
    expect(wrong).toBeLessThan(100);
  });

  it('that is full says so, and begins anew', () => {
    const filter = new NameFilter(32);
    const names = Array.from({ length: 32 * 255 }, (_, n) => `name ${n}`);
    expect(names.every((name) => filter.add(name))).toBe(true);
    expect(filter.add('one more')).toBe(false);
    expect(filter.mayHave('one more')).toBe(true);
    expect(names.filter((name) => filter.mayHave(name)).length).toBeLessThan(100);
  });
});

describe('keys that were taken', () => {
  it('before the start are known once they are read, over all pages; until then none is new', async () => {
    const ends = Array.from({ length: 2_300 }, (_, n) => NOW_MS + Math.floor(n / 700));
    await store.commit(ends.map((expires_ms, n) => taken(`key ${n}`, expires_ms)));
    const keys = new TakenKeys(DAY_MS);
    expect(keys.isSurelyNew('another', NOW_MS)).toBe(false);
    keys.start(store, () => NOW_MS, fails);
    await keys.read;
    expect(keys.isSurelyNew('another', NOW_MS)).toBe(true);
    expect(ends.some((_, n) => keys.isSurelyNew(nameOf(keyOf(`key ${n}`)), NOW_MS))).toBe(false);
  });

  it('cannot be read: none is new', async () => {
    const told: unknown[] = [];
    const keys = new TakenKeys(DAY_MS);
    const away = { ...store, read: () => Promise.reject(new Error('away')) };
    keys.start(
      away,
      () => NOW_MS,
      (error) => told.push(error),
    );
    await keys.read;
    expect(told).toHaveLength(1);
    expect(keys.isSurelyNew('another', NOW_MS + 10 * DAY_MS)).toBe(false);
  });

  it('are asked for in the store only where they may have been taken, or never end', async () => {
    await store.commit([taken('old', NOW_MS + DAY_MS)]);
    let reads = 0;
    const counted: Store = {
      ...store,
      read: (...query) => {
        reads += 1;
        return store.read(...query);
      },
    };
    const replay = new Replay(counted, createSealer({ seed: generateSeed() }));
    replay.taken.start(store, () => NOW_MS, fails);
    await replay.taken.read;
    const ask = async (key: string, op: typeof lab.work | typeof lab.pay = lab.work) => {
      const before = reads;
      const inv = callOf(key, op);
      await replay.check(inv);
      for (const release of inv.release) release();
      return { inv, asked: reads - before };
    };
    const { inv, asked } = await ask('new');
    expect(asked).toBe(0);
    expect((await ask('new', lab.pay)).asked).toBe(1);
    await expect(ask('old')).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    replay.record(inv, { process: 'proc_1' });
    expect((await ask('new')).asked).toBe(1);
  });
});

function callOf(idempotencyKey: string, op: typeof lab.work | typeof lab.pay): Invocation {
  const call: Call = {
    operation: op.id,
    input: {},
    surface: 'http',
    credential: { kind: 'anonymous' },
    idempotencyKey,
  };
  const inv = newInvocation(call, compileOperation(op, labModule()), 'req_1', NOW_MS, undefined);
  inv.principal = { ...inv.principal, tenant: 'home', actor: 'did:a' };
  return inv;
}
