import { LogOperation } from '../../log/pageLayout.ts';
import { logStart, type LoggedBatch, type LogPosition } from '../../log/pages.ts';
import { LogDamaged, readBatches, type LogSource } from '../../log/recovery.ts';
import { LedgerState, type LedgerOptions } from '../../state.ts';
import { tornBatchAt, type PlantedBug } from './bugs.ts';

/** Books, and where in the log they stand. */
export interface BooksAt {
  readonly state: LedgerState;
  readonly position: LogPosition;
}

/** Empty books, before the first page. */
export const emptyBooks = (options: LedgerOptions): BooksAt => ({
  state: new LedgerState(options),
  position: logStart(),
});

/**
 * Runs what the log holds from a position on. Every batch must come out as it did the first time.
 * @returns the books at the end of the log
 * @throws LogDamaged
 */
export function replay(
  { state, position }: BooksAt,
  source: LogSource,
  ledger: Uint8Array,
  bug?: PlantedBug,
): BooksAt {
  let left =
    bug === 'endsTooEarly' ? batchesFrom(source, ledger, position) - 1 : Number.MAX_SAFE_INTEGER;
  let end = copyOf(position);
  for (const batch of readBatches(source, ledger, position)) {
    if (left-- <= 0) break;
    apply(state, batch, end.page, bug);
    end = copyOf(position);
  }
  if (bug === 'acceptsTornBatch') {
    const { page } = end;
    const torn = tornBatchAt(source, ledger, end);
    if (torn !== undefined) apply(state, torn, page, bug);
  }
  return { state, position: end };
}

function apply(
  state: LedgerState,
  { operation, events, count, timestamp, results }: LoggedBatch,
  page: number,
  bug: PlantedBug | undefined,
): void {
  const again = events.slice();
  const codes = new Uint32Array(count);
  if (operation === LogOperation.ACCOUNTS) state.createAccounts(again, count, timestamp, codes);
  else if (operation === LogOperation.TRANSFERS)
    state.createTransfers(again, count, timestamp, codes, page);
  else if (bug !== 'forgetsExpiries') state.expirePending(again, timestamp, page);
  if (!Buffer.from(again.buffer).equals(events) || codes.some((code, at) => code !== results[at]))
    throw new LogDamaged(page, `the batch in page ${page} comes out otherwise than logged`);
}

const copyOf = (position: LogPosition): LogPosition => ({
  ...position,
  previous: position.previous.slice(),
});

function batchesFrom(source: LogSource, ledger: Uint8Array, position: LogPosition): number {
  return [...readBatches(source, ledger, copyOf(position))].length;
}
