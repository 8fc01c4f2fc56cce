import { PAGE_BYTES } from '@anarq/ledger-engine';

export interface BatchAnswer {
  /** One number an event, of ACCOUNT_RESULTS or TRANSFER_RESULTS. */
  readonly results: Uint32Array;
  /** Time of the last event, in nanoseconds. */
  readonly timestamp: bigint;
  /** Ordinal of the first event. */
  readonly ordinal: number;
  /** The page of the log in which the batch begins. */
  readonly page: number;
}

/** A batch that was brought, and who waits for it. */
export interface Waiting {
  readonly operation: number;
  readonly events: Uint8Array;
  readonly count: number;
  readonly cause: Uint8Array | undefined;
  readonly done: (answer: BatchAnswer) => void;
  readonly refuse: (error: Error) => void;
}

/** Batches that are written and synced together. */
export interface Group {
  readonly buffer: Buffer;
  /** The page of the log that it begins with, and how many it has so far. */
  firstPage: number;
  pages: number;
  /** What is told when it is safe, or that nobody knows what became of it. */
  answers: ((failure?: Error) => void)[];
}

export const emptyGroup = (pages: number): Group => ({
  buffer: Buffer.alloc(pages * PAGE_BYTES),
  firstPage: 0,
  pages: 0,
  answers: [],
});

/** A page of a group, where it has it. */
export function pageIn(group: Group, page: number): Uint8Array | undefined {
  const at = page - group.firstPage;
  if (at < 0 || at >= group.pages) return undefined;
  return group.buffer.subarray(at * PAGE_BYTES, (at + 1) * PAGE_BYTES);
}
