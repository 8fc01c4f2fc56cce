import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '@anarq/store';
import { startTestNode } from '@anarq/testing';
import { expect, it } from 'vitest';
import { openAdmission } from '../src/admission.ts';
import { verifyRoot } from '../src/index.ts';
import { kernelMigrations } from '../src/tables.ts';
import { lab, labModule } from './lab.ts';

it('processes of the first tables are there in the new ones, as they were', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'q-tables-'));
  const store = await openStore({ file: join(folder, 'node.sqlite') });
  try {
    await store.migrate('kernel', kernelMigrations.slice(0, 1));
    await store.commit(
      ['RUNNING', 'DONE', 'NEEDS_ATTENTION'].map((state) => ({
        sql: `INSERT INTO kernel_process (id, tenant, operation, version, state, admission_sealed, record, problem, created_ms, updated_ms)
              VALUES (:id, 'home', 'lab.run', '1.0.0', :state, :sealed, 'bafy', :problem, 7, 8)`,
        params: { id: `proc_${state}`, state, sealed: Uint8Array.of(1, 2, 3), problem: state },
      })),
    );
    await store.migrate('kernel', kernelMigrations);
    const rows = await store.read('SELECT * FROM kernel_process ORDER BY id');
    expect(rows.map(({ state }) => state)).toEqual(['DONE', 'NEEDS_ATTENTION', 'RUNNING']);
    expect(rows[1]).toMatchObject({
      id: 'proc_NEEDS_ATTENTION',
      tenant: 'home',
      operation: 'lab.run',
      version: '1.0.0',
      kind: 'process',
      admission_sealed: Uint8Array.of(1, 2, 3),
      record: 'bafy',
      problem: 'NEEDS_ATTENTION',
      created_ms: 7,
      updated_ms: 8,
      attempts: 0,
      retries: 0,
    });
    // Those that were open are taken up, as ones that no run has looked at.
    expect(rows.every(({ wakes, slept }) => wakes !== slept)).toBe(true);
  } finally {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
});

it('answers kept under their keys are there in the new table, as they were', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'q-tables-'));
  const store = await openStore({ file: join(folder, 'node.sqlite') });
  try {
    await store.migrate('kernel', kernelMigrations.slice(0, 6));
    await store.commit(
      [null, 9].map((expires_ms) => ({
        sql: `INSERT INTO kernel_replay (tenant, identity, operation, key, fingerprint, process, result_sealed, created_ms, expires_ms)
              VALUES ('home', 'did:a', 'lab.work', :key, 'f', :process, :sealed, 8, :expires_ms)`,
        params: {
          key: `until ${expires_ms}`,
          process: expires_ms === null ? 'proc_1' : null,
          sealed: expires_ms === null ? null : Uint8Array.of(1, 2),
          expires_ms,
        },
      })),
    );
    const before = await store.read('SELECT * FROM kernel_replay ORDER BY key');
    await store.migrate('kernel', kernelMigrations);
    expect(await store.read('SELECT * FROM kernel_replay ORDER BY key')).toEqual(before);
    expect(before).toHaveLength(2);
  } finally {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
});

it('the capability of a nested process keeps the signature of the call at its root', async () => {
  const node = await startTestNode({
    modules: [],
    extra: [
      labModule({
        run: (_, ctx) => ctx.step('inner', lab.inner, {}),
        inner: () => ({ text: 'inner' }),
      }),
    ],
  });
  try {
    const [ana, ben] = [await node.person('ana'), await node.person('ben')];
    await ana.call(lab.run, {});
    const rows = await node.store.read('SELECT id, admission_sealed FROM kernel_process');
    expect(rows).toHaveLength(2);
    const { identities, sealer } = node.kernel.services;
    const keysOf = async (did: string) => (await identities.require(did)).keys;
    const self = node.kernel.node.did;
    for (const row of rows) {
      const sealed = openAdmission(sealer, String(row['id']), row['admission_sealed']).sealed;
      // As it comes back from JSON in another process.
      const { capability } = JSON.parse(JSON.stringify(sealed)) as typeof sealed;
      expect(capability.root).toMatchObject({ operation: 'lab.run', identity: ana.did });
      expect(verifyRoot(capability, self, await keysOf(ana.did))).toBe(true);
      expect(verifyRoot(capability, self, await keysOf(ben.did))).toBe(false);
      const { root } = capability;
      const other = { ...capability, root: { ...root!, operation: 'lab.buy' } };
      expect(verifyRoot(other, self, await keysOf(ana.did))).toBe(false);
    }
  } finally {
    await node.close();
  }
});
