import type { LoggedBatch, LogPosition, PageHeader } from './pages.ts';
import { digestOfPage, follows, isWholePage, readHeader } from './pages.ts';
import { LogOperation, Page, PAGE_RECORDS } from './pageLayout.ts';
import { BATCH_EVENTS_MAX, RECORD_BYTES } from '../layout.ts';

/** Where a log's pages are read from. */
export interface LogSource {
  /** The page with a number, or undefined where nothing was ever written there. */
  read(page: number): Buffer | undefined;
  /** Pages that there is room for: none at this number or after it was ever written. */
  readonly end: number;
}

/** A log that lost something that it had acknowledged, or that somebody changed. */
export class LogDamaged extends Error {
  override readonly name = 'LogDamaged';
  /** The number of the page that is not what it was. */
  readonly page: number;

  constructor(page: number, message: string) {
    super(message);
    this.page = page;
  }
}

/**
 * Reads the batches of a log from a position on. It ends at the first batch that is not whole: the last
 * write before a crash, which nobody was told about. A page that is not whole although
 * later ones are is no such end, but damage.
 * @param position where to begin; it is moved on past each batch that is given. What it calls safe is
 * what the last page calls so: those from there on were read, but perhaps out of memory
 * @throws LogDamaged
 */
export function* readBatches(
  source: LogSource,
  ledger: Uint8Array,
  position: LogPosition,
): Generator<LoggedBatch> {
  for (;;) {
    const batch = batchAt(source, ledger, position);
    if (batch === undefined) {
      refuseLaterPages(source, ledger, position);
      return;
    }
    yield batch;
  }
}

/** The next batch where all its pages are whole and in order. Moves the position past it then. */
function batchAt(
  source: LogSource,
  ledger: Uint8Array,
  position: LogPosition,
): LoggedBatch | undefined {
  const next = { ...position, previous: position.previous.slice() };
  const first = pageAt(source, ledger, next);
  if (first === undefined) return undefined;
  const head = readHeader(first);
  if (head.index !== 0 || head.batch !== position.batch || !isSane(head)) return undefined;
  const events = new Uint8Array(head.batchCount * RECORD_BYTES);
  const results = new Uint32Array(head.batchCount);
  let page: Buffer | undefined = first;
  for (let index = 0; ; index++) {
    if (page === undefined) return undefined;
    const header = readHeader(page);
    if (!belongs(header, head, index)) return undefined;
    take(page, header.count, index * PAGE_RECORDS, events, results);
    next.previous.set(digestOfPage(page));
    next.safe = Math.max(next.safe, page.readUInt32LE(Page.SAFE));
    next.page++;
    if (header.isLast) break;
    page = pageAt(source, ledger, next);
  }
  position.page = next.page;
  position.batch++;
  position.safe = next.safe;
  position.previous.set(next.previous);
  const { operation, batchCount: count, timestamp, ordinal } = head;
  const cause = first.subarray(Page.CAUSE, Page.LEDGER);
  return {
    operation,
    events,
    count,
    timestamp,
    results,
    ordinal,
    cause: cause.every((byte) => byte === 0) ? undefined : new Uint8Array(cause),
  };
}

function pageAt(source: LogSource, ledger: Uint8Array, position: LogPosition): Buffer | undefined {
  if (position.page >= source.end) return undefined;
  const page = source.read(position.page);
  if (page === undefined || !isWholePage(page) || !follows(page, position, ledger))
    return undefined;
  return page;
}

const isSane = ({ operation, batchCount }: PageHeader): boolean =>
  batchCount >= 1 &&
  batchCount <= BATCH_EVENTS_MAX &&
  Object.values(LogOperation).some((known) => known === operation);

/** Whether a page is the one with this index in the batch of the first. */
function belongs(page: PageHeader, first: PageHeader, index: number): boolean {
  const rest = first.batchCount - index * PAGE_RECORDS;
  return (
    page.batch === first.batch &&
    page.index === index &&
    page.operation === first.operation &&
    page.timestamp === first.timestamp &&
    page.batchCount === first.batchCount &&
    page.count === Math.min(PAGE_RECORDS, rest) &&
    page.isLast === rest <= PAGE_RECORDS
  );
}

function take(
  page: Buffer,
  count: number,
  from: number,
  events: Uint8Array,
  results: Uint32Array,
): void {
  const records = page.subarray(Page.RECORDS, Page.RECORDS + count * RECORD_BYTES);
  events.set(records, from * RECORD_BYTES);
  for (let record = 0; record < count; record++)
    results[from + record] = page.readUInt32LE(Page.RESULTS + record * 4);
}

/**
 * Looks at what lies behind the end. One write left half done may have left pages there in any order, each
 * in its own place, and knowing nothing of the end as safe. Everything else was put there by
 * something else, or is what comes after damage.
 */
function refuseLaterPages(source: LogSource, ledger: Uint8Array, position: LogPosition): void {
  for (let number = position.page; number < source.end; number++) {
    const page = source.read(number);
    if (page === undefined || !isWholePage(page)) continue;
    const isInPlace =
      Number(page.readBigUInt64LE(Page.NUMBER)) === number &&
      page.subarray(Page.LEDGER, Page.SAFE).equals(ledger);
    if (!isInPlace)
      throw new LogDamaged(
        position.page,
        `page ${position.page} of the log is damaged: page ${number} is of another place, or another ledger`,
      );
    if (page.readUInt32LE(Page.SAFE) > position.page)
      throw new LogDamaged(
        position.page,
        `page ${position.page} of the log is damaged: page ${number} was written after it was safe`,
      );
  }
}
