import { truncateSync } from 'node:fs';
import { machineDisk, type Disk, type DiskFile } from '../disk.ts';

/** Files of the machine that fail when they are told to, and forget at a loss of power what was not synced. */
export class FaultyDisk implements Disk {
  /** How much of each file is written, and how much of that is safe. */
  readonly #files = new Map<string, { written: number; safe: number }>();
  #failure: Error | undefined;
  /** Bytes that there is room for. */
  room_bytes = Infinity;

  /** From now on nothing is written: as after a kill, or a disk that is gone. */
  failWith(error: Error): void {
    this.#failure = error;
  }

  /** Cuts files back to what was synced, and a part of what was not. @param kept share of that, from 0 to 1 */
  losePower(kept: number): void {
    for (const [path, { written, safe }] of this.#files)
      truncateSync(path, safe + Math.floor((written - safe) * kept));
  }

  async create(path: string): Promise<DiskFile> {
    this.#mayWork();
    const file = await machineDisk.create(path);
    const bytes = { written: 0, safe: 0 };
    this.#files.set(path, bytes);
    return {
      write: async (part) => {
        this.#mayWork();
        if (part.length > this.room_bytes) {
          const some = part.subarray(0, this.room_bytes);
          this.room_bytes = 0;
          await file.write(some);
          bytes.written += some.length;
          throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
        }
        this.room_bytes -= part.length;
        await file.write(part);
        bytes.written += part.length;
      },
      sync: async () => {
        this.#mayWork();
        const { written } = bytes;
        await file.sync();
        bytes.safe = written;
      },
      close: () => file.close(),
    };
  }

  read(path: string): Promise<Uint8Array> {
    return machineDisk.read(path);
  }

  async rename(from: string, to: string): Promise<void> {
    this.#mayWork();
    await machineDisk.rename(from, to);
    const bytes = this.#files.get(from);
    if (bytes === undefined) return;
    this.#files.delete(from);
    this.#files.set(to, bytes);
  }

  async remove(path: string): Promise<void> {
    this.#mayWork();
    await machineDisk.remove(path);
    this.#files.delete(path);
  }

  async syncFolder(folder: string): Promise<void> {
    this.#mayWork();
    await machineDisk.syncFolder(folder);
  }

  #mayWork(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}
