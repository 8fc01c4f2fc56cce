import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunFiles } from '../../src/engine/runFiles.ts';

const bytesOf = (length: number, salt: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (index * 7 + salt) & 255);

describe('indexes that are written behind whoever goes on', () => {
  let folder: string;
  const failures: unknown[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'runs-'));
    failures.length = 0;
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('are read as they were given, before they are written and after, also where more wait', async () => {
    const runs = new RunFiles(folder);
    runs.writeBehind((error) => failures.push(error));
    const names = Array.from({ length: 12 }, (_, number) => `ids-${number}`);
    const shared = new Uint8Array(50_000);
    names.forEach((name, number) => {
      // Whoever writes uses the same memory for the next one.
      shared.set(bytesOf(shared.length, number));
      runs.write(name, shared);
    });
    const check = (): void => {
      names.forEach((name, number) => {
        const piece = bytesOf(shared.length, number).subarray(300, 900);
        expect(Buffer.from(runs.read(name, 300, 600)).equals(piece)).toBe(true);
      });
    };
    check();
    await runs.sync();
    check();
    for (const [number, name] of names.entries())
      expect(await readFile(join(folder, name))).toEqual(
        Buffer.from(bytesOf(shared.length, number)),
      );
    runs.close();
    expect(failures).toEqual([]);
  });

  it('lie in memory that others get later, and what was read of them stays as it was', async () => {
    const runs = new RunFiles(folder);
    runs.writeBehind((error) => failures.push(error));
    // Large enough to be kept.
    const [one, other] = [bytesOf(100_000, 1), bytesOf(100_000, 2)];
    runs.write('ids-0', one);
    const read = runs.read('ids-0', 300, 600);
    await runs.settle();
    runs.write('ids-1', other);
    expect(read).toEqual(one.subarray(300, 900));
    expect(runs.read('ids-1', 300, 600)).toEqual(other.subarray(300, 900));
    await runs.settle();
    expect(runs.read('ids-0', 300, 600)).toEqual(one.subarray(300, 900));
    runs.close();
    expect(failures).toEqual([]);
  });

  it('are told of when one cannot be written, and are not called safe', async () => {
    const runs = new RunFiles(folder);
    runs.writeBehind((error) => failures.push(error));
    await mkdir(join(folder, 'ids-0'));
    runs.write('ids-0', bytesOf(100, 1));
    await runs.settle();
    expect(failures).toEqual([expect.objectContaining({ code: 'EISDIR' })]);
    await expect(runs.sync()).rejects.toMatchObject({ code: 'EISDIR' });
    runs.close();
  });
});
