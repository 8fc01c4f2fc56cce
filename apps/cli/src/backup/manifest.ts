import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '@anarq/common-schemas';
import { canonicalJson, createSealer, toBase64url, utf8, type RootKey } from '@anarq/crypto';
import type { LogVkeys } from '@anarq/log';

/** A file of a backup, as it was when it was made. */
export interface BackupFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What a backup says of itself. */
export interface Manifest {
  readonly type: 'q.backup.v1';
  readonly madeAt: string;
  /** Version of the node that made it. */
  readonly version: string;
  readonly node: string;
  readonly operator: string;
  /** '' unless the node was itself a restored copy. */
  readonly generation: string;
  readonly log: LogVkeys & { readonly size: number };
  /** The last signed checkpoint of the log. */
  readonly checkpoint: string;
  readonly migrations: readonly { readonly module: string; readonly id: number }[];
  /** Processes that were under way. */
  readonly open: number;
  readonly blocks: { readonly count: number; readonly bytes: number };
  readonly files: readonly BackupFile[];
}

export const MANIFEST_FILE = 'manifest.json';
export const STORE_FILE = 'node.sqlite';
/** CIDs of the blocks of a backup, one a line. */
export const BLOCKS_FILE = 'blocks.txt';
export const KEYS_FILE = 'keys.sealed';
/** Blocks of all backups of a folder, each once. */
export const CONTENT_FOLDER = 'content';

/** A manifest, and the MAC of the node's root key over it. */
interface Signed {
  readonly manifest: Manifest;
  readonly mac: string;
}

const macOf = (rootKey: RootKey, manifest: unknown): string =>
  toBase64url(createSealer(rootKey).mac('backup', utf8(canonicalJson(manifest))));

/** The text of a manifest, which nobody changes who has not the root key. */
export function manifestText(manifest: Manifest, rootKey: RootKey): string {
  const signed: Signed = { manifest, mac: macOf(rootKey, manifest) };
  return `${JSON.stringify(signed, null, 2)}\n`;
}

/**
 * Reads the manifest of a backup; with the root key, checks that the node made it.
 * @throws CONTENT_DIGEST_MISMATCH
 */
export async function readManifest(folder: string, rootKey?: RootKey): Promise<Manifest> {
  const file = join(folder, MANIFEST_FILE);
  let signed: Signed;
  try {
    signed = JSON.parse(await readFile(file, 'utf8')) as Signed;
  } catch (error) {
    return damaged(file, error instanceof Error ? error.message : String(error));
  }
  const { manifest, mac } = signed;
  if (manifest?.type !== 'q.backup.v1') return damaged(file, 'it is no manifest of a backup');
  if (rootKey !== undefined && macOf(rootKey, manifest) !== mac)
    return damaged(file, 'it was changed, or made by a node with another root key');
  return manifest;
}

/** The backups of a folder, the newest first; the folder itself where it is one. */
export async function backupsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException): string[] =>
    fail('FOLDER_UNUSABLE', `${folder} cannot be read: ${error.code ?? error.message}.`),
  );
  if (names.includes(MANIFEST_FILE)) return [folder];
  const found: string[] = [];
  for (const name of names.toSorted().toReversed()) {
    if (name.startsWith('.') || name === CONTENT_FOLDER) continue;
    const inside = await readdir(join(folder, name)).catch((): string[] => []);
    if (inside.includes(MANIFEST_FILE)) found.push(join(folder, name));
  }
  return found;
}

/** Length and digest of a file, read in pieces. */
export async function fileFacts(folder: string, name: string): Promise<BackupFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of createReadStream(join(folder, name))) {
    hash.update(piece as Buffer);
    bytes += (piece as Buffer).length;
  }
  return { name, bytes, sha256: hash.digest('hex') };
}

/** @throws CONTENT_DIGEST_MISMATCH always, with the file that is damaged */
export const damaged = (file: string, what: string): never =>
  fail('CONTENT_DIGEST_MISMATCH', `The backup is damaged: ${file}: ${what}.`, { file });
