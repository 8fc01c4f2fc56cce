import type { LedgerState, LogPosition } from '@anarq/ledger-engine';
import { writeMark } from './mark.ts';
import { isDiskFull } from './refusal.ts';
import type { RunFiles } from './runFiles.ts';
import type { Segments } from './segments.ts';
import { snapshotPages, writeSnapshot, type Snapshot } from './snapshots.ts';

interface KeeperOptions {
  readonly folder: string;
  /** Pages after which a snapshot is written. */
  readonly everyPages: number;
  /** Page of the last snapshot that there is; 0 where there is none. */
  readonly from: number;
  readonly segments: Segments;
  readonly runs: RunFiles;
  /** Waits until all that was applied is safe. */
  readonly settled: () => Promise<void>;
  readonly onFailure: (error: unknown) => void;
}

/** Writes snapshots now and then, and packs the segments that no kept snapshot needs any more. */
export class SnapshotKeeper {
  readonly #options: KeeperOptions;
  #at: number;
  #writing: Promise<void> | undefined;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#at = options.from;
  }

  /** Between two groups, when enough has been written since the last one. */
  take({ page, batch, previous }: LogPosition, state: LedgerState): void {
    const { everyPages, onFailure } = this.#options;
    if (this.#writing !== undefined || page - this.#at < everyPages) return;
    this.#at = page;
    const position = { page, batch, safe: page, previous: previous.slice() };
    this.#writing = this.#keep({ position, books: state.snapshot() })
      .catch(onFailure)
      .finally(() => {
        this.#writing = undefined;
      });
  }

  /** Waits for a snapshot that is being written. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async #keep(snapshot: Snapshot): Promise<void> {
    const { folder, segments, runs, settled } = this.#options;
    // What the snapshot stands on must be safe before it is.
    await settled();
    try {
      await runs.sync();
      await writeSnapshot(folder, snapshot);
      await writeMark(folder, snapshot.position.page);
      // Also the older snapshot that is kept is past of what is packed.
      await segments.archiveBefore(snapshotPages(folder).at(-1) ?? 0);
    } catch (error) {
      // All of it only saves time and room: it is tried again after as many pages once more.
      if (!isDiskFull(error)) throw error;
    }
  }
}
