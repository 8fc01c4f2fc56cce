import { PAGE_BYTES } from './log/pageLayout.ts';
import { pagesOf, PageWriter, type LoggedBatch } from './log/pages.ts';
import type { PageReader } from './ports.ts';

const NO_LEDGER = new Uint8Array(16);

/**
 * The log of books that go on otherwise than they did: up to a page it is that of the books which they
 * were copied from, and from there on it lies in memory.
 */
export class ForkLog implements PageReader {
  readonly #before: PageReader | undefined;
  readonly #first: number;
  readonly #pages: Uint8Array[] = [];
  readonly #writer: PageWriter;

  /** @param first the page at which the copy was made */
  constructor(before: PageReader | undefined, first: number) {
    this.#before = before;
    this.#first = first;
    const position = { page: first, batch: 0, safe: first, previous: new Uint8Array(32) };
    this.#writer = new PageWriter(NO_LEDGER, position);
  }

  /** The page in which the next batch begins. */
  get page(): number {
    return this.#writer.position.page;
  }

  write(batch: LoggedBatch): void {
    const bytes = Buffer.alloc(pagesOf(batch.count) * PAGE_BYTES);
    this.#writer.write(batch, bytes, 0);
    for (let at = 0; at < bytes.byteLength; at += PAGE_BYTES)
      this.#pages.push(bytes.subarray(at, at + PAGE_BYTES));
  }

  read(page: number): Uint8Array {
    const own = this.#pages[page - this.#first];
    if (own !== undefined) return own;
    if (this.#before === undefined) throw new Error('these books have no log to read from');
    return this.#before.read(page);
  }
}
