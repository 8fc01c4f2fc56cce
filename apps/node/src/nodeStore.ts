import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '@anarq/common-schemas';
import { openStore, StoreError, type Store } from '@anarq/store';

/** Remembers which server a data folder belongs to, without the password. */
const STORE_FILE = 'store';
/** A standby begins to ask anew so often: its own connection may have ended. */
const STANDBY_LOOK_MS = 60_000;
const SQLITE_FILE = 'node.sqlite';

/** Where the rows of a data folder are: a file in it, or a server. */
export interface StorePlace {
  readonly kind: 'sqlite' | 'postgres';
  /** Path of the file, or address of the server without its password. */
  readonly shown: string;
  /** What to open a server with. */
  readonly url?: string;
}

/**
 * Finds the store of a data folder: the one that it began with. Rows and content blocks belong
 * together, so another one is refused.
 * @param asked `postgres://…` or 'sqlite'; without it, what the folder has, and a file where it is new
 * @throws INPUT_INVALID for an address that is none, FOLDER_UNUSABLE where the folder has another store
 */
export async function storePlaceOf(
  dataFolder: string,
  asked: string | undefined,
): Promise<StorePlace> {
  const remembered = (await readFile(join(dataFolder, STORE_FILE), 'utf8').catch(() => '')).trim();
  const file = join(dataFolder, SQLITE_FILE);
  const hasFile = (await stat(file).catch(() => undefined)) !== undefined;
  if (asked === undefined || asked === '')
    return remembered === '' ? { kind: 'sqlite', shown: file } : serverAt(remembered);
  if (asked === 'sqlite') {
    if (remembered !== '') anotherStore(dataFolder, remembered);
    return { kind: 'sqlite', shown: file };
  }
  const place = serverAt(asked);
  if (hasFile) anotherStore(dataFolder, file);
  if (remembered !== '' && remembered !== place.shown) anotherStore(dataFolder, remembered);
  return place;
}

/**
 * Opens it; the folder remembers a server from then on.
 * @param isStandby wait, for as long as it takes, until the process that owns the store has ended
 * @throws INPUT_INVALID where there is nothing that two processes could own one after the other
 */
export async function openNodeStore(
  dataFolder: string,
  place: StorePlace,
  isStandby = false,
): Promise<Store> {
  const { url } = place;
  if (url === undefined) {
    if (isStandby)
      fail('INPUT_INVALID', 'Only a store on PostgreSQL is taken over by another process.');
    // Two readers: a search that takes long does not hold up every other read.
    return openStore({ file: place.shown, readers: 2 });
  }
  // Its library is loaded only where it is needed.
  const { openPostgresStore } = await import('@anarq/store/postgres');
  const store = isStandby ? await openWhenFree(url) : await openPostgresStore({ url });
  const file = join(dataFolder, STORE_FILE);
  await writeFile(`${file}.new`, `${place.shown}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return store;
}

/** The server lets go of the store with the connection of the process that owned it. */
async function openWhenFree(url: string): Promise<Store> {
  const { openPostgresStore } = await import('@anarq/store/postgres');
  for (;;) {
    try {
      return await openPostgresStore({ url, lock_wait_ms: STANDBY_LOOK_MS });
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'LOCKED') throw error;
    }
  }
}

function serverAt(url: string): StorePlace {
  if (!URL.canParse(url) || !/^postgres(ql)?:\/\//.test(url))
    fail('INPUT_INVALID', 'A store is named postgres://user@host:port/database, or sqlite.');
  const shown = new URL(url);
  shown.password = '';
  shown.searchParams.delete('password');
  return { kind: 'postgres', shown: shown.href, url };
}

function anotherStore(dataFolder: string, has: string): never {
  return fail('FOLDER_UNUSABLE', `${dataFolder} belongs to a node whose store is ${has}.`);
}
