import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';

import { openTestStore } from '../src/testing.ts';
import { anyStore, dataFile, rejection } from './support.ts';

const CRASH_WRITER = fileURLToPath(new URL('./fixtures/crash-writer.ts', import.meta.url));

type Child = ChildProcessByStdio<null, Readable, null>;
const children: Child[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Starts writers in a process of their own; resolves when it has printed `lines` lines. */
async function startWriters(file: string, run: string, lines: number) {
  const child = spawn(process.execPath, [CRASH_WRITER, file, run], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  let printed = '';
  let reached: () => void = () => {};
  const ready = new Promise<void>((resolve) => (reached = resolve));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    if (printed.split('\n').length > lines) reached();
  });
  const closed = once(child, 'close');
  await Promise.race([ready, closed]);
  return {
    /** Kills the process at once; resolves to the ids that it had acknowledged. */
    async kill(): Promise<string[]> {
      child.kill('SIGKILL');
      const [, signal] = await closed;
      expect(signal, 'the writers must not have ended by themselves').toBe('SIGKILL');
      // The last line may be cut: only whole lines were acknowledged.
      const whole = printed.split('\n').slice(0, -1);
      return whole.filter((line) => line !== 'open');
    },
  };
}

describe('kill -9', () => {
  it('at any moment loses no acknowledged commit and leaves no half of one', async () => {
    const file = dataFile();
    const acknowledged: string[] = [];
    for (let round = 1; round <= 3; round += 1) {
      const writers = await startWriters(file, `r${round}`, 33);
      await sleep(Math.random() * 600);
      const ids = await writers.kill();
      expect(ids.length).toBeGreaterThanOrEqual(32);
      acknowledged.push(...ids);

      const store = await openTestStore({ file });
      expect(await store.check()).toEqual({ ok: true, problems: [] });
      const missing = await store.read(
        `select value from json_each(:ids) where value not in (select id from ack)`,
        { ids: JSON.stringify(acknowledged) },
      );
      expect(missing).toEqual([]);
      const halves = 'select id from ack where id not in (select id from pair)';
      expect(await store.read(halves)).toEqual([]);
      await store.close();
    }
  });

  it('of the owner frees the file for the next process, which could not have it before', async () => {
    const file = dataFile();
    const owner = await startWriters(file, 'owner', 1);
    const error = await rejection(openTestStore({ file }));
    expect(error.code).toBe('LOCKED');
    await owner.kill();
    const store = await anyStore({ file });
    await store.commit([{ sql: "insert into ack values ('mine', '')", expect: { changes: 1 } }]);
  });
});
