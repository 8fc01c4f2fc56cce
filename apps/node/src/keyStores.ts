import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Hex, utf8 } from '@anarq/crypto';
import { makeFolders } from '@anarq/store/folder';

/** A store that leans on the keys of a folder. */
export interface KeyStore {
  /** The file, or the server, as a person knows it. */
  readonly place: string;
  /** How many changes of the root key all that it has sealed followed. */
  readonly sealed: number;
}

const PREFIX = 'store-';

/** Says beside the keys which store leans on them: a key goes only when no store needs it. */
export async function noteKeyStore(keysFolder: string, store: KeyStore): Promise<void> {
  await makeFolders(keysFolder);
  const file = join(keysFolder, keyStoreFile(store.place));
  await writeFile(`${file}.new`, `${JSON.stringify(store)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** All stores that were ever opened with the keys of a folder. */
export async function keyStoresOf(keysFolder: string): Promise<KeyStore[]> {
  const names = await readdir(keysFolder).catch((): string[] => []);
  const files = names.filter((name) => name.startsWith(PREFIX) && !name.endsWith('.new'));
  return Promise.all(
    files.map(
      async (name) => JSON.parse(await readFile(join(keysFolder, name), 'utf8')) as KeyStore,
    ),
  );
}

/** Name of the file that tells of a store. */
export const keyStoreFile = (place: string): string =>
  `${PREFIX}${sha256Hex(utf8(place)).slice(0, 16)}`;
