import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testStore } from '@anarq/store/testing';
import { actorOf } from '@anarq/testing';
import { openNode } from '@anarq/node';
import { verifyReceipt } from '@anarq/log';
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
    const states = await node.store.read('SELECT state FROM kernel_process');
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
      states: states.map(({ state }) => String(state)).toSorted(),
      receipt: verifyReceipt(receipt, { trust: node.kernel.logKeys.trust }),
    };
  } finally {
    await node.close();
  }
}

/** Points that a call passes which ends well. */
export const FORWARD = [
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
/** Points that a call passes which is undone. */
export const BACKWARD = [
  'after-step lab.run reject',
  'before-undo lab.run inner',
  'after-commit lab.work',
  'after-commit lab.del',
  'after-undo lab.run',
];

/**
 * Makes a call on a node that dies at a point, and opens its folder again.
 * @param arg `go` for a call that ends well, `fail` for one that is undone
 * @returns how the first process ended, and what is there in the end
 */
export async function killedAt(point: string, arg: 'go' | 'fail') {
  const folder = await mkdtemp(join(tmpdir(), 'q-crash-'));
  try {
    const signal = await dieAt(folder, point, arg);
    return { signal, ...(await afterwards(folder, arg)) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What is there where everything was done, and once. */
export const DONE = {
  signal: 'SIGKILL',
  open: [],
  errors: [],
  answer: { status: 'ok', data: { text: 'all done' } },
  texts: ['after first', 'deep', 'first', 'last', 'own'],
  owned: 5,
  events: 1,
  states: ['DONE', 'DONE'],
  receipt: { ok: true, signer: 'trusted', problems: [] },
};

/** What is there where everything was undone. */
export const UNDONE = {
  signal: 'SIGKILL',
  open: [],
  errors: [],
  answer: { code: 'STATE_CONFLICT', replayed: true },
  texts: [],
  owned: 0,
  events: 0,
  states: ['DONE', 'UNDONE'],
  receipt: { ok: true, problems: [] },
};
