import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { leafCid, openBlockStore } from '../src/index.ts';
import { codeOf, patternBytes, withFolder } from './support.ts';

/** Paths below `folder` of every file in it. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((e) => !e.isDirectory()).map((e) => join(e.parentPath, e.name));
}

afterEach(() => vi.restoreAllMocks());

describe('a block store', () => {
  it('gives back what was put, also after it is opened again', async () => {
    await withFolder(async (folder) => {
      const block = patternBytes(1000);
      const store = await openBlockStore({ folder });
      const { cid } = await store.put(block);
      expect(cid).toBe(leafCid(block).toString());
      const reopened = await openBlockStore({ folder });
      expect(Buffer.from(await reopened.get(cid)).equals(block)).toBe(true);
      expect(await reopened.has(cid)).toBe(true);
      expect(await reopened.stat(cid)).toEqual({ bytes: 1000 });
    });
  });

  it('names a block in two shard folders by its digest, and leaves no other file', async () => {
    await withFolder(async (folder) => {
      const store = await openBlockStore({ folder });
      const block = patternBytes(10);
      const { cid } = await store.put(block);
      const digest = Buffer.from(leafCid(block).multihash.digest).toString('hex');
      const expected = join(folder, 'blocks', digest.slice(0, 2), digest.slice(2, 4), cid);
      expect(await filesIn(folder)).toEqual([expected]);
    });
  });

  it('says that it lacks a block', async () => {
    await withFolder(async (folder) => {
      const store = await openBlockStore({ folder });
      const cid = leafCid(patternBytes(5)).toString();
      expect(await codeOf(store.get(cid))).toBe('NOT_FOUND');
      expect(await store.has(cid)).toBe(false);
      expect(await store.stat(cid)).toBeUndefined();
      expect(await store.delete(cid)).toBe(false);
    });
  });

  it('stores the same block once when many put it at the same time', async () => {
    await withFolder(async (folder) => {
      const store = await openBlockStore({ folder });
      const block = patternBytes(100_000);
      const results = await Promise.all(Array.from({ length: 20 }, () => store.put(block)));
      expect(new Set(results.map((r) => r.cid)).size).toBe(1);
      expect(await filesIn(folder)).toHaveLength(1);
      expect(Buffer.from(await store.get(results[0]?.cid ?? '')).equals(block)).toBe(true);
    });
  });

  it('deletes a block, and takes it again', async () => {
    await withFolder(async (folder) => {
      const store = await openBlockStore({ folder });
      const { cid } = await store.put(patternBytes(10));
      expect(await store.delete(cid)).toBe(true);
      expect(await store.has(cid)).toBe(false);
      await store.put(patternBytes(10));
      expect(await store.has(cid)).toBe(true);
    });
  });

  it('refuses to give a block whose bytes were changed, cut or lengthened on disk', async () => {
    await withFolder(async (folder) => {
      const store = await openBlockStore({ folder });
      const block = patternBytes(500);
      const { cid } = await store.put(block);
      const [path = ''] = await filesIn(folder);
      const changed = Buffer.from(block);
      changed[250] = (changed[250] ?? 0) ^ 1;
      const damages = [changed, block.subarray(0, 499), Buffer.concat([block, Buffer.alloc(1)])];
      for (const damaged of [...damages, new Uint8Array(3 * 1_048_576)]) {
        await writeFile(path, damaged);
        expect(await codeOf(store.get(cid))).toBe('CORRUPT');
      }
      await store.put(block);
      expect(Buffer.from(await store.get(cid)).equals(block)).toBe(true);
    });
  });

  it('follows no link that stands in the place of a block', async () => {
    await withFolder(async (folder) => {
      const store = await openBlockStore({ folder });
      const block = patternBytes(50);
      const { cid } = await store.put(block);
      const [path = ''] = await filesIn(folder);
      await rm(path);
      await writeFile(join(folder, 'elsewhere'), block);
      await symlink(join(folder, 'elsewhere'), path);
      expect(await codeOf(store.get(cid))).toBe('NOT_FOUND');
      expect(await store.has(cid)).toBe(false);
    });
  });

  it('refuses every name that is not the CID of a raw block', async () => {
    await withFolder(async (folder) => {
      const store = await openBlockStore({ folder: join(folder, 'store') });
      await writeFile(join(folder, 'secret'), 'secret');
      for (const name of ['../secret', '../../secret', '/etc/passwd', '', '.', 'blocks\0']) {
        expect(await codeOf(store.get(name))).toBe('CID_INVALID');
        expect(await codeOf(store.has(name))).toBe('CID_INVALID');
        expect(await codeOf(store.stat(name))).toBe('CID_INVALID');
        expect(await codeOf(store.delete(name))).toBe('CID_INVALID');
        expect(await codeOf(store.list(name, 1))).toBe('CID_INVALID');
      }
      expect(await readFile(join(folder, 'secret'), 'utf8')).toBe('secret');
    });
  });

  it('refuses a block above its limit, and stores nothing of it', async () => {
    await withFolder(async (folder) => {
      const store = await openBlockStore({ folder, maxBlockBytes: 100 });
      expect(await codeOf(store.put(new Uint8Array(101)))).toBe('TOO_LARGE');
      expect(await codeOf(store.put(new Uint8Array(100)))).toBe('resolved');
      expect(await filesIn(folder)).toHaveLength(1);
    });
  });

  it('says that the disk is full, and leaves nothing half written', async () => {
    await withFolder(async (folder) => {
      const store = await openBlockStore({ folder });
      const probe = await open(join(folder, 'probe'), 'w');
      const handlePrototype: typeof probe = Object.getPrototypeOf(probe);
      await probe.close();
      await rm(join(folder, 'probe'));
      for (const code of ['ENOSPC', 'EDQUOT']) {
        const full = Object.assign(new Error('no space left on device'), { code });
        for (const step of ['writeFile', 'sync'] as const) {
          const spy = vi.spyOn(handlePrototype, step).mockRejectedValue(full);
          expect(await codeOf(store.put(patternBytes(10)))).toBe('STORAGE_FULL');
          spy.mockRestore();
        }
      }
      expect(await filesIn(folder)).toEqual([]);
      expect(await codeOf(store.put(patternBytes(10)))).toBe('resolved');
    });
  });

  it('syncs the file and the folders that name it before it answers', async () => {
    await withFolder(async (folder) => {
      const store = await openBlockStore({ folder });
      const probe = await open(folder, 'r');
      const handlePrototype: typeof probe = Object.getPrototypeOf(probe);
      await probe.close();
      const sync = vi.spyOn(handlePrototype, 'sync');
      await store.put(patternBytes(10));
      // The file, its shard, and, as the shard is new, the two folders above.
      expect(sync).toHaveBeenCalledTimes(4);
      await store.put(patternBytes(10));
      expect(sync).toHaveBeenCalledTimes(6);
    });
  });

  it('ignores what a crash left half written, and sweeps it when it is opened', async () => {
    await withFolder(async (folder) => {
      const store = await openBlockStore({ folder });
      const { cid } = await store.put(patternBytes(10));
      const leftover = join(folder, 'tmp', randomBytes(16).toString('hex'));
      await writeFile(leftover, 'half a blo');
      expect(await store.list(undefined, 10)).toEqual({ cids: [cid] });
      const reopened = await openBlockStore({ folder });
      expect(await readdir(join(folder, 'tmp'))).toEqual([]);
      expect(await reopened.list(undefined, 10)).toEqual({ cids: [cid] });
    });
  });

  it('lists every block once, page by page, and keeps its place when blocks go', async () => {
    await withFolder(async (folder) => {
      const store = await openBlockStore({ folder });
      const put = await Promise.all(
        Array.from({ length: 23 }, (_, i) => store.put(patternBytes(10, i + 1))),
      );
      const first = await store.list(undefined, 10);
      await store.delete(first.next ?? '');
      const second = await store.list(first.next, 10);
      const third = await store.list(second.next, 10);
      expect(third.next).toBeUndefined();
      const listed = [...first.cids, ...second.cids, ...third.cids];
      expect(listed.toSorted()).toEqual(put.map((p) => p.cid).toSorted());
      expect(await codeOf(store.list(undefined, 0))).toBe('ARGUMENT_INVALID');
      expect(await codeOf(store.list(undefined, 1001))).toBe('ARGUMENT_INVALID');
    });
  });

  it('lists several blocks of one shard in order, from any of them on', async () => {
    await withFolder(async (folder) => {
      const store = await openBlockStore({ folder });
      const { cid } = await store.put(patternBytes(10));
      const [path = ''] = await filesIn(folder);
      // Real neighbours of one shard need some 65,000 blocks; the listing reads names only.
      const neighbours = ['a', 'e', 'i'].map((letter) => `${cid.slice(0, -1)}${letter}`);
      for (const name of [...neighbours, '.DS_Store', 'zzz'])
        await writeFile(join(path, '..', name), '');
      const all = (await store.list(undefined, 10)).cids;
      expect(all).toEqual([...new Set([cid, ...neighbours])].toSorted());
      expect((await store.list(all[1], 10)).cids).toEqual(all.slice(2));
    });
  });

  it('opens where the folder above is not there yet', async () => {
    await withFolder(async (folder) => {
      await mkdir(join(folder, 'a'));
      const store = await openBlockStore({ folder: join(folder, 'a', 'b', 'c') });
      expect(await codeOf(store.put(patternBytes(1)))).toBe('resolved');
    });
  });
});
