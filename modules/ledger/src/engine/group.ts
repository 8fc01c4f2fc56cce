import { PAGE_BYTES, type LedgerState } from '@anarq/ledger-engine';
import { alignedMemory } from './direct.ts';

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

/** Looks at the books in the moment before a batch is applied; what it throws refuses the batch. */
export type Admit = (state: LedgerState) => void;

/** A batch at its place in an order. */
export interface OrderedBatch {
  /** One of LogOperation. */
  readonly operation: number;
  /** Records of 128 bytes, which are written over; none where only the time goes on. */
  readonly events: Uint8Array;
  /** 32 bytes. */
  readonly cause: Uint8Array;
  /** When the order says that it came, in nanoseconds. */
  readonly time: bigint;
  readonly admit: Admit;
  /** Told at once when it is in the books, before anything behind it is. */
  readonly logged: (answer: BatchAnswer) => void;
}

/** A batch that was brought, and who waits for it. */
export interface Waiting {
  readonly operation: number;
  readonly events: Uint8Array;
  readonly count: number;
  readonly cause: Uint8Array | undefined;
  readonly admit: Admit | undefined;
  /** When an order says that it came, in nanoseconds; undefined where the machine's clock says so. */
  readonly time?: bigint | undefined;
  /** Told at once when it is in the books, before anything behind it is. */
  readonly logged?: ((answer: BatchAnswer) => void) | undefined;
  readonly done: (answer: BatchAnswer) => void;
  readonly refuse: (error: Error) => void;
}

/** Asks whether a batch may be applied, and refuses it otherwise. */
export function isAdmitted({ admit, refuse }: Waiting, state: LedgerState): boolean {
  try {
    admit?.(state);
    return true;
  } catch (error) {
    refuse(error instanceof Error ? error : new Error(String(error)));
    return false;
  }
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

/** Tells one or the other when a group is safe. */
export const either =
  (done: () => void, refuse: (error: Error) => void) =>
  (failure?: Error): void => {
    if (failure === undefined) done();
    else refuse(failure);
  };

export const emptyGroup = (pages: number): Group => ({
  buffer: alignedMemory(pages * PAGE_BYTES),
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
