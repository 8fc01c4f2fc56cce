import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolders } from '../src/folder.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'q-folder-'));
});
afterAll(() => rm(root, { recursive: true }));

describe('folders that are made with those above them', () => {
  it('are for their owner alone, and are made once however many make them at once', async () => {
    const path = join(root, 'a', 'b', 'c');
    await Promise.all([makeFolders(path), makeFolders(path), makeFolders(path)]);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    await expect(makeFolders(path)).resolves.toBeUndefined();
  });

  it('are refused below a file, without a name, and where a file system takes no new names', async () => {
    const file = join(root, 'file');
    await writeFile(file, '');
    await expect(makeFolders(file)).rejects.toMatchObject({ code: 'ENOTDIR' });
    await expect(makeFolders(join(file, 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' });
    await expect(makeFolders('')).rejects.toMatchObject({ code: 'ENOENT' });
    if (process.platform === 'linux')
      await expect(makeFolders('/proc/none/below')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
