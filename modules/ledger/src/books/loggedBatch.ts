import { Page, PAGE_RECORDS, pagesOf, readHeader, RECORD_BYTES } from '@anarq/ledger-engine';
import type { BatchAnswer } from '../engine/group.ts';
import { answerAt } from '../engine/loggedAnswer.ts';

/** A batch that is in the log: its records as they are stored, and what they were answered. */
export interface LoggedBatch extends BatchAnswer {
  readonly records: Uint8Array;
}

/**
 * Looks through the log for the batch that a call brought.
 * @param from a page at which a batch begins
 * @param end the page at which the log ends
 */
export function batchOf(
  cause: Uint8Array,
  from: number,
  end: number,
  read: (page: number) => Uint8Array,
): LoggedBatch | undefined {
  for (let page = from; page < end;) {
    const bytes = bufferOf(read(page));
    const { batchCount, index } = readHeader(bytes);
    const first = page - index;
    if (bytes.subarray(Page.CAUSE, Page.LEDGER).equals(cause))
      return { ...answerAt(first, read), records: recordsAt(first, batchCount, read) };
    page = first + pagesOf(batchCount);
  }
  return undefined;
}

function recordsAt(first: number, count: number, read: (page: number) => Uint8Array): Uint8Array {
  const records = new Uint8Array(count * RECORD_BYTES);
  for (let done = 0, page = first; done < count; done += PAGE_RECORDS, page++) {
    const here = Math.min(PAGE_RECORDS, count - done) * RECORD_BYTES;
    const from = bufferOf(read(page)).subarray(Page.RECORDS, Page.RECORDS + here);
    records.set(from, done * RECORD_BYTES);
  }
  return records;
}

const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);
