import { mkdirSync, rmSync } from 'node:fs';
import { removeHalfWritten } from './folder.ts';
import { isDiskFull } from './refusal.ts';
import { RunFiles } from './runFiles.ts';
import {
  dropSnapshots,
  readSnapshot,
  snapshotPages,
  writeSnapshot,
  type Snapshot,
} from './snapshots.ts';

/**
 * What a follower keeps: the indexes of its books, and now and then the books themselves. All of it
 * follows from the log; it saves a start from reading that from its beginning.
 */
export class FollowerFiles {
  readonly #folder: string;
  #runs: RunFiles;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    removeHalfWritten(folder);
    this.#runs = new RunFiles(folder);
  }

  get runs(): RunFiles {
    return this.#runs;
  }

  /** The snapshots that are whole, the newest first. */
  *snapshots(): Generator<Snapshot> {
    for (const page of snapshotPages(this.#folder)) {
      const snapshot = readSnapshot(this.#folder, page);
      if (snapshot !== undefined) yield snapshot;
    }
  }

  /** Keeps a snapshot, and makes the indexes that it names safe before it is. */
  async write(snapshot: Snapshot): Promise<void> {
    try {
      await this.#runs.sync();
      await writeSnapshot(this.#folder, snapshot);
    } catch (error) {
      // It only saves time, and is tried again after as many pages once more.
      if (!isDiskFull(error)) throw error;
    }
  }

  /** Lets the next start read the log from its beginning. */
  distrust(): void {
    dropSnapshots(this.#folder);
  }

  /** Throws everything away. */
  clear(): void {
    this.#runs.close();
    rmSync(this.#folder, { recursive: true, force: true });
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    this.#runs = new RunFiles(this.#folder);
  }

  close(): void {
    this.#runs.close();
  }
}
