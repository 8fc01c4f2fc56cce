import { existsSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LOGS_FOLDER, loadModules } from '@anarq/node';
import type { Store } from '@anarq/store';
import type { Manifest } from './manifest.ts';

const LOG_FILE = /^logs\/[a-z][a-z0-9]{0,31}\/[a-z0-9][a-z0-9.-]{0,40}$/;

/**
 * Copies the logs that modules keep beside the store, as far as its copy knows of them.
 * @returns names of the files, below the backup
 */
export async function copyLogs(
  dataFolder: string,
  backup: string,
  copiedStore: Pick<Store, 'read'>,
): Promise<string[]> {
  const names: string[] = [];
  if (!existsSync(join(dataFolder, LOGS_FOLDER))) return names;
  for (const { contract, ownLog } of await loadModules()) {
    const folder = `${LOGS_FOLDER}/${contract.name}`;
    const from = join(dataFolder, folder);
    if (ownLog === undefined || !existsSync(from)) continue;
    const to = join(backup, folder);
    const copied = await ownLog.copy({ from, to, read: (sql) => copiedStore.read(sql) });
    names.push(...copied.map((name) => `${folder}/${name}`));
  }
  return names;
}

/** Puts the logs of a backup, whose files were found to be whole, into a data folder. */
export async function takeLogs(backup: string, manifest: Manifest, folder: string): Promise<void> {
  for (const { name } of manifest.files) {
    if (!LOG_FILE.test(name)) continue;
    await mkdir(dirname(join(folder, name)), { recursive: true, mode: 0o700 });
    await copyFile(join(backup, name), join(folder, name));
  }
}
