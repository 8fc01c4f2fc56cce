import { copyFile, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fail } from '@anarq/common-schemas';
import { openRootKey, randomBytes, toBase64url, type RootKey } from '@anarq/crypto';
import { fenceStatements, readFence } from '@anarq/kernel';
import { auditStored, compareStored } from '@anarq/log';
import { BLOCKS_FOLDER, defaultKeysFolder, KEYS_FOLDER_FILE } from '@anarq/node';
import { openStore, type Store } from '@anarq/store';
import { makeFolders } from '@anarq/store/folder';
import { takeBlocks } from './blocks.ts';
import { hasChain, takeChain } from './chain.ts';
import { takeLogs } from './logs.ts';
import {
  backupsIn,
  BLOCKS_FILE,
  CONTENT_FOLDER,
  damaged,
  fileFacts,
  KEYS_FILE,
  readManifest,
  STORE_FILE,
  type Manifest,
} from './manifest.ts';
import { unsealKeys } from './sealedKeys.ts';

interface RestoreOrder {
  /** A backup, or a folder of backups, of which the newest is taken. */
  readonly backup: string;
  readonly dataFolder: string;
  readonly keysFolder?: string | undefined;
  readonly passphrase?: string | undefined;
  /** Where the chain of the backup goes: an empty folder. */
  readonly chainFolder?: string | undefined;
  /** A signed checkpoint of the node that was seen elsewhere. */
  readonly checkpoint?: string | undefined;
}

interface Restored {
  readonly backup: string;
  readonly manifest: Manifest;
  readonly dataFolder: string;
  readonly keysFolder: string;
  /** Whether the root key was there to check that the node made the backup. */
  readonly keysFound: boolean;
  /** Whether the backup holds a chain that was not asked for. */
  readonly leavesChain: boolean;
  readonly records: number;
  /** How the backup stands to the checkpoint that was given. */
  readonly missing?: number;
  readonly newer?: number;
}

/**
 * Puts a backup into a data folder, once all of it was found to be whole. The copy is fenced: it
 * only reads until its operator says that the node it was copied from is gone.
 */
export async function restoreBackup(order: RestoreOrder): Promise<Restored> {
  const { dataFolder } = order;
  const { chainFolder } = order;
  await requireEmpty(dataFolder);
  if (chainFolder !== undefined) await requireEmpty(chainFolder);
  const [backup] = await backupsIn(order.backup);
  if (backup === undefined)
    return fail('FOLDER_UNUSABLE', `There is no whole backup in ${order.backup}.`);
  const keysFolder = order.keysFolder ?? defaultKeysFolder(dataFolder);
  const manifest = await readManifest(backup);
  await checkFiles(backup, manifest);
  if (order.passphrase !== undefined)
    await placeKeys(backup, manifest, order.passphrase, keysFolder);
  const rootKey = await rootKeyIn(keysFolder);
  if (rootKey !== undefined) await readManifest(backup, rootKey);

  const temporary = `${resolve(dataFolder)}.restoring-${toBase64url(randomBytes(6))}`;
  await makeFolders(temporary).catch((error: NodeJS.ErrnoException) =>
    fail('FOLDER_UNUSABLE', `${dataFolder} cannot be made: ${error.code ?? error.message}.`),
  );
  try {
    const cids = (await readFile(join(backup, BLOCKS_FILE), 'utf8')).split('\n').filter(Boolean);
    const content = join(backup, '..', CONTENT_FOLDER);
    await takeBlocks(content, cids, join(temporary, BLOCKS_FOLDER));
    await copyFile(join(backup, STORE_FILE), join(temporary, STORE_FILE));
    await takeLogs(backup, manifest, temporary);
    const found = await judgeStore(join(temporary, STORE_FILE), manifest, order.checkpoint);
    await writeFile(join(temporary, KEYS_FOLDER_FILE), `${resolve(keysFolder)}\n`, { mode: 0o600 });
    if (chainFolder !== undefined) await takeChain(backup, manifest, chainFolder);
    await rm(dataFolder, { recursive: true, force: true });
    await rename(temporary, dataFolder);
    return {
      backup,
      manifest,
      dataFolder,
      keysFolder,
      keysFound: rootKey !== undefined,
      leavesChain: chainFolder === undefined && hasChain(manifest),
      ...found,
    };
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

async function requireEmpty(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    return fail('FOLDER_UNUSABLE', `${folder} cannot be read: ${error.code ?? error.message}.`);
  });
  if (names.length > 0)
    fail(
      'FOLDER_UNUSABLE',
      `${folder} is not empty: a backup is restored into a folder of its own.`,
    );
}

async function checkFiles(backup: string, manifest: Manifest): Promise<void> {
  for (const file of manifest.files) {
    const path = join(backup, file.name);
    const found = await fileFacts(backup, file.name).catch((error: NodeJS.ErrnoException) =>
      damaged(path, error.code === 'ENOENT' ? 'the file is missing' : error.message),
    );
    if (found.bytes !== file.bytes)
      damaged(path, `it has ${found.bytes} bytes, ${file.bytes} were written`);
    if (found.sha256 !== file.sha256) damaged(path, 'its SHA-256 is not the one in the manifest');
  }
}

async function placeKeys(
  backup: string,
  manifest: Manifest,
  passphrase: string,
  keysFolder: string,
): Promise<void> {
  if (!manifest.files.some(({ name }) => name === KEYS_FILE))
    fail('INPUT_INVALID', 'This backup was made without keys: copy the key folder yourself.');
  await unsealKeys(await readFile(join(backup, KEYS_FILE), 'utf8'), passphrase, keysFolder);
}

async function rootKeyIn(keysFolder: string): Promise<RootKey | undefined> {
  const file = join(keysFolder, 'root.key');
  const names = await readdir(keysFolder).catch((): string[] => []);
  return names.includes('root.key') ? openRootKey({ file, create: false }) : undefined;
}

/** Whether the copied store is whole and its log the one of the manifest; fences it. */
async function judgeStore(
  file: string,
  manifest: Manifest,
  seen: string | undefined,
): Promise<{ records: number; missing?: number; newer?: number }> {
  const store = await openStore({ file });
  try {
    const whole = await store.check();
    if (!whole.ok) damaged(STORE_FILE, whole.problems.slice(0, 3).join('; '));
    const { size, note, audit } = await auditStored(store, manifest.log);
    if (!audit.ok) damaged(STORE_FILE, audit.problems.slice(0, 3).join('; '));
    if (note !== manifest.checkpoint || size !== manifest.log.size)
      damaged(STORE_FILE, 'its log does not end at the checkpoint of the manifest');
    const standing = seen === undefined ? {} : await standingOf(store, manifest, seen);
    await store.commit(fenceStatements(await readFence(store), Date.now()));
    return { records: size, ...standing };
  } finally {
    await store.close();
  }
}

async function standingOf(store: Store, manifest: Manifest, seen: string) {
  try {
    return await compareStored(store, manifest.log, seen);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fail('STATE_CONFLICT', `The backup does not agree with the checkpoint given: ${why}.`);
  }
}
