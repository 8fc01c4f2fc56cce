import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Holds a folder for one process: another one that opens it is refused, and a crash frees it. */
export class FolderLock {
  readonly #database: DatabaseSync;

  /** @throws Error where another process has the folder */
  constructor(folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#database = new DatabaseSync(join(folder, 'lock'));
    try {
      // The operating system frees the lock of a process that is gone.
      this.#database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT');
    } catch (error) {
      this.#database.close();
      throw new Error(`the ledger in ${folder} is open in another process`, { cause: error });
    }
  }

  release(): void {
    this.#database.close();
  }
}

/** Makes the names in a folder as safe as what they name. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
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
