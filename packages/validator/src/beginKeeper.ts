import type { BeginState } from '@anarq/dag';
import { sinceOf, writeBegin } from './beginFile.ts';
import type { BlockLog } from './blockLog.ts';
import type { Disk } from './disk.ts';

export interface BeginKeeperOptions {
  readonly disk: Disk;
  readonly folder: string;
  readonly log: BlockLog;
  /** Resolves once the archive has all that came before. */
  readonly archived: () => Promise<void>;
  readonly onFailure: (error: unknown) => void;
}

/** A start reads at least so much of the log, before a new beginning is worth its writing. */
const LOG_BYTES_MIN = 4 << 20;

/**
 * Moves the place where a start begins, one writing at a time: not at every checkpoint, since the whole state is
 * written, but once the log has grown by more than the state weighs.
 */
export class BeginKeeper {
  readonly #options: BeginKeeperOptions;
  #latest: BeginState | undefined;
  #log_bytes = 0;
  #begin_bytes = 0;
  #isWriting = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: BeginKeeperOptions) {
    this.#options = options;
  }

  /** So much more is in the log. */
  grew(bytes: number): void {
    this.#log_bytes += bytes;
  }

  /** A start may begin here. @param isNeeded where what lies before is of no use any more */
  offer(begin: BeginState, isNeeded: boolean): void {
    this.#latest = begin;
    const isDue = this.#log_bytes >= Math.max(LOG_BYTES_MIN, 2 * this.#begin_bytes);
    if ((isNeeded || isDue) && !this.#isWriting) this.#go();
  }

  /** Writes the last offer, where it is not written yet, and waits for it. */
  async close(): Promise<void> {
    await this.#writing;
    if (this.#latest !== undefined) this.#go();
    await this.#writing;
  }

  #go(): void {
    this.#isWriting = true;
    this.#writing = this.#write()
      .catch(this.#options.onFailure)
      .finally(() => {
        this.#isWriting = false;
      });
  }

  async #write(): Promise<void> {
    const { disk, folder, log, archived } = this.#options;
    const begin = this.#latest;
    if (begin === undefined) return;
    this.#log_bytes = 0;
    // What was said is safe, but what was heard may not be: a start needs both.
    await Promise.all([log.safe(), archived()]);
    this.#begin_bytes = await writeBegin(disk, folder, { begin, mark: log.mark });
    if (this.#latest === begin) this.#latest = undefined;
    await log.forget(sinceOf(begin));
  }
}
