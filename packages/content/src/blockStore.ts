import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CID } from 'multiformats/cid';
import { parseRawCid } from './cid.ts';
import { ContentError } from './errors.ts';
import { leafCid } from './unixfs.ts';

/** Bytes of a block unless the store was opened with another limit: a sealed chunk, with room. */
export const MAX_BLOCK_BYTES = 2 * 1_048_576;
/** CIDs that one `list` returns at most. */
export const MAX_LIST_LIMIT = 1000;
/** The look of a raw CID's text; a folder may also hold what an operator or a system left there. */
const BLOCK_NAME = /^bafkrei[a-z2-7]{52}$/;

/**
 * Sealed blocks, content-addressed by the raw CIDv1 of the sealed bytes (canonical text, 59
 * characters). Every method throws ContentError('CID_INVALID') for any other text.
 */
export type BlockStore = {
  /** Stores a block; once it resolves, the block survives a power cut. Repeating it is harmless. Throws TOO_LARGE, STORAGE_FULL. */
  put(sealed: Uint8Array): Promise<{ cid: string }>;
  /** The block, checked against its CID. Throws NOT_FOUND, CORRUPT. */
  get(cid: string): Promise<Uint8Array>;
  /** Whether the block is there. Does not read it. */
  has(cid: string): Promise<boolean>;
  /** The length of the block, or undefined where there is none. Does not read it. */
  stat(cid: string): Promise<{ bytes: number } | undefined>;
  /** Removes the block durably. Returns whether it was there. */
  delete(cid: string): Promise<boolean>;
  /** Up to `limit` (1 to 1000) CIDs, in a fixed order, after `cursor`; `next` where there may be more. */
  list(cursor: string | undefined, limit: number): Promise<{ cids: string[]; next?: string }>;
};

/**
 * Opens, and where needed makes, a block store below `folder`, and sweeps away what a crash left
 * half written. One process at a time owns the folder.
 *
 * Layout: `blocks/<first digest byte>/<second>/<cid>`, `tmp/<random>`; folders 0700, files 0600.
 */
export async function openBlockStore(options: {
  folder: string;
  maxBlockBytes?: number;
}): Promise<BlockStore> {
  const maxBlockBytes = options.maxBlockBytes ?? MAX_BLOCK_BYTES;
  const blocksFolder = join(options.folder, 'blocks');
  const tempFolder = join(options.folder, 'tmp');
  await rm(tempFolder, { recursive: true, force: true });
  await mkdir(tempFolder, { recursive: true, mode: 0o700 });
  await mkdir(blocksFolder, { recursive: true, mode: 0o700 });
  await syncFolder(options.folder);
  await syncFolder(dirname(options.folder));
  const pathOf = (cid: CID): string => join(blocksFolder, ...shardOf(cid), cid.toString());
  const statBlock = async (text: string): Promise<{ bytes: number } | undefined> => {
    const found = await orUndefined(lstat(pathOf(parseRawCid(text))));
    return found?.isFile() ? { bytes: found.size } : undefined;
  };
  // At most 65 536 shards, so this set is bounded.
  const durableShards = new Set<string>();

  return {
    async put(sealed) {
      if (sealed.length > maxBlockBytes) {
        throw tooLarge(sealed.length, maxBlockBytes);
      }
      const cid = leafCid(sealed);
      const path = pathOf(cid);
      const shard = dirname(path);
      try {
        if (!durableShards.has(shard)) {
          await makeShard(blocksFolder, shard);
          durableShards.add(shard);
        }
        await writeDurably({ tempFolder, path, bytes: sealed });
      } catch (error) {
        throw asStorageFull(error);
      }
      return { cid: cid.toString() };
    },

    async get(text) {
      const cid = parseRawCid(text);
      const bytes = await readLimited(pathOf(cid), maxBlockBytes);
      if (bytes === undefined) throw new ContentError('NOT_FOUND', `No block ${text}.`);
      if (!leafCid(bytes).equals(cid)) {
        throw new ContentError('CORRUPT', `The stored bytes of block ${text} have another hash.`);
      }
      return bytes;
    },

    has: async (text) => (await statBlock(text)) !== undefined,
    stat: statBlock,

    async delete(text) {
      const path = pathOf(parseRawCid(text));
      const removed = await orUndefined(rm(path).then(() => true));
      if (removed === undefined) return false;
      await syncFolder(dirname(path));
      return true;
    },

    list: (cursor, limit) => listBlocks(blocksFolder, cursor, limit),
  };
}

/** By the digest's first two bytes: every raw CID begins with the same seven characters. */
function shardOf(cid: CID): [string, string] {
  const hex = Buffer.from(cid.multihash.digest.subarray(0, 2)).toString('hex');
  return [hex.slice(0, 2), hex.slice(2, 4)];
}

async function makeShard(blocksFolder: string, shard: string): Promise<void> {
  await mkdir(shard, { recursive: true, mode: 0o700 });
  // A new folder is durable only when the one that names it is.
  await syncFolder(dirname(shard));
  await syncFolder(blocksFolder);
}

/**
 * Write aside, sync, rename, sync the folder: a block is there whole or not at all. An existing
 * block is replaced by the same bytes, which also mends one that the disk has damaged.
 */
async function writeDurably(options: {
  tempFolder: string;
  path: string;
  bytes: Uint8Array;
}): Promise<void> {
  const temp = join(options.tempFolder, randomBytes(16).toString('hex'));
  try {
    const handle = await open(temp, 'wx', 0o600);
    try {
      await handle.writeFile(options.bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temp, options.path);
  } catch (error) {
    await rm(temp, { force: true });
    throw error;
  }
  await syncFolder(dirname(options.path));
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readLimited(path: string, maxBytes: number): Promise<Uint8Array | undefined> {
  // O_NOFOLLOW: a link planted in the folder leads nowhere.
  const handle = await orUndefined(open(path, constants.O_RDONLY | constants.O_NOFOLLOW));
  if (handle === undefined) return undefined;
  try {
    const { size } = await handle.stat();
    if (size > maxBytes) {
      throw new ContentError(
        'CORRUPT',
        `A stored block has ${size} bytes; the limit is ${maxBytes}.`,
      );
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

async function listBlocks(
  blocksFolder: string,
  cursor: string | undefined,
  limit: number,
): Promise<{ cids: string[]; next?: string }> {
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_LIST_LIMIT) {
    throw new ContentError('ARGUMENT_INVALID', `limit must be 1 to ${MAX_LIST_LIMIT}.`);
  }
  const after = cursor === undefined ? undefined : parseRawCid(cursor);
  const [afterFirst, afterSecond] = after === undefined ? ['', ''] : shardOf(after);
  const cids: string[] = [];
  for (const first of await namesIn(blocksFolder)) {
    if (first < afterFirst) continue;
    for (const second of await namesIn(join(blocksFolder, first))) {
      if (first === afterFirst && second < afterSecond) continue;
      const isCursorShard = first === afterFirst && second === afterSecond;
      for (const name of await namesIn(join(blocksFolder, first, second))) {
        if (!BLOCK_NAME.test(name)) continue;
        if (isCursorShard && cursor !== undefined && name <= cursor) continue;
        cids.push(name);
        if (cids.length === limit) return { cids, next: name };
      }
    }
  }
  return { cids };
}

async function namesIn(folder: string): Promise<string[]> {
  return ((await orUndefined(readdir(folder))) ?? []).toSorted();
}

/** The value, or undefined where the path does not exist (or is a link, or runs through a file). */
async function orUndefined<T>(attempt: Promise<T>): Promise<T | undefined> {
  try {
    return await attempt;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(error))) return undefined;
    throw error;
  }
}

function asStorageFull(error: unknown): unknown {
  if (!['ENOSPC', 'EDQUOT'].includes(codeOf(error))) return error;
  return new ContentError('STORAGE_FULL', 'The disk below the block store is full.', {
    cause: error,
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function tooLarge(bytes: number, maxBytes: number): ContentError {
  return new ContentError('TOO_LARGE', `A block has at most ${maxBytes} bytes; got ${bytes}.`);
}
