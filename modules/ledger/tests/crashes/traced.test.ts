import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LedgerWriter } from '../../src/engine/index.ts';
import { idOf, markOf, SMALL } from './load.ts';

const LEDGER = fileURLToPath(new URL('killedLedger.ts', import.meta.url));
const NOTES = new URL('../../src/engine/signedNotes.ts', import.meta.url).href;
const hasStrace = spawnSync('strace', ['-V']).status === 0;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ledger-traced-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly answered: readonly number[];
  readonly complaints: string;
}

/** Runs the process of a ledger under strace until it ends. */
async function trace(words: readonly string[], batches: number): Promise<Ended> {
  const child = spawn(
    'strace',
    ['-f', '-qq', ...words, process.execPath, LEDGER, join(folder, 'data'), '0', String(batches)],
    // One thread for all that is written and synced, so that strace counts its calls as one row.
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, UV_THREADPOOL_SIZE: '1' } },
  );
  let [printed, complaints] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  const [code] = (await once(child, 'close')) as [number | null];
  const answered = [...printed.matchAll(/^answered (\d+) 0$/gm)].map((match) => Number(match[1]));
  return { code, answered, complaints };
}

/** Lines at which a batch was put into the log (at last, where it was refused before), a sync of that file came back, and it was answered. */
function timesOf(lines: readonly string[], batch: number) {
  const written = lines.findLastIndex(
    (line) => line.includes('pwrite64(') && line.includes(markOf(batch)),
  );
  const [, thread, file] = /^(\d+) +pwrite64\((\d+)/.exec(lines[written] ?? '') ?? [];
  const isEndOfSync = new RegExp(
    `^${thread} +(?:fdatasync\\(${file}\\)|<... fdatasync resumed>\\)) += 0`,
  );
  const synced = lines.findIndex((line, at) => at > written && isEndOfSync.test(line));
  const answered = lines.findIndex((line) => line.includes(`write(1, "answered ${batch} 0\\n"`));
  return { written, synced, answered };
}

describe.skipIf(!hasStrace)('the system calls of a ledger', () => {
  it.each([
    ['', []],
    [
      ', also where a file system asks for it to be written otherwise',
      ['-e', 'inject=pwrite64:error=EINVAL:when=6'],
    ],
  ])('show that every batch was synced before it was answered%s', async (_, injected) => {
    const log = join(folder, 'trace');
    const calls = 'trace=pwrite64,fdatasync,write';
    const { answered } = await trace(['-s', '2000000', '-e', calls, ...injected, '-o', log], 24);
    expect(answered).toHaveLength(24);
    const lines = (await readFile(log, 'latin1')).split('\n');
    expect(lines.some((line) => line.includes('EINVAL'))).toBe(injected.length > 0);
    for (const batch of answered) {
      const { written, synced, answered: told } = timesOf(lines, batch);
      expect([batch, written > -1, synced > written, told > synced]).toEqual([
        batch,
        true,
        true,
        true,
      ]);
    }
  });

  it('show that a checkpoint is safe before its name is, and then its name', async () => {
    const [data, log] = [join(folder, 'data'), join(folder, 'trace')];
    await mkdir(data);
    const script = `
      const { keepNotes } = await import(${JSON.stringify(NOTES)});
      keepNotes(${JSON.stringify(data)}, { transfers: 'one note', accounts: 'another' });`;
    const node = [process.execPath, '--input-type=module', '-e', script];
    const calls = 'trace=openat,write,pwrite64,fsync,fdatasync,rename';
    spawnSync('strace', ['-f', '-qq', '-e', calls, '-o', log, ...node]);
    const lines = (await readFile(log, 'latin1')).split('\n');
    const first = (call: RegExp): number => lines.findIndex((line) => call.test(line));
    const fileOf = (path: string): string =>
      new RegExp(`"${path}", .* = (\\d+)$`).exec(lines[first(new RegExp(`"${path}"`))]!)![1]!;
    const half = fileOf(`${data}/checkpoint.half`);
    const order = [
      first(new RegExp(`write(?:64)?\\(${half}, "one note`)),
      first(new RegExp(`fsync\\(${half}\\) += 0`)),
      first(/rename\(.*checkpoint.half", ".*checkpoint"\) += 0/),
      lines.findLastIndex((line) => new RegExp(`fsync\\(${fileOf(data)}\\) += 0`).test(line)),
    ];
    expect(order[0]).toBeGreaterThan(-1);
    expect(order.every((at, index) => index === 0 || at > order[index - 1]!)).toBe(true);
  });

  it.each([
    ['a sync that fails', 'fdatasync'],
    ['a write that fails', 'pwrite64'],
  ])('end with a message after %s: nothing of it was answered', async (_, call) => {
    const { code, answered, complaints } = await trace(
      ['-e', `trace=${call}`, '-e', `inject=${call}:error=EIO:when=6`, '-o', join(folder, 'trace')],
      400,
    );
    expect(code).toBe(1);
    expect(complaints).toMatch(/^The ledger could not be written safely, and stops: .*EIO/);
    expect(answered.length).toBeLessThan(400);
    const writer = await LedgerWriter.open(join(folder, 'data'), SMALL);
    const lost = answered.filter((batch) => writer.queries.transfer(idOf(batch, 0)) === undefined);
    await writer.close();
    expect(lost).toEqual([]);
  });
});
