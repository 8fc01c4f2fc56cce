import { resolve } from 'node:path';
import { fail } from '@anarq/common-schemas';
import {
  createSealer,
  epochOf,
  forgetEarlier,
  openRootKey,
  replaceRootKey,
  rotatedKey,
  type RotationReason,
} from '@anarq/crypto';
import { epochsOf, resealStore, type ModuleDefinition } from '@anarq/kernel';
import { keyStoreFile, keyStoresOf, loadModules, storePlaceOf } from '@anarq/node';
import type { Store } from '@anarq/store';
import { rootKeyFile } from './rootKeyFile.ts';
import { withStoppedStore } from './stoppedStore.ts';

interface Place {
  readonly dataFolder: string;
  readonly keysFolder: string;
}

/**
 * Gives a node that does not run another root key. Nothing else is written: the file has the old
 * key or the new one, and the next start hands the log over and seals anew what is sealed.
 * @returns which key is in force now; the first is 1
 */
export const rotateRootKey = (place: Place, reason: RotationReason): Promise<number> =>
  withStoppedStore(place.dataFolder, async (store) => {
    const file = rootKeyFile(place.keysFolder);
    const before = await openRootKey({ file, create: false });
    await requireStarted(store, epochOf(before));
    const after = rotatedKey(before, { retiredAt: new Date().toISOString(), reason });
    await replaceRootKey(file, after);
    return epochOf(after) + 1;
  });

/**
 * Lets the earlier root keys of a node that does not run go, once nothing is sealed under them.
 * @param others modules that are not of this repository, and that the node was started with
 * @returns how many went
 * @throws STATE_CONFLICT where something still needs them
 */
export const forgetEarlierKeys = (
  place: Place,
  others: readonly ModuleDefinition[] = [],
): Promise<number> =>
  withStoppedStore(place.dataFolder, async (store) => {
    const file = rootKeyFile(place.keysFolder);
    const rootKey = await openRootKey({ file, create: false });
    const kept = (rootKey.earlier ?? []).filter(({ seed }) => seed !== undefined).length;
    if (kept === 0) return 0;
    const epoch = epochOf(rootKey);
    await requireStarted(store, epoch);
    await requireOthers(place, epoch);
    const modules = [...(await loadModules()), ...others];
    await requireAllModules(store, modules);
    const { left } = await resealStore({ store, sealer: createSealer(rootKey), modules }, rootKey);
    if (left.length > 0)
      fail('STATE_CONFLICT', `An earlier key is still needed: ${left.join('; ')}.`, {
        left: [...left],
      });
    await replaceRootKey(file, forgetEarlier(rootKey));
    return kept;
  });

/** What a module from elsewhere sealed can be sealed anew only where it says what that is. */
async function requireAllModules(
  store: Store,
  modules: readonly ModuleDefinition[],
): Promise<void> {
  const rows = await store.read(`SELECT key FROM kernel_meta WHERE key LIKE 'module %'`);
  const there = rows.map((row) => String(row['key']).slice('module '.length));
  const unknown = there.filter((name) => !modules.some(({ contract }) => contract.name === name));
  if (unknown.length > 0)
    fail(
      'STATE_CONFLICT',
      `${unknown.join(', ')} may have something sealed here: name each with --module PATH.`,
    );
}

/** The log is handed over, and what follows from a theft is done, at the first start after a change. */
async function requireStarted(store: Store, epoch: number): Promise<void> {
  const { told } = await epochsOf(store);
  if (told < epoch)
    fail(
      'STATE_CONFLICT',
      'The node has not started since its root key was changed: start it once.',
    );
}

/** Processes of one node share its keys; each has a store of its own. */
async function requireOthers({ dataFolder, keysFolder }: Place, epoch: number): Promise<void> {
  const own = (await storePlaceOf(dataFolder, undefined)).shown;
  const behind = (await keyStoresOf(keysFolder)).filter(
    ({ place, sealed }) => sealed < epoch && place !== own && place !== resolve(own),
  );
  for (const { place } of behind)
    fail(
      'STATE_CONFLICT',
      `${place} leans on these keys too, and does not follow them yet: start the node on it. Where it is gone for good, delete ${keyStoreFile(place)} in ${keysFolder}.`,
    );
}
