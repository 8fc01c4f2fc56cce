import { pagesOf, type LoggedBatch } from '../../log/pages.ts';
import type { LedgerState } from '../../state.ts';
import type { PlantedBug } from './bugs.ts';
import type { SimulatedDisk } from './disk.ts';
import { BATCH_MAX, type Order } from './workload.ts';

/** Which ledger the simulated one is. */
export const LEDGER = new Uint8Array(16).fill(7);
/** Pages that are kept free for the ends of pending transfers. */
export const PAGE_RESERVE = pagesOf(BATCH_MAX);

/** A batch that somebody waits for. */
export interface Waiting {
  readonly order: Order;
  /** Records of 128 bytes; they are written over. */
  readonly events: Uint8Array;
  readonly count: number;
  /** Called when the batch is safe, with one result an event. */
  readonly done: (results: Uint32Array) => void;
  /** Called when it was not taken, and nothing of it happened. */
  readonly refused: () => void;
}

/** A batch when it was applied and laid into the log, before it is safe. */
export interface Applied extends LoggedBatch {
  /** Whose batch it is; nobody's where pending transfers ended. */
  readonly waiting: Waiting | undefined;
}

export interface SimulatedWriterOptions {
  readonly disk: SimulatedDisk;
  /** Nanoseconds since 1970. */
  readonly now: () => bigint;
  readonly segmentPages: number;
  /** Pages of a group of batches that is synced at once. */
  readonly groupPages: number;
  /** Room for two groups and the reserve of each. A process leaves them to the next. */
  readonly groupBuffers: readonly [Buffer, Buffer];
  /** Pages after which a snapshot is written. */
  readonly snapshotPages: number;
  /** Events after which indexes leave memory. */
  readonly sealEvents: number;
  readonly bug: PlantedBug | undefined;
  /** Told of each batch in the order of the log. */
  readonly applied: (batch: Applied, state: LedgerState) => void;
  /** Told of each snapshot that is safe. */
  readonly snapshotKept: () => void;
}
