import { access, constants } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fail } from '@anarq/common-schemas';
import { openBlockStore } from '@anarq/content';
import { deriveSecret, openRootKey, toBase64url } from '@anarq/crypto';
import {
  createKernel,
  epochsOf,
  genesisFrom,
  type ApartOptions,
  kernelMigrations,
  type Kernel,
  type ModuleDefinition,
  type Probe,
} from '@anarq/kernel';
import type { Store } from '@anarq/store';
import { makeFolders } from '@anarq/store/folder';
import type { Observers } from '@anarq/telemetry';
import { foundingFolder } from './foundingFolder.ts';
import { noteKeyStore } from './keyStores.ts';
import { moduleNames } from './modules.ts';
import { openNodeStore, storePlaceOf } from './nodeStore.ts';

import { BLOCKS_FOLDER, watchDisk } from './watchDisk.ts';

interface NodeFolders {
  /** Where the store and the content blocks lie. */
  readonly dataFolder: string;
  /** Where the root key and the operator's key lie; outside the data folder. */
  readonly keysFolder: string;
}

/** Below the data folder: the logs that modules keep beside the store. */
export const LOGS_FOLDER = 'logs';

export interface OpenOptions extends NodeFolders {
  /** `postgres://…`; default: what the data folder began with, a SQLite file where it is new. */
  readonly store?: string | undefined;
  /** Wait until the process that owns the store has ended, and take over from it. */
  readonly standby?: boolean | undefined;
  /** `nats://…`: where the node runs in several processes, how they tell each other of events. */
  readonly bus?: string | undefined;
  readonly modules: readonly ModuleDefinition[];
  readonly version: string;
  /** Present where the node runs in several processes. */
  readonly apart?: ApartOptions | undefined;
  /** Some of the modules may be mocks. */
  readonly isStandalone?: boolean | undefined;
  readonly now_ms?: () => number;
  /** With a clock of its own: one beside it that nobody can set. */
  readonly monotonic_ms?: () => number;
  readonly probe?: Probe;
  readonly onError?: (error: unknown, where: string) => void;
  /** Who is told of each call; closed with the node. */
  readonly observers?: Observers;
}

export interface OpenedNode {
  readonly kernel: Kernel;
  readonly store: Store;
  /** Seed of the operator's keys, from its file. */
  readonly operatorSeed: Uint8Array;
  /** Lets a scraper read the metrics, and nothing else. */
  readonly metricsToken: string;
  /** This was the first start on the folder. */
  readonly isNew: boolean;
  close(): Promise<void>;
}

/** Opens store, content and keys of a folder, and the kernel over them; makes them the first time. */
export async function openNode(options: OpenOptions): Promise<OpenedNode> {
  const { dataFolder, keysFolder } = options;
  await makeFolder(dataFolder);
  const place = await storePlaceOf(dataFolder, options.store);
  const store = await openNodeStore(dataFolder, place, options.standby);
  try {
    const isNew = !(await isFounded(store));
    const rootKey = await openRootKey({ file: join(keysFolder, 'root.key'), create: isNew });
    const operatorKey = await openRootKey({
      file: join(keysFolder, 'operator.key'),
      create: isNew,
    });
    const { seed } = operatorKey;
    const kernel = await createKernel({
      store,
      blocks: await openBlockStore({ folder: join(dataFolder, BLOCKS_FOLDER) }),
      rootKey,
      modules: options.modules,
      version: options.version,
      profilesFolder: join(dataFolder, 'profiles'),
      logsFolder: join(dataFolder, LOGS_FOLDER),
      foundingPlace: foundingFolder(keysFolder),
      moduleNames,
      isStandalone: options.isStandalone === true,
      ...(options.apart === undefined ? {} : { apart: options.apart }),
      ...(options.bus === undefined ? {} : { bus: options.bus }),
      operatorDocument: isNew
        ? genesisFrom(seed, { kind: 'person', now_ms: options.now_ms?.() ?? Date.now() }).document
        : undefined,
      ...(options.now_ms === undefined ? {} : { now_ms: options.now_ms }),
      ...(options.monotonic_ms === undefined ? {} : { monotonic_ms: options.monotonic_ms }),
      ...(options.probe === undefined ? {} : { probe: options.probe }),
      ...(options.onError === undefined ? {} : { onError: options.onError }),
      ...(options.observers === undefined ? {} : { observers: options.observers }),
    });
    watchDisk(kernel, dataFolder);
    await noteSealed(keysFolder, place.shown, store);
    const noted = kernel
      .resealed()
      .then(() => noteSealed(keysFolder, place.shown, store))
      .catch((error: unknown) => options.onError?.(error, 'keys'));
    return {
      kernel,
      store,
      operatorSeed: seed,
      metricsToken: toBase64url(deriveSecret(rootKey.seed, 'metrics')),
      isNew,
      close: async () => {
        await kernel.close();
        await noted;
        await store.close();
        await options.observers?.tracing?.close();
        await options.observers?.log?.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Says beside the keys how far this store follows them. */
async function noteSealed(keysFolder: string, shown: string, store: Store): Promise<void> {
  const { sealed } = await epochsOf(store);
  await noteKeyStore(keysFolder, { place: resolveShown(shown), sealed });
}

const resolveShown = (shown: string): string => (URL.canParse(shown) ? shown : resolve(shown));

/** Founding is one commit: a start that was killed before it left nothing that counts. */
async function isFounded(store: Store): Promise<boolean> {
  await store.migrate('kernel', kernelMigrations);
  const rows = await store.read(`SELECT value FROM kernel_meta WHERE key = 'operator'`);
  return rows.length > 0;
}

/** @throws FOLDER_UNUSABLE */
async function makeFolder(folder: string): Promise<void> {
  try {
    await makeFolders(folder);
    await access(folder, constants.W_OK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    fail('FOLDER_UNUSABLE', `${folder === '' ? 'An empty name' : folder} cannot be used: ${code}.`);
  }
}
