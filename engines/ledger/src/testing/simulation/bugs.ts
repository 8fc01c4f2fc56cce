import { crc32 } from 'node:zlib';
import { RECORD_BYTES } from '../../layout.ts';
import { Page, PAGE_BYTES } from '../../log/pageLayout.ts';
import {
  digestOfPage,
  follows,
  isWholePage,
  readHeader,
  type LoggedBatch,
  type LogPosition,
} from '../../log/pages.ts';
import type { LogSource } from '../../log/recovery.ts';

/**
 * Mistakes that a writer of the ledger could make. A simulation that does not find each of them soon
 * proves nothing about a writer in which it finds none.
 */
export const PLANTED_BUGS = [
  /** Answers when a batch was applied, before its group is safe. */
  'answersBeforeSync',
  /** Takes pages for whole whatever their checksums say. */
  'ignoresChecksums',
  /** Recovers the first pages of a batch whose last page is not there. */
  'acceptsTornBatch',
  /** Ends a recovery one batch too early. */
  'endsTooEarly',
  /** Leaves behind the recovered end what the crash left there. */
  'leavesTail',
  /** Does not run the ends of pending transfers again when it recovers. */
  'forgetsExpiries',
  /** Syncs again after a failed sync, and believes it. */
  'retriesFailedSync',
  /** Takes what a recovery read for safe, though it may lie in memory only. */
  'believesCache',
  /** Writes a snapshot before the log that it stands on is safe. */
  'hurriesSnapshot',
] as const;
export type PlantedBug = (typeof PLANTED_BUGS)[number];

/** `ignoresChecksums`: gives every page the checksum that would be right for it. */
export function withRightChecksum(page: Buffer): Buffer {
  const copy = Buffer.from(page);
  copy.writeUInt32LE(crc32(copy.subarray(0, Page.CHECKSUM)), Page.CHECKSUM);
  return copy;
}

/** `acceptsTornBatch`: the whole pages at the end of a log, as if they were a batch. Moves past them. */
export function tornBatchAt(
  source: LogSource,
  ledger: Uint8Array,
  position: LogPosition,
): LoggedBatch | undefined {
  const records: Uint8Array[] = [];
  const results: number[] = [];
  let first: Buffer | undefined;
  for (;;) {
    const page = position.page < source.end ? source.read(position.page) : undefined;
    if (page === undefined || !isWholePage(page) || !follows(page, position, ledger)) break;
    const { count, batch } = readHeader(page);
    if (batch !== position.batch) break;
    first ??= page;
    records.push(page.subarray(Page.RECORDS, Page.RECORDS + count * RECORD_BYTES));
    for (let record = 0; record < count; record++)
      results.push(page.readUInt32LE(Page.RESULTS + record * 4));
    position.previous.set(digestOfPage(page.subarray(0, PAGE_BYTES)));
    position.page++;
  }
  if (first === undefined) return undefined;
  position.batch++;
  const { operation, ordinal, timestamp, batchCount } = readHeader(first);
  const count = results.length;
  return {
    operation,
    ordinal,
    // Events of a batch follow one another by a nanosecond: those that are there keep their times.
    timestamp: timestamp - BigInt(batchCount - count),
    events: new Uint8Array(Buffer.concat(records)),
    count,
    results: Uint32Array.from(results),
  };
}
