import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testStore } from '@anarq/store/testing';
import { actorOf } from '@anarq/testing';
import { openNode } from '@anarq/node';
import { verifyReceipt } from '@anarq/log';
import { describe, expect, it } from 'vitest';
import { crashLab } from './crashLab.ts';
import { lab } from './lab.ts';

const CHILD = join(import.meta.dirname, 'crashChild.ts');

/** Runs the call in a process of its own, which is killed at the point. */
const dieAt = (folder: string, point: string, arg: string): Promise<string> =>
  new Promise((resolve) => {
    const child = execFile(process.execPath, [CHILD, folder, point, arg], (_, __, stderr) =>
      resolve(child.signalCode ?? stderr),
    );
  });

/** Opens the folder again, waits for what was open, and makes the call again. */
async function afterwards(folder: string, arg: string) {
  const errors: unknown[] = [];
  const node = await openNode({
    dataFolder: join(folder, 'data'),
    ...testStore(join(folder, 'data')),
    keysFolder: join(folder, 'keys'),
    modules: [crashLab()],
    version: '0.0.0-test',
    onError: (error) => void errors.push(error),
  });
  try {
    const who = { did: node.kernel.node.operator, seed: node.operatorSeed };
    const operator = actorOf(() => node.kernel, who);
    const open = await node.store.read(`SELECT id FROM kernel_process WHERE state = 'RUNNING'`);
    const answer = await operator.result(lab.run, { arg }, { idempotencyKey: 'the-call' });
    const rows = await node.store.read('SELECT text FROM lab_item ORDER BY text');
    const owned = await node.store.read(
      `SELECT resource FROM kernel_resource WHERE resource LIKE 'lab/item/%'`,
    );
    const events = await node.store.read('SELECT id FROM kernel_outbox');
    const states = await node.store.read('SELECT state FROM kernel_process ORDER BY created_ms');
    const receipt =
      answer.cid === undefined
        ? undefined
        : await node.kernel.services.log.receipt(answer.cid, operator.did);
    return {
      open,
      errors,
      answer,
      texts: rows.map(({ text }) => text),
      owned: owned.length,
      events: events.length,
      states: states.map(({ state }) => state),
      receipt: verifyReceipt(receipt, { trust: node.kernel.logKeys.trust }),
    };
  } finally {
    await node.close();
  }
}

const FORWARD = [
  'before-admission lab.run',
  'after-admission lab.run',
  'before-commit lab.put',
  'after-commit lab.put',
  'after-step lab.run first',
  'after-admission lab.inner',
  'after-step lab.inner deep',
  'after-outcome lab.inner',
  'before-outcome lab.run',
  'after-outcome lab.run',
];
const BACKWARD = [
  'after-step lab.run reject',
  'before-undo lab.run inner',
  'after-commit lab.work',
  'after-commit lab.del',
  'after-undo lab.run',
];

describe.concurrent('a node that is killed', () => {
  const within = async (arg: string, point: string, check: (folder: string) => Promise<void>) => {
    const folder = await mkdtemp(join(tmpdir(), 'q-crash-'));
    try {
      expect(await dieAt(folder, point, arg)).toBe('SIGKILL');
      await check(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };

  it.each(FORWARD)('at %s has done everything once when it is back', (point) =>
    within('go', point, async (folder) => {
      const after = await afterwards(folder, 'go');
      expect(after.open).toEqual([]);
      expect(after.answer).toMatchObject({ status: 'ok', data: { text: 'all done' } });
      expect(after.texts).toEqual(['after first', 'deep', 'first', 'last', 'own']);
      expect([after.owned, after.events]).toEqual([5, 1]);
      expect(after.states).toEqual(['DONE', 'DONE']);
      expect(after.receipt).toMatchObject({ ok: true, signer: 'trusted', problems: [] });
      expect(after.errors).toEqual([]);
    }),
  );

  it.each(BACKWARD)('at %s, on the way back, has undone everything', (point) =>
    within('fail', point, async (folder) => {
      const after = await afterwards(folder, 'fail');
      expect(after.open).toEqual([]);
      expect(after.answer).toMatchObject({ code: 'STATE_CONFLICT', replayed: true });
      expect([after.texts, after.owned, after.events]).toEqual([[], 0, 0]);
      expect(after.states.toSorted()).toEqual(['DONE', 'UNDONE']);
      expect(after.receipt).toMatchObject({ ok: true, problems: [] });
      expect(after.errors).toEqual([]);
    }),
  );
});
