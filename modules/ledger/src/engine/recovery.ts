import {
  LedgerState,
  LogDamaged,
  LogOperation,
  logStart,
  readBatches,
  RunDamaged,
  type LedgerOptions,
  type LoggedBatch,
  type LogPosition,
} from '@anarq/ledger-engine';
import { readMark } from './mark.ts';
import type { Segments } from './segments.ts';
import { dropSnapshots, readSnapshot, snapshotPages } from './snapshots.ts';

/** The books as the log has them. */
export interface Recovered {
  readonly state: LedgerState;
  readonly position: LogPosition;
  /** Page at which the snapshot stands that they were made from; 0 where there was none. */
  readonly snapshotPage: number;
  /** Batches that came after the snapshot. */
  readonly replayed: number;
}

/**
 * Makes the books from the newest snapshot that is whole and the log after it. Every batch must come
 * out as it did the first time.
 * @throws LogDamaged where something is not there any more that was acknowledged
 */
export function recover(
  folder: string,
  segments: Segments,
  ledger: Uint8Array,
  options: LedgerOptions & { readonly pagesMin?: number | undefined },
): Recovered {
  try {
    return replay(folder, segments, ledger, options);
  } catch (error) {
    if (!(error instanceof RunDamaged)) throw error;
    // The snapshots name that index: without them it is made again.
    dropSnapshots(folder);
    return replay(folder, segments, ledger, options);
  }
}

function replay(
  folder: string,
  segments: Segments,
  ledger: Uint8Array,
  options: LedgerOptions & { readonly pagesMin?: number | undefined },
): Recovered {
  const { state, position } = startOf(folder, options);
  let replayed = 0;
  let { page } = position;
  const snapshotPage = page;
  for (const batch of readBatches(segments, ledger, position)) {
    applyLogged(state, batch, page);
    ({ page } = position);
    replayed++;
  }
  const mark = Math.max(readMark(folder), options.pagesMin ?? 0);
  if (position.page < mark)
    throw new LogDamaged(
      position.page,
      `page ${position.page} of the log is damaged: it had reached page ${mark}`,
    );
  return { state, position, replayed, snapshotPage };
}

function startOf(
  folder: string,
  options: LedgerOptions,
): { state: LedgerState; position: LogPosition } {
  for (const page of snapshotPages(folder)) {
    const snapshot = readSnapshot(folder, page);
    if (snapshot === undefined) continue;
    return {
      state: LedgerState.restore(snapshot.books, options),
      position: snapshot.position,
    };
  }
  return { state: new LedgerState(options), position: logStart() };
}

/**
 * Applies a batch of the log.
 * @throws LogDamaged where it comes out otherwise than logged
 */
export function applyLogged(state: LedgerState, batch: LoggedBatch, page: number): void {
  const { operation, events, count, timestamp } = batch;
  const again = events.slice();
  const results = new Uint32Array(count);
  if (operation === LogOperation.ACCOUNTS) state.createAccounts(again, count, timestamp, results);
  else if (operation === LogOperation.TRANSFERS)
    state.createTransfers(again, count, timestamp, results, page);
  else state.expirePending(again, timestamp, page);
  const isSame =
    Buffer.from(again.buffer).equals(events) &&
    results.every((result, index) => result === batch.results[index]);
  if (!isSame)
    throw new LogDamaged(
      page,
      `the batch in page ${page} of the log comes out otherwise than logged`,
    );
}
