import { Page, readHeader } from '@anarq/ledger-engine';
import type { BatchAnswer } from './group.ts';

/** What a batch was answered, and which call brought it, as its pages have it. */
export interface LoggedAnswer extends BatchAnswer {
  /** 32 bytes; zeros where no call brought it. */
  readonly cause: Uint8Array;
}

/** Reads the answer of the batch of which a page is one. */
export function answerAt(page: number, read: (page: number) => Uint8Array): LoggedAnswer {
  const bytesOf = (at: number): Buffer => {
    const { buffer, byteOffset, byteLength } = read(at);
    return Buffer.from(buffer, byteOffset, byteLength);
  };
  const first = page - readHeader(bytesOf(page)).index;
  const { batchCount, timestamp, ordinal } = readHeader(bytesOf(first));
  const results = new Uint32Array(batchCount);
  for (let at = first, done = 0; done < batchCount; at++) {
    const bytes = bytesOf(at);
    const { count } = readHeader(bytes);
    for (let record = 0; record < count; record++)
      results[done + record] = bytes.readUInt32LE(Page.RESULTS + record * 4);
    done += count;
  }
  const cause = new Uint8Array(bytesOf(first).subarray(Page.CAUSE, Page.LEDGER));
  return { results, timestamp, ordinal, page: first, cause };
}
