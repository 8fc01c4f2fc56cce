import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { openBlockStore } from '@anarq/content';
import { deriveLogKeys, openRootKey, randomBytes, toBase64url, type RootKey } from '@anarq/crypto';
import { fail } from '@anarq/common-schemas';
import { isCheckpointOf, vkeysOf, type LogVkeys } from '@anarq/log';
import { BLOCKS_FOLDER } from '@anarq/node';
import { copyStore, openStore, type Store } from '@anarq/store';
import { makeFolders } from '@anarq/store/folder';
import { blocksBelow, copyBlocks, type Copied } from './blocks.ts';
import { copyOf } from './chain.ts';
import { copyLogs } from './logs.ts';
import { LAST_BACKUP_FILE, type LastBackup } from './lastBackup.ts';
import {
  BLOCKS_FILE,
  CONTENT_FOLDER,
  fileFacts,
  KEYS_FILE,
  MANIFEST_FILE,
  manifestText,
  STORE_FILE,
  type BackupFile,
  type Manifest,
} from './manifest.ts';
import { sealKeys } from './sealedKeys.ts';

interface BackupOrder {
  readonly dataFolder: string;
  readonly keysFolder: string;
  /** Where backups lie, one beside the other. */
  readonly folder: string;
  readonly version: string;
  /** Of the chain that the node keeps, where it keeps one. */
  readonly chainFolder?: string | undefined;
  /** Puts a sealed copy of the keys beside the data. */
  readonly passphrase?: string | undefined;
}

/**
 * Makes a backup of a node that may be running. It is whole when its folder has its name: until
 * then it is called `.partial`, and an interrupted one is never taken for a backup.
 */
export async function makeBackup(
  order: BackupOrder,
): Promise<{ readonly folder: string; readonly manifest: Manifest; readonly newBlocks: number }> {
  const rootKey = await openRootKey({ file: join(order.keysFolder, 'root.key'), create: false });
  const madeAt = new Date().toISOString();
  const name = `${madeAt.replaceAll(':', '').replace('.', '')}-${toBase64url(randomBytes(3)).replaceAll(/[-_]/g, 'x')}`;
  await makeFolders(order.folder).catch(unusable(order.folder));
  const partial = join(order.folder, `.${name}.partial`);
  await mkdir(partial, { mode: 0o700 }).catch(unusable(order.folder));
  try {
    const contentFolder = join(order.folder, CONTENT_FOLDER);
    const content = await openBlockStore({ folder: contentFolder });
    const before = await countOf(contentFolder);
    const live = join(order.dataFolder, BLOCKS_FOLDER);
    const copied: Copied = new Map();
    // Before the rows that name them, and again after: no row names a block that is not here.
    await copyBlocks(live, content, copied);
    await copyStore(join(order.dataFolder, STORE_FILE), join(partial, STORE_FILE));
    await copyBlocks(live, content, copied);
    const { facts, logs } = await factsOf(order.dataFolder, partial, rootKey);
    await writeFile(
      join(partial, BLOCKS_FILE),
      [...copied.keys()].toSorted().map((cid) => `${cid}\n`),
      { mode: 0o600 },
    );
    if (order.passphrase !== undefined)
      await writeFile(
        join(partial, KEYS_FILE),
        await sealKeys(order.keysFolder, order.passphrase),
        { mode: 0o600 },
      );
    const keys = order.passphrase === undefined ? [] : [KEYS_FILE];
    const chain = order.chainFolder === undefined ? [] : await copyOf(order.chainFolder, partial);
    const names = [STORE_FILE, BLOCKS_FILE, ...keys, ...logs, ...chain];
    const files: BackupFile[] = [];
    for (const file of names) files.push(await fileFacts(partial, file));
    const manifest: Manifest = {
      type: 'q.backup.v1',
      madeAt,
      version: order.version,
      ...facts,
      blocks: { count: copied.size, bytes: sum(copied.values()) },
      files,
    };
    await writeFile(join(partial, MANIFEST_FILE), manifestText(manifest, rootKey), { mode: 0o600 });
    for (const file of [...names, MANIFEST_FILE]) await sync(join(partial, file));
    await sync(partial);
    const folder = join(order.folder, name);
    await rename(partial, folder);
    await sync(order.folder);
    const withKeys = order.passphrase !== undefined;
    const last: LastBackup = { at: madeAt, folder: resolve(folder), withKeys };
    await writeFile(join(order.dataFolder, LAST_BACKUP_FILE), `${JSON.stringify(last)}\n`, {
      mode: 0o600,
    });
    return { folder, manifest, newBlocks: (await countOf(contentFolder)) - before };
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

type StoreFacts = Omit<Manifest, 'type' | 'madeAt' | 'version' | 'blocks' | 'files'>;

/**
 * What the copied store says of the node, and the logs beside it as far as it knows them; the copy is
 * left as it was but for what opening did.
 */
async function factsOf(
  dataFolder: string,
  partial: string,
  rootKey: RootKey,
): Promise<{ readonly facts: StoreFacts; readonly logs: readonly string[] }> {
  const file = join(partial, STORE_FILE);
  const store = await openStore({ file });
  try {
    const logs = await copyLogs(dataFolder, partial, store);
    return { facts: await readFacts(store, rootKey), logs };
  } finally {
    await store.close();
    await rm(`${file}.lock`, { force: true });
  }
}

async function readFacts(store: Store, rootKey: RootKey): Promise<StoreFacts> {
  const meta = new Map(
    (await store.read('SELECT key, value FROM kernel_meta')).map((row) => [
      row['key'],
      row['value'] as string,
    ]),
  );
  const [tree] = await store.read('SELECT size, note FROM log_checkpoint');
  const [underWay] = await store.read(
    `SELECT COUNT(*) AS count FROM kernel_process WHERE state = 'RUNNING'`,
  );
  const note = String(tree?.['note'] ?? '');
  const origin = note.slice(0, note.indexOf('\n'));
  const migrations = await store.read(
    'SELECT module, MAX(id) AS id FROM _store_migrations GROUP BY module ORDER BY module',
  );
  return {
    node: meta.get('node') ?? '',
    operator: meta.get('operator') ?? '',
    generation: meta.get('generation') ?? '',
    log: { ...signersOf(note, origin, rootKey), size: Number(tree?.['size']) },
    checkpoint: note,
    migrations: migrations.map((row) => ({ module: String(row['module']), id: Number(row['id']) })),
    open: Number(underWay?.['count']),
  };
}

/** The keys that signed the last checkpoint: those before where the node did not start since. */
function signersOf(note: string, origin: string, { seed, earlier = [] }: RootKey): LogVkeys {
  const all = [...earlier.flatMap(({ seed: old }) => (old === undefined ? [] : [old])), seed];
  const pairs = all.map((one) => vkeysOf(origin, deriveLogKeys(one)));
  return pairs.find((vkeys) => isCheckpointOf(note, vkeys)) ?? vkeysOf(origin, deriveLogKeys(seed));
}

async function countOf(contentFolder: string): Promise<number> {
  return (await blocksBelow(contentFolder)).size;
}

const sum = (values: Iterable<number>): number => {
  let total = 0;
  for (const value of values) total += value;
  return total;
};

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const unusable =
  (folder: string) =>
  (error: NodeJS.ErrnoException): never =>
    fail('FOLDER_UNUSABLE', `${folder} cannot be used: ${error.code ?? error.message}.`);
