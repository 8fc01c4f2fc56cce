import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail } from '@anarq/common-schemas';
import { createSealer, openRootKey, type RootKey } from '@anarq/crypto';
import type { Store } from '@anarq/store';
import { backupsIn, KEYS_FILE, readManifest } from '../backup/manifest.ts';
import { unsealKeys } from '../backup/sealedKeys.ts';
import { rootKeyFile } from './rootKeyFile.ts';
import { withStoppedStore } from './stoppedStore.ts';

/**
 * Takes lost keys out of a backup, once they were seen to open the data that is there. A key that
 * is there stays as it is.
 * @returns the backup that had them
 * @throws STATE_CONFLICT where the root key is not lost, DECRYPTION_FAILED where no backup has keys
 * that open the data
 */
export const recoverKeys = (order: {
  readonly backup: string;
  readonly dataFolder: string;
  readonly keysFolder: string;
  readonly passphrase: string;
}): Promise<string> =>
  withStoppedStore(order.dataFolder, async (store) => {
    const { keysFolder, passphrase } = order;
    if ((await readdir(keysFolder).catch((): string[] => [])).includes('root.key'))
      fail('STATE_CONFLICT', `There is a root key in ${keysFolder}: it is never overwritten.`);
    const tried: string[] = [];
    for (const backup of await backupsIn(order.backup)) {
      const { files } = await readManifest(backup);
      if (!files.some(({ name }) => name === KEYS_FILE)) continue;
      const sealed = await readFile(join(backup, KEYS_FILE), 'utf8');
      if (await opensData(sealed, passphrase, store)) {
        await unsealKeys(sealed, passphrase, keysFolder);
        return backup;
      }
      tried.push(backup);
    }
    return fail(
      'DECRYPTION_FAILED',
      tried.length === 0
        ? `No backup in ${order.backup} was made with its keys.`
        : `The keys in ${tried.join(', ')} do not open the data in ${order.dataFolder}: they are of another node, or from before its root key was changed.`,
    );
  });

/** Whether sealed keys open what a store has: the seed of the node's own identity. */
async function opensData(sealed: string, passphrase: string, store: Store): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'q-keys-'));
  try {
    await unsealKeys(sealed, passphrase, folder);
    const rootKey = await openRootKey({ file: rootKeyFile(folder), create: false });
    return await opensNode(rootKey, store);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function opensNode(rootKey: RootKey, store: Store): Promise<boolean> {
  const [row] = await store.read(
    `SELECT i.did, i.sealed_seed FROM kernel_identity i
     JOIN kernel_meta m ON m.key = 'node' AND m.value = i.did`,
  );
  if (row === undefined) return false;
  try {
    createSealer(rootKey).open(
      'identity-seed',
      String(row['did']),
      row['sealed_seed'] as Uint8Array,
    );
    return true;
  } catch {
    return false;
  }
}
