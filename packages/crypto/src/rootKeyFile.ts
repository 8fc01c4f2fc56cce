import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { generateSeed } from './derive.ts';
import { CryptoError } from './errors.ts';
import { createPrivateFile, replacePrivateFile } from './privateFile.ts';
import { decodeRootKey, encodeRootKey, ROOT_KEY_BYTES_MAX, type RootKey } from './rootKey.ts';

/**
 * Reads the root key of a node from its file; with `create`, makes it first where there is none.
 * The file has mode 0600; a folder that is made has mode 0700. Whoever can read the file as this
 * user, or as root, has the key: it protects a copied database, not a machine that was taken over.
 *
 * Throws `ROOT_KEY_MISSING` where there is no file and `create` is false, `ROOT_KEY_EXPOSED` where
 * file or folder is open to others, `ROOT_KEY_INVALID` where the file is no such key, and the
 * system's own error where the folder cannot be made or written.
 */
export async function openRootKey(options: {
  readonly file: string;
  readonly create: boolean;
}): Promise<RootKey> {
  const { create } = options;
  const file = resolve(options.file);
  const existing = await readRootKey(file);
  if (existing !== undefined) return existing;
  if (!create) {
    throw new CryptoError(
      'ROOT_KEY_MISSING',
      `no root key at ${file}: restore it from your backup; without it nothing sealed here opens`,
    );
  }
  await createPrivateFile(file, encodeRootKey({ seed: generateSeed() }));
  const created = await readRootKey(file);
  if (created === undefined) {
    throw new CryptoError('ROOT_KEY_MISSING', `the root key at ${file} vanished while it was made`);
  }
  return created;
}

async function readRootKey(file: string): Promise<RootKey | undefined> {
  let handle: FileHandle;
  try {
    // A link could point at a file that somebody else writes.
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return undefined;
    throw new CryptoError('ROOT_KEY_INVALID', `the root key at ${file} cannot be read`, { cause });
  }
  try {
    await requirePrivate(file, handle);
    const bytes = new Uint8Array(ROOT_KEY_BYTES_MAX + 1);
    const { bytesRead } = await handle.read(bytes, 0, bytes.byteLength, 0);
    const key = decodeRootKey(bytes.subarray(0, bytesRead));
    bytes.fill(0);
    if (key === undefined) {
      throw new CryptoError(
        'ROOT_KEY_INVALID',
        `the root key at ${file} is damaged: restore it from your backup`,
      );
    }
    return key;
  } finally {
    await handle.close();
  }
}

/** The file is this user's, only this user's, and nobody else could put another in its place. */
async function requirePrivate(file: string, handle: FileHandle): Promise<void> {
  const found = await handle.stat();
  if (!found.isFile()) {
    throw new CryptoError('ROOT_KEY_INVALID', `the root key at ${file} is not a regular file`);
  }
  // Windows has no such modes; its files take the rights of the user's own folder.
  if (process.platform === 'win32') return;
  if ((found.mode & 0o077) !== 0) {
    throw new CryptoError(
      'ROOT_KEY_EXPOSED',
      `the root key at ${file} has mode ${modeText(found.mode)}: if only you ever read it, run ` +
        `chmod 600 on it; otherwise treat the key as known to others`,
    );
  }
  if (found.uid !== process.getuid?.()) {
    throw new CryptoError('ROOT_KEY_EXPOSED', `the root key at ${file} belongs to another user`);
  }
  const folder = await stat(dirname(file));
  if ((folder.mode & 0o022) !== 0) {
    throw new CryptoError(
      'ROOT_KEY_EXPOSED',
      `others can write to the folder of the root key at ${file} (mode ` +
        `${modeText(folder.mode)}): run chmod 700 on the folder`,
    );
  }
}

/**
 * Puts another root key in the place of the one in a file. The file has the old key or the new one,
 * whole, at every instant; what an interrupted call leaves beside it ends in `.tmp`.
 */
export async function replaceRootKey(file: string, key: RootKey): Promise<void> {
  await replacePrivateFile(file, encodeRootKey(key));
}

function modeText(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0');
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
