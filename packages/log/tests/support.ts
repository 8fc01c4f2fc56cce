import { createSealer, deriveLogKeys } from '@anarq/crypto';
import { openTestStore } from '@anarq/store/testing';
import type { Store } from '@anarq/store';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openLog } from '../src/index.ts';
import type { Log, RecordBody } from '../src/index.ts';

export const ALICE = 'did:example:alice';
export const BOB = 'did:example:bob';
export const TENANT = 'acme';
export const NOW_MS = Date.parse('2030-01-02T03:04:05.678Z');

const seed = new Uint8Array(64).fill(7);
export const sealer = createSealer({ seed });
export const keys = deriveLogKeys(seed);

/** A folder that is gone after the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'q-log-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Opens store and log over a folder; the store is closed after the test, the log is not. */
export async function open(path: string): Promise<{ store: Store; log: Log }> {
  const store = await storeIn(path);
  return { store, log: await logOver(store) };
}

/** Opens the store of a folder, to be closed after the test. */
export async function storeIn(path: string): Promise<Store> {
  const store = await openTestStore({ file: join(path, 'node.db') });
  onTestFinished(() => store.close());
  return store;
}

/** A store whose commits of the log's own statements go through `around`. */
export function intercept(
  store: Store,
  around: (commit: () => ReturnType<Store['commit']>) => ReturnType<Store['commit']>,
): Store {
  return {
    read: (sql, params) => store.read(sql, params),
    migrate: (module, migrations) => store.migrate(module, migrations),
    stats: () => store.stats(),
    check: () => store.check(),
    close: () => store.close(),
    commit: (batch) => {
      const commit = (): ReturnType<Store['commit']> => store.commit(batch);
      return batch.some(({ name }) => name === 'log checkpoint') ? around(commit) : commit();
    },
  };
}

/** A log over an open store. */
export function logOver(store: Store, origin = 'node.example/log'): Promise<Log> {
  return openLog({ store, sealer, origin, keys, now_ms: () => NOW_MS });
}

let count = 0;

/** A record body with the fields that the log needs, and some that it only keeps. */
export function body(more: Record<string, unknown> = {}): RecordBody {
  count += 1;
  return {
    id: `rec-${count}`,
    at: new Date(NOW_MS + count).toISOString(),
    tenant: TENANT,
    actor: ALICE,
    op: 'qwallet.pay',
    code: 'OK',
    why: { grant: 'g1', limits: ['10.00'] },
    ...more,
  };
}

/** Prepares one record and commits it. Returns its CID. */
export async function record(
  { store, log }: { store: Store; log: Log },
  content: RecordBody,
  parties: readonly string[] = [ALICE],
): Promise<string> {
  const { cid, statements } = log.recorder.prepare(content, parties);
  await store.commit(statements);
  return cid;
}
