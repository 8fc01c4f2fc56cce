import { mkdirSync } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { QError } from '@anarq/common-schemas';

/** Holds a folder for one process: another one that opens it is refused, and a crash frees it. */
export class FolderLock {
  readonly #database: DatabaseSync;

  /**
   * @param refusal what somebody is told who comes second
   * @throws QError FOLDER_UNUSABLE where another one has the folder
   */
  constructor(folder: string, refusal: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#database = new DatabaseSync(join(folder, 'lock'));
    try {
      // The operating system frees the lock of a process that is gone.
      this.#database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT');
    } catch (error) {
      this.#database.close();
      throw new QError('FOLDER_UNUSABLE', refusal, { folder }, { cause: error });
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

/**
 * Makes a folder for its owner alone, and those above it where they are missing. The `recursive` of Node
 * tries for ever where a file system takes no new names, as /proc takes none.
 */
export async function makeFolders(path: string, hasAbove = false): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    // What node:fs throws.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !hasAbove) {
      await makeFolders(dirname(path));
      return makeFolders(path, true);
    }
    if (code !== 'EEXIST') throw error;
    if ((await stat(path)).isDirectory()) return;
    throw Object.assign(new Error(`${path} is no folder`, { cause: error }), { code: 'ENOTDIR' });
  }
}
