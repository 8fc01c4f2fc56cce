import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { RECORD_BYTES } from '../layout.ts';
import { Page, PAGE_BYTES, PAGE_IS_LAST, PAGE_MAGIC, PAGE_RECORDS } from './pageLayout.ts';

/** Where a log stands: what the next page carries on from. */
export interface LogPosition {
  /** Number of the next page. */
  page: number;
  /** Number of the next batch. */
  batch: number;
  /** All pages below this number are safe on the disk. */
  safe: number;
  /** SHA-256 of the last page; zeros where there is none. */
  readonly previous: Uint8Array;
}

/** The position of an empty log. */
export const logStart = (): LogPosition => ({
  page: 0,
  batch: 0,
  safe: 0,
  previous: new Uint8Array(32),
});

/** A batch as it is logged: after it was applied. */
export interface LoggedBatch {
  /** One of LogOperation. */
  readonly operation: number;
  /** Records of 128 bytes in the form in which they are stored. */
  readonly events: Uint8Array;
  readonly count: number;
  /** Time of the last event, in nanoseconds. */
  readonly timestamp: bigint;
  /** One number an event; 0 where it succeeded. */
  readonly results: Uint32Array;
  /** Ordinal of the first event; of the next one where these have none. */
  readonly ordinal: number;
  /** Digest of the call that brought it, 32 bytes; none where it came from no call. */
  readonly cause?: Uint8Array | undefined;
}

/** How many pages a batch of so many events takes. */
export const pagesOf = (events: number): number => Math.ceil(events / PAGE_RECORDS);

/** Writes batches into pages, one after another. */
export class PageWriter {
  readonly position: LogPosition;
  readonly #ledger: Uint8Array;

  /** @param ledger which ledger it is, 16 bytes */
  constructor(ledger: Uint8Array, position: LogPosition) {
    this.#ledger = ledger;
    this.position = position;
  }

  /**
   * Writes the pages of a batch into a buffer, and moves the position on.
   * @returns how many bytes they take
   */
  write(batch: LoggedBatch, into: Buffer, at: number): number {
    const pages = pagesOf(batch.count);
    for (let index = 0; index < pages; index++)
      this.#writePage(batch, into, at + index * PAGE_BYTES, index, index === pages - 1);
    this.position.batch++;
    return pages * PAGE_BYTES;
  }

  #writePage(batch: LoggedBatch, into: Buffer, at: number, index: number, isLast: boolean): void {
    const { events, results, ordinal, operation } = batch;
    const { position } = this;
    const from = index * PAGE_RECORDS;
    const count = Math.min(PAGE_RECORDS, batch.count - from);
    into.writeUInt32LE(PAGE_MAGIC, at + Page.MAGIC);
    into[at + Page.OPERATION] = operation;
    into[at + Page.FLAGS] = isLast ? PAGE_IS_LAST : 0;
    into.writeUInt16LE(count, at + Page.COUNT);
    writeSafe(into, at + Page.NUMBER, position.page);
    writeSafe(into, at + Page.BATCH, position.batch);
    into.writeBigUInt64LE(batch.timestamp, at + Page.TIMESTAMP);
    writeSafe(into, at + Page.ORDINAL, hasOrdinals(operation) ? ordinal + from : ordinal);
    into.writeUInt32LE(batch.count, at + Page.BATCH_COUNT);
    into.writeUInt32LE(index, at + Page.INDEX);
    into.set(position.previous, at + Page.PREVIOUS);
    if (batch.cause === undefined) into.fill(0, at + Page.CAUSE, at + Page.LEDGER);
    else into.set(batch.cause, at + Page.CAUSE);
    into.set(this.#ledger, at + Page.LEDGER);
    into.writeUInt32LE(position.safe, at + Page.SAFE);
    const start = from * RECORD_BYTES;
    into.set(events.subarray(start, start + count * RECORD_BYTES), at + Page.RECORDS);
    writeResults(into, at + Page.RESULTS, results, from, count);
    // A buffer is used again and again: what an earlier page left must not follow a short one.
    if (count < PAGE_RECORDS) {
      into.fill(0, at + Page.RECORDS + count * RECORD_BYTES, at + Page.RESULTS);
      into.fill(0, at + Page.RESULTS + count * 4, at + Page.CHECKSUM);
    }
    into.writeUInt32LE(crc32(into.subarray(at, at + Page.CHECKSUM)), at + Page.CHECKSUM);
    // The digest as characters of a byte each: that is less work for Node than a Buffer for each page.
    const digest = hash('sha256', into.subarray(at, at + PAGE_BYTES), 'latin1');
    for (let byte = 0; byte < digest.length; byte++)
      position.previous[byte] = digest.charCodeAt(byte);
    position.page++;
  }
}

/** Nearly always all of them are 0. */
function writeResults(
  into: Buffer,
  at: number,
  results: Uint32Array,
  from: number,
  count: number,
): void {
  let some = 0;
  for (let record = from; record < from + count; record++) some |= results[record]!;
  if (some === 0) into.fill(0, at, at + count * 4);
  else
    for (let record = 0; record < count; record++)
      into.writeUInt32LE(results[from + record]!, at + record * 4);
}

/** SHA-256 of a page: what the next one carries. */
export const digestOfPage = (page: Uint8Array): Uint8Array => hash('sha256', page, 'buffer');

/** What a page says about itself. */
export interface PageHeader {
  readonly operation: number;
  readonly isLast: boolean;
  readonly count: number;
  readonly number: number;
  readonly batch: number;
  readonly timestamp: bigint;
  readonly ordinal: number;
  readonly batchCount: number;
  readonly index: number;
}

/** Reads the header of a page whose checksum was seen to be right. */
export function readHeader(page: Buffer): PageHeader {
  return {
    operation: page.readUInt8(Page.OPERATION),
    isLast: (page.readUInt8(Page.FLAGS) & PAGE_IS_LAST) !== 0,
    count: page.readUInt16LE(Page.COUNT),
    number: Number(page.readBigUInt64LE(Page.NUMBER)),
    batch: Number(page.readBigUInt64LE(Page.BATCH)),
    timestamp: page.readBigUInt64LE(Page.TIMESTAMP),
    ordinal: Number(page.readBigUInt64LE(Page.ORDINAL)),
    batchCount: page.readUInt32LE(Page.BATCH_COUNT),
    index: page.readUInt32LE(Page.INDEX),
  };
}

/** Whether bytes are a whole page: its mark and its checksum are right. */
export const isWholePage = (page: Buffer): boolean =>
  page.byteLength === PAGE_BYTES &&
  page.readUInt32LE(Page.MAGIC) === PAGE_MAGIC &&
  page.readUInt32LE(Page.CHECKSUM) === crc32(page.subarray(0, Page.CHECKSUM));

/** Whether a page says that it is the one with this number, and of this ledger. */
export const isPageAt = (page: Buffer, number: number, ledger: Uint8Array): boolean =>
  Number(page.readBigUInt64LE(Page.NUMBER)) === number &&
  page.subarray(Page.LEDGER, Page.SAFE).equals(ledger);

/** Whether a page follows another: its number, the digest it carries, and whose ledger it is. */
export const follows = (page: Buffer, position: LogPosition, ledger: Uint8Array): boolean =>
  Number(page.readBigUInt64LE(Page.NUMBER)) === position.page &&
  page.subarray(Page.PREVIOUS, Page.CAUSE).equals(position.previous) &&
  page.subarray(Page.LEDGER, Page.SAFE).equals(ledger);

/** Accounts have no ordinals. */
const hasOrdinals = (operation: number): boolean => operation !== 1;

/** A safe integer as 64 bits. */
function writeSafe(into: Buffer, at: number, value: number): void {
  into.writeUInt32LE(value >>> 0, at);
  into.writeUInt32LE(Math.floor(value / 2 ** 32), at + 4);
}
