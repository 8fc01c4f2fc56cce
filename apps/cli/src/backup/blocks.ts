import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openBlockStore, type BlockStore } from '@anarq/content';
import { damaged } from './manifest.ts';

const BLOCK_NAME = /^bafkrei[a-z2-7]{52}$/;

/** Blocks below a folder that another process may own; by CID, where each lies. */
export async function blocksBelow(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(join(folder, 'blocks'), {
    recursive: true,
    withFileTypes: true,
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return new Map(
    entries
      .filter((entry) => entry.isFile() && BLOCK_NAME.test(entry.name))
      .map((entry) => [entry.name, join(entry.parentPath, entry.name)]),
  );
}

/** What was copied, by CID, in bytes. */
export type Copied = Map<string, number>;

/**
 * Copies the blocks that are not there yet; each is checked against its CID. One that is deleted
 * meanwhile is left out.
 * @throws CONTENT_DIGEST_MISMATCH
 */
export async function copyBlocks(from: string, to: BlockStore, copied: Copied): Promise<void> {
  for (const [cid, path] of await blocksBelow(from)) {
    if (copied.has(cid)) continue;
    const there = await to.stat(cid);
    if (there !== undefined) {
      copied.set(cid, there.bytes);
      continue;
    }
    const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (bytes === undefined) continue;
    await putAs(to, cid, bytes, path);
    copied.set(cid, bytes.length);
  }
}

/** Copies exactly these blocks out of a backup. @throws CONTENT_DIGEST_MISMATCH naming the first that is missing */
export async function takeBlocks(
  from: string,
  cids: readonly string[],
  toFolder: string,
): Promise<void> {
  const there = await blocksBelow(from);
  const to = await openBlockStore({ folder: toFolder });
  for (const cid of cids) {
    const path = there.get(cid);
    if (path === undefined) return damaged(join(from, 'blocks', cid), 'the block is missing');
    await putAs(to, cid, await readFile(path), path);
  }
}

async function putAs(to: BlockStore, cid: string, bytes: Uint8Array, path: string): Promise<void> {
  const stored = await to.put(bytes);
  if (stored.cid === cid) return;
  await to.delete(stored.cid);
  damaged(path, 'the block has other bytes than its name says');
}
