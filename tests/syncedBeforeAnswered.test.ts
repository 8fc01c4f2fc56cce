import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRootKey } from '@anarq/crypto';
import { qindex } from '@anarq/qindex/contract';
import { startNodeProcess } from '@anarq/testing';
import { expect, it } from 'vitest';
import { clientOf, foldersOf } from './purchaseWorld.ts';

const CONTENT = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku';
const hasStrace = spawnSync('strace', ['-V']).status === 0;
const CALLS = 'trace=pwrite64,pwritev,fsync,fdatasync,write,writev,sendto,sendmsg';

/** What a system-call trace says of one write: the lines at which it was put, synced and answered. */
interface Times {
  readonly written: number;
  readonly synced: number;
  readonly answered: number;
}

it.skipIf(!hasStrace)(
  'the system calls of a node show that a write was synced to the disk before it was answered',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'q-trace-'));
    const trace = join(folder, 'trace');
    // -D: the node is the child itself, and takes the signals.
    const words = ['strace', '-D', '-f', '-s', '131072', '-e', CALLS, '-o', trace];
    try {
      const node = await startNodeProcess(foldersOf(folder), words);
      const { seed } = await openRootKey({
        file: join(folder, 'keys/operator.key'),
        create: false,
      });
      const operator = clientOf(node.address, { did: node.address.operator, seed });
      const keys = Array.from({ length: 5 }, (_, at) => `traced-record-number-${at}`);
      for (const key of keys)
        await operator.call(qindex.put, { type: 'trace', key, cid: CONTENT, tags: [] });
      await node.stop();
      const lines = (await readFile(trace, 'latin1')).split('\n');
      for (const key of keys) {
        const { written, synced, answered } = timesOf(lines, key);
        expect([key, written > -1, synced > written, answered > synced]).toEqual([
          key,
          true,
          true,
          true,
        ]);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  120_000,
);

function timesOf(lines: readonly string[], key: string): Times {
  const written = lines.findIndex((line) => /pwrite/.test(line) && line.includes(key));
  const place = Number(/pwrite\w*\((\d+)/.exec(lines[written] ?? '')?.[1]);
  const began = lines.findIndex(
    (line, at) => at > written && new RegExp(`f(?:data)?sync\\(${place}\\b`).test(line),
  );
  return { written, synced: endOf(lines, began), answered: answerOf(lines, key) };
}

/** Where a call that began at a line came back with 0: there, or where its thread resumes it. */
function endOf(lines: readonly string[], began: number): number {
  const line = lines[began];
  if (line === undefined) return -1;
  if (line.endsWith('= 0')) return began;
  const [thread] = line.split(' ');
  return lines.findIndex(
    (later, at) =>
      at > began && later.startsWith(`${thread} `) && /sync resumed>.*= 0$/.test(later),
  );
}

/** The first time that the record's key leaves for a socket, in an answer of the node. */
const answerOf = (lines: readonly string[], key: string): number =>
  lines.findIndex(
    (line) =>
      /\b(?:write|writev|send\w+)\(/.test(line) && line.includes('200 OK') && line.includes(key),
  );
