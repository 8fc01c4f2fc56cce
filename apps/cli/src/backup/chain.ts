import { copyFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fail } from '@anarq/common-schemas';
import { CHAIN_FILE, copyChain, markRestored } from '@anarq/chain/local';
import type { Manifest } from './manifest.ts';

const FOLDER = 'chain/';

/** Copies the chain of a node into a backup. @returns names of the files, below the backup */
export async function copyOf(chainFolder: string, backup: string): Promise<readonly string[]> {
  const names = await copyChain(chainFolder, join(backup, FOLDER));
  return names.map((name) => `${FOLDER}${name}`);
}

type Files = Pick<Manifest, 'files'>;

const namesOf = ({ files }: Files): readonly string[] =>
  files
    .map(({ name }) => name)
    .filter((name) => name.startsWith(FOLDER) && CHAIN_FILE.test(name.slice(FOLDER.length)));

/** Whether a backup holds a chain. */
export const hasChain = (manifest: Files): boolean => namesOf(manifest).length > 0;

/**
 * Puts the chain of a backup, whose files were found to be whole, into a folder, as a copy that only follows.
 * @throws INPUT_INVALID where the backup holds none
 */
export async function takeChain(backup: string, manifest: Files, folder: string): Promise<void> {
  if (!hasChain(manifest))
    fail('INPUT_INVALID', 'This backup holds no chain: it was made without --chain.');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // First: what lies here may never be taken for the folder of a validator.
  await markRestored(folder);
  for (const name of namesOf(manifest)) {
    const to = join(folder, name.slice(FOLDER.length));
    await mkdir(dirname(to), { recursive: true, mode: 0o700 });
    await copyFile(join(backup, name), to);
  }
}
