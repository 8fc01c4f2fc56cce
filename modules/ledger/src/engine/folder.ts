import { closeSync, fsyncSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FolderLock } from '@anarq/store/folder';

/** Holds the folder of a ledger for one process. */
export class LedgerLock extends FolderLock {
  /** @throws QError FOLDER_UNUSABLE where another process has it */
  constructor(folder: string) {
    super(folder, `the ledger in ${folder} is open in another process`);
  }
}

/** Makes the names in a folder as safe as what they name, where a thread of its own may wait for it. */
export function syncFolderNow(folder: string): void {
  const file = openSync(folder, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** The numbers of the files `<prefix><number><suffix>` in a folder, ascending. */
export function numbersIn(folder: string, prefix: string, suffix: string): number[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith(prefix) && name.endsWith(suffix))
    .map((name) => name.slice(prefix.length, name.length - suffix.length))
    .filter((digits) => /^\d+$/.test(digits))
    .map(Number)
    .toSorted((a, b) => a - b);
}

/** Deletes what a crash left half written. */
export function removeHalfWritten(folder: string): void {
  for (const name of readdirSync(folder))
    if (name.endsWith('.half')) rmSync(join(folder, name), { force: true });
}
