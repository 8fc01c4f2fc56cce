import { stat } from 'node:fs/promises';
import { fail } from '@anarq/common-schemas';
import { openNodeStore, storePlaceOf } from '@anarq/node';
import { StoreError, type Store } from '@anarq/store';

/**
 * Works on the store of a node that does not run, and closes it.
 * @throws STATE_CONFLICT where it runs, FOLDER_UNUSABLE where there is none
 */
export async function withStoppedStore<T>(
  dataFolder: string,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const place = await storePlaceOf(dataFolder, undefined);
  if (place.url === undefined && (await stat(place.shown).catch(() => undefined)) === undefined)
    return fail('FOLDER_UNUSABLE', `There is no node in ${dataFolder}.`);
  const store = await openNodeStore(dataFolder, place).catch((error: unknown) => {
    if (error instanceof StoreError && error.code === 'LOCKED')
      return fail('STATE_CONFLICT', `A node runs on ${dataFolder}: stop it first.`);
    throw error;
  });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
