import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { PAGE_BYTES, pagesOf } from '@anarq/ledger-engine';

const FILE_BYTES = 256 << 20;

/**
 * The disk without a ledger: the same bytes written over a file that is there already, and synced. No
 * ledger that answers when its log is safe is faster than that.
 */
export class BareDisk {
  readonly #file: FileHandle;
  readonly #bytes: Buffer;
  #at = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
    this.#bytes = Buffer.alloc(FILE_BYTES / 8, 0xa5);
  }

  static async open(folder: string): Promise<BareDisk> {
    const file = await open(join(folder, 'bare'), 'w');
    const disk = new BareDisk(file);
    const { byteLength } = disk.#bytes;
    for (let at = 0; at < FILE_BYTES; at += byteLength)
      await file.write(disk.#bytes, 0, byteLength, at);
    await file.sync();
    return disk;
  }

  /**
   * Writes the pages of so many batches at a time, and syncs each time.
   * @returns transfers a second that this would be
   */
  async write(batch: number, batches: number, syncs: number): Promise<number> {
    const length = pagesOf(batch) * batches * PAGE_BYTES;
    const begun_ms = performance.now();
    for (let sync = 0; sync < syncs; sync++) {
      if (this.#at + length > FILE_BYTES) this.#at = 0;
      await this.#file.write(this.#bytes, 0, length, this.#at);
      await this.#file.datasync();
      this.#at += length;
    }
    return (batch * batches * syncs) / ((performance.now() - begun_ms) / 1_000);
  }

  close = (): Promise<void> => this.#file.close();
}
