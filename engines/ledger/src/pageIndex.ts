import { LogOperation, Page, PAGE_RECORDS } from './log/pageLayout.ts';
import { isWholePage } from './log/pages.ts';
import { LogDamaged } from './log/recovery.ts';
import type { PageReader } from './ports.ts';

/** Pages between two that are kept in memory. */
const SPARSE_PAGES = 256;

/**
 * Where in the log an event lies. Every 256th page is noted with the ordinal it begins with; between
 * them the pages' own headers say it.
 */
export class PageIndex {
  /** Pairs of an ordinal and the page that begins with it. */
  readonly notes: number[] = [];
  #end = 0;
  /** Ordinal of the first event of the last batch. */
  #endOrdinal = 0;
  readonly #pages: PageReader | undefined;
  #page: DataView = new DataView(new ArrayBuffer(0));
  #pageNumber = -1;
  /** Whether its checksum was seen to be right. */
  #isSeenWhole = false;

  constructor(pages: PageReader | undefined) {
    this.#pages = pages;
  }

  /** The first page of the last batch: those before it were written. */
  get end(): number {
    return this.#end;
  }

  /** The ordinal that it begins with. */
  get endOrdinal(): number {
    return this.#endOrdinal;
  }

  /** Takes in that a batch, whose first event has this ordinal, begins at a page. */
  note(ordinal: number, firstPage: number): void {
    const last = this.notes.at(-1);
    if (last === undefined || firstPage - last >= SPARSE_PAGES) this.notes.push(ordinal, firstPage);
    this.#end = firstPage;
    this.#endOrdinal = ordinal;
  }

  /** Takes back notes of a snapshot. */
  restore(notes: readonly number[], end: number, endOrdinal: number): void {
    for (const note of notes) this.notes.push(note);
    this.#end = end;
    this.#endOrdinal = endOrdinal;
  }

  /** The page of an event that was logged, and which of its records it is. */
  placeOf(ordinal: number): { readonly page: number; readonly slot: number } {
    const late = ordinal - this.#endOrdinal;
    if (late >= 0)
      return { page: this.#end + Math.floor(late / PAGE_RECORDS), slot: late % PAGE_RECORDS };
    const first = Number(this.pageOf(ordinal).getBigUint64(Page.ORDINAL, true));
    return { page: this.#pageNumber, slot: ordinal - first };
  }

  /**
   * The page in which an event lies, as bytes.
   * @throws LogDamaged where it does not say so, or is not what was written
   * @throws Error where there is no log to read it from
   */
  pageOf(ordinal: number): DataView {
    // Events that are asked for one after another often lie in one page.
    if (this.#pageNumber >= 0 && has(this.#page, ordinal) && this.#isWhole()) return this.#page;
    let low = 0;
    let high = this.notes.length / 2;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.notes[middle * 2]! <= ordinal) low = middle + 1;
      else high = middle;
    }
    let from = this.notes[low * 2 - 1] ?? 0;
    let to = low * 2 < this.notes.length ? this.notes[low * 2 + 1]! : this.#end;
    // The last page that begins at this ordinal or before it; one of accounts begins with the next.
    while (to - from > 1) {
      const middle = (from + to) >>> 1;
      if (Number(this.#read(middle).getBigUint64(Page.ORDINAL, true)) <= ordinal) from = middle;
      else to = middle;
    }
    const page = this.#read(from);
    // The pages on the way here need no such look: a wrong turn ends where the event is not.
    if (!has(page, ordinal) || !this.#isWhole())
      throw new LogDamaged(
        from,
        `page ${from} of the log is damaged: event ${ordinal} is not there`,
      );
    return page;
  }

  /** Whether the page that was read last is what was written. */
  #isWhole(): boolean {
    this.#isSeenWhole ||= isWholePage(Buffer.from(this.#page.buffer));
    return this.#isSeenWhole;
  }

  #read(number: number): DataView {
    if (number === this.#pageNumber) return this.#page;
    if (this.#pages === undefined) throw new Error('these books have no log to read from');
    // A copy: a Buffer's own slice would be none.
    const bytes = new Uint8Array(this.#pages.read(number));
    this.#page = new DataView(bytes.buffer);
    this.#pageNumber = number;
    this.#isSeenWhole = false;
    return this.#page;
  }
}

/** Whether a page has the record of an event. */
function has(page: DataView, ordinal: number): boolean {
  const first = Number(page.getBigUint64(Page.ORDINAL, true));
  return (
    page.getUint8(Page.OPERATION) !== LogOperation.ACCOUNTS &&
    ordinal >= first &&
    ordinal < first + page.getUint16(Page.COUNT, true)
  );
}
