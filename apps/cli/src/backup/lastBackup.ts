import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** In the data folder, for q doctor. */
export const LAST_BACKUP_FILE = 'last-backup.json';

/** When the last backup of a data folder was made, where, and whether the keys are in it. */
export interface LastBackup {
  readonly at: string;
  readonly folder: string;
  readonly withKeys?: boolean;
}

/** The last backup that was made of a data folder; undefined where none was. */
export async function lastBackup(dataFolder: string): Promise<LastBackup | undefined> {
  try {
    return JSON.parse(await readFile(join(dataFolder, LAST_BACKUP_FILE), 'utf8')) as LastBackup;
  } catch {
    return undefined;
  }
}
