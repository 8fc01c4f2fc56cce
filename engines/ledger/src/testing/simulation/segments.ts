import { PAGE_BYTES } from '../../log/pageLayout.ts';
import type { PlantedBug } from './bugs.ts';
import { SyncFailed, type SimulatedDisk } from './disk.ts';

/** One step of work on the disk, between two of which the power may go. */
export type Work<R = void> = Generator<undefined, R, undefined>;

const EMPTY_PAGE = Buffer.alloc(PAGE_BYTES);

const nameOf = (number: number): string => `log-${String(number).padStart(8, '0')}`;

/** The log of a simulated writer: files of one size that are full of zeros before they are used. */
export class SimulatedSegments {
  readonly #disk: SimulatedDisk;
  readonly #pages: number;
  readonly #bug: PlantedBug | undefined;
  #count: number;

  /** @param pages of a segment */
  constructor(disk: SimulatedDisk, pages: number, bug: PlantedBug | undefined) {
    this.#disk = disk;
    this.#pages = pages;
    this.#bug = bug;
    this.#count = disk.names.filter((name) => /^log-\d+$/.test(name)).length;
  }

  /** Pages that there is room for. */
  get end(): number {
    return this.#count * this.#pages;
  }

  /** A page as it lies there; undefined beyond the last segment. */
  read(page: number): Buffer | undefined {
    if (page >= this.end) return undefined;
    const { name, at } = this.placeOf(page);
    return this.#disk.read(name, at, PAGE_BYTES);
  }

  /** The file in which a page lies, and where it begins there. */
  placeOf(page: number): { readonly name: string; readonly at: number } {
    const name = nameOf(Math.floor(page / this.#pages));
    return { name, at: (page % this.#pages) * PAGE_BYTES };
  }

  /** Makes one more segment. @throws DiskFull, and then nothing is changed */
  *prepare(): Work {
    const name = nameOf(this.#count);
    this.#disk.create(`${name}.half`, Buffer.alloc(this.#pages * PAGE_BYTES));
    yield;
    this.#disk.sync(`${name}.half`);
    yield;
    this.#disk.rename(`${name}.half`, name);
    yield;
    this.#disk.syncNames();
    this.#count++;
  }

  /** Writes pages, and ends when they are safe. */
  *write(page: number, bytes: Buffer): Work {
    for (let done = 0; done < bytes.byteLength;) {
      const { name, at } = this.placeOf(page + done / PAGE_BYTES);
      const length = Math.min(bytes.byteLength - done, this.#pages * PAGE_BYTES - at);
      this.#disk.write(name, at, bytes.subarray(done, done + length));
      yield;
      this.#sync(name);
      done += length;
      yield;
    }
  }

  /**
   * Makes safe what a recovery read: a process that was killed may have left it in memory only, and
   * after a failed sync another one would not bring it to the disk.
   * @param from all pages below this one are known to be safe
   */
  *makeSafe(from: number, to: number): Work {
    if (this.#bug === 'believesCache') return;
    this.#disk.syncNames();
    yield;
    const pages: Buffer[] = [];
    for (let page = from; page < to; page++) pages.push(this.read(page) ?? Buffer.alloc(0));
    yield* this.write(from, Buffer.concat(pages));
  }

  /** Puts zeros wherever a page from the end of the log on is not empty. */
  *clearFrom(page: number): Work {
    if (this.#bug === 'leavesTail') return;
    for (let at = page; at < this.end; at++)
      if (this.read(at)?.equals(EMPTY_PAGE) === false) yield* this.write(at, EMPTY_PAGE);
  }

  #sync(name: string): void {
    try {
      this.#disk.sync(name);
    } catch (error) {
      if (this.#bug !== 'retriesFailedSync' || !(error instanceof SyncFailed)) throw error;
      this.#disk.sync(name);
    }
  }
}
