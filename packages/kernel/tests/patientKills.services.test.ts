import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNode } from '@anarq/node';
import { dropTestStore, isOnPostgres, testStore } from '@anarq/store/testing';
import { actorOf } from '@anarq/testing';
import { expect, it, vi } from 'vitest';
import { patient, patientModule, SAYINGS, TOILS } from './patientModule.ts';

const CHILD = join(import.meta.dirname, 'patientChild.ts');
const KILLS = 8;
const WITHIN_MS = 900;

/** Starts the node, and kills it with kill -9 a while after it was up. */
async function killOnTheWay(folder: string, after_ms: number): Promise<void> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CHILD, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  await new Promise((resolve) => setTimeout(resolve, after_ms));
  child.kill('SIGKILL');
  const [, signal] = await once(child, 'exit');
  if (signal !== 'SIGKILL') throw new Error('the node ended by itself');
}

it('what waits, toils and reacts on a node that is killed again and again is done once in the end', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'q-patient-'));
  const data = join(folder, 'data');
  try {
    for (let kill = 0; kill < KILLS; kill += 1)
      await killOnTheWay(folder, ((kill * 7) % KILLS) * (WITHIN_MS / KILLS) + Math.random() * 100);
    const errors: unknown[] = [];
    const node = await startNode({
      dataFolder: data,
      ...testStore(data),
      keysFolder: join(folder, 'keys'),
      port: 0,
      modules: ['node', 'squid', 'qonsent'],
      extra: [patientModule()],
      version: '0.0.0-test',
      onError: (error) => void errors.push(error),
    });
    try {
      const { operator } = node.address;
      const who = actorOf(() => node.kernel, { did: operator, seed: node.operatorSeed });
      await who.result(patient.toil, {}, { idempotencyKey: 'toil' });
      await who.result(patient.wait, {}, { idempotencyKey: 'wait' });
      for (let n = 0; n < SAYINGS; n += 1)
        await who.call(patient.say, { text: String(n) }, { idempotencyKey: `say.${n}` });
      const count = (what: string) =>
        Array.from({ length: what === 'toil' ? TOILS : SAYINGS }, (_, n) => `${what} ${n}`);
      const expected = ['after', 'before', ...count('heard'), ...count('toil')];
      await vi.waitFor(
        async () => {
          const rows = await node.store.read('SELECT text FROM patient_note ORDER BY text');
          expect(rows.map(({ text }) => text)).toEqual(expected);
          const states = await node.store.read('SELECT DISTINCT state FROM kernel_process');
          expect(states).toEqual([{ state: 'DONE' }]);
        },
        { timeout: 60_000, interval: 200 },
      );
      expect(errors).toEqual([]);
    } finally {
      await node.close();
    }
  } finally {
    if (isOnPostgres()) await dropTestStore(data);
    await rm(folder, { recursive: true, force: true });
  }
}, 240_000);
