import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readTransfersNote } from '@anarq/ledger-engine';
import { SIGNATURE_TYPE, vkeyOf } from '@anarq/tlog';
import { expect, it, onTestFinished } from 'vitest';
import { LedgerFollower } from '../../src/engine/follower.ts';
import { LedgerWriter } from '../../src/engine/index.ts';
import { FOLLOWED, SMALL } from './load.ts';

const KILLED = fileURLToPath(new URL('killedFollower.ts', import.meta.url));
const KILLS = 6;
/** More than any process writes before it is killed. */
const BATCHES_OF_A_PROCESS = 40_000;
const NOW_S = 1_800_000_000;
const { privateKey } = generateKeyPairSync('ml-dsa-44');
const keyDer = privateKey.export({ format: 'der', type: 'pkcs8' });
const vkey = vkeyOf(FOLLOWED.keyName, SIGNATURE_TYPE.mldsa44Cosignature, privateKey);

/** The page of the newest books that a follower kept; 0 where there are none. */
function newestIn(folder: string): number {
  const books = join(folder, 'follower');
  const names = existsSync(books) ? readdirSync(books) : [];
  return Math.max(0, ...names.map((name) => Number(/^snapshot-(\d+)$/.exec(name)?.[1] ?? 0)));
}

/** Lets a process write and sign, and kills it. @returns the events of the checkpoints that it told */
async function runAndKill(folder: string, kill: number): Promise<number[]> {
  const child = spawn(
    process.execPath,
    [KILLED, folder, String(kill * BATCHES_OF_A_PROCESS), keyDer.toString('hex')],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const closed = once(child, 'close');
  const after = randomInt(1, 20);
  const kept = newestIn(folder);
  let [printed, complaints] = ['', ''];
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    // Some are killed at any moment, and some when they have kept books once more.
    const isEarly = kill % 2 === 1 && newestIn(folder) === kept;
    if (printed.split('\n').length > after && !isEarly) child.kill('SIGKILL');
  });
  const [, signal] = (await closed) as [number | null, string | null];
  expect([signal, complaints]).toEqual(['SIGKILL', '']);
  return printed
    .split('\n')
    .slice(0, -1)
    .map((line) => Number(line.split(' ')[1]));
}

/** Follows a copy of a ledger whose process was killed. */
async function follow(folder: string): Promise<{ startPage: number; events: number }> {
  const writer = await LedgerWriter.open(folder, SMALL);
  const follower = new LedgerFollower(folder, { ...FOLLOWED, keyDer });
  try {
    const { startPage } = follower;
    while (!follower.advance(writer.pages));
    expect(follower.startPage).toBe(startPage);
    const { position } = follower.hasNews ? follower.sign(NOW_S) : follower.checkpoint!;
    expect(position.events).toBe(writer.state.eventsCount);
    return { startPage, events: position.events };
  } finally {
    await follower.close();
    await writer.close();
  }
}

it('a follower that is killed at any moment signs no less afterwards, and goes on from what it kept', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ledger-killed-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const data = join(folder, 'data');
  const startPages: number[] = [];
  let before = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const told = await runAndKill(data, kill);
    expect(told[0]).toBeGreaterThanOrEqual(before);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    const [note] = readFileSync(join(data, 'checkpoint'), 'utf8').split('\n===\n');
    const signed = readTransfersNote(note!, vkey)!.size;
    expect(signed).toBeGreaterThanOrEqual(told.at(-1)!);
    const copy = join(folder, `copy-${kill}`);
    await cp(data, copy, { recursive: true });
    const newest = newestIn(copy);
    const { startPage, events } = await follow(copy);
    expect(startPage).toBe(newest);
    startPages.push(startPage);
    expect(events).toBeGreaterThanOrEqual(signed);
    before = signed;
  }
  expect(startPages).toEqual(startPages.toSorted((a, b) => a - b));
  expect(startPages.at(-1)).toBeGreaterThan(0);
}, 300_000);
