import type { Books } from './books.ts';

/** What books keep in memory of their transfers. */
export interface LedgerMemory {
  /** Events with their whole records, those included that there is room for. */
  readonly events: number;
  /** Ids with the numbers of their events. */
  readonly ids: number;
  /** Ends of pending transfers that are waited for, some of which came before. */
  readonly ends: number;
  /** Runs that were written away. */
  readonly runs: number;
  /** Bytes that find what was written away, and say what became of it. */
  readonly bytesForOld: number;
  /** Places that the longest look-up of an id goes through. */
  readonly longestWay: number;
}

/** Counts, so that a test need not look at the heap. */
export function memoryOf({ accounts, events, expiries, ids, postings }: Books): LedgerMemory {
  const runs = [...ids.runs, ...postings.runs];
  return {
    events: events.inMemory,
    ids: ids.inMemory,
    ends: expiries.count,
    runs: runs.length,
    bytesForOld:
      events.statuses.bytesInMemory +
      events.index.notes.length * Float64Array.BYTES_PER_ELEMENT +
      runs.reduce((sum, run) => sum + run.bytesInMemory, 0),
    longestWay: Math.max(ids.longestWay, accounts.longestWay),
  };
}
