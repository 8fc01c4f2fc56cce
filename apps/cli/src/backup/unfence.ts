import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '@anarq/common-schemas';
import { liftStatements, readFence } from '@anarq/kernel';
import { openStore, StoreError } from '@anarq/store';
import { STORE_FILE } from './manifest.ts';

/**
 * Lets a restored copy write, while it does not run.
 * @throws STATE_CONFLICT where it runs, or is not fenced
 */
export async function liftFence(
  dataFolder: string,
  isNewest: boolean,
): Promise<{ readonly generation: string; readonly since: string }> {
  const file = join(dataFolder, STORE_FILE);
  if ((await stat(file).catch(() => undefined)) === undefined)
    return fail('FOLDER_UNUSABLE', `There is no node in ${dataFolder}.`);
  const store = await openStore({ file }).catch((error: unknown) => {
    if (error instanceof StoreError && error.code === 'LOCKED')
      return fail('STATE_CONFLICT', `A node runs on ${dataFolder}: stop it first.`);
    throw error;
  });
  try {
    const { since, generation } = await readFence(store);
    if (since === undefined)
      return fail('STATE_CONFLICT', `The data in ${dataFolder} is not fenced.`);
    await store.commit(liftStatements({ since, isNewest }, Date.now()));
    return { generation, since };
  } finally {
    await store.close();
  }
}
