import { fdatasync, write } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { syncFolder } from '@anarq/store/folder';

const writeAt = promisify(write);
const syncData = promisify(fdatasync);

/** A file to which bytes are added. */
export interface DiskFile {
  /** Adds bytes at the end. */
  write(bytes: Uint8Array): Promise<void>;
  /** Waits until all that was written is safe. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** What a validator needs of a disk; a test gives one that fails, or forgets what was not synced. */
export interface Disk {
  /** A new file. @throws Error where there is one */
  create(path: string): Promise<DiskFile>;
  read(path: string): Promise<Uint8Array>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Makes the names in a folder as safe as what they name. */
  syncFolder(folder: string): Promise<void>;
}

/** The disk of this machine. */
export const machineDisk: Disk = {
  async create(path) {
    const handle = await open(path, 'wx', 0o600);
    return {
      async write(bytes) {
        // A disk that is nearly full takes a part, and says so only by its number.
        for (let done = 0; done < bytes.length;)
          done += (await writeAt(handle.fd, bytes, done, bytes.length - done)).bytesWritten;
      },
      sync: () => syncData(handle.fd),
      close: () => handle.close(),
    };
  },
  read: (path) => readFile(path),
  rename,
  remove: (path) => rm(path, { force: true }),
  syncFolder,
};
