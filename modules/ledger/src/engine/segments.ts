import {
  closeSync,
  constants,
  existsSync,
  fdatasync,
  fstatSync,
  openSync,
  readSync,
} from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isPageAt, LogDamaged, PAGE_BYTES } from '@anarq/ledger-engine';
import { Archive, archivePath } from './archive.ts';
import { syncFolder } from '@anarq/store/folder';
import { isAligned, isInvalid, openDirect, writeAll, writeZeros } from './direct.ts';
import { numbersIn } from './folder.ts';

const syncData = promisify(fdatasync);

/** What is written without anybody waiting for an answer is written in pieces of this size. */
const PIECE_BYTES = 1 << 20;

const segmentPath = (folder: string, number: number): string =>
  join(folder, `log-${String(number).padStart(8, '0')}`);

/**
 * The log as files of one size. The next one is written full of zeros while the last one is in use: a
 * full disk is met before anything is promised, and a sync has no file to grow.
 */
export class Segments {
  readonly #folder: string;
  readonly #pages: number;
  readonly #open = new Map<number, number>();
  /** The same files for what goes past the cache of the system; undefined where that is no way. */
  readonly #direct = new Map<number, number | undefined>();
  readonly #archives = new Map<number, Archive>();
  /** The number after the last segment that there is. */
  #end: number;
  /** The first segment that may not be packed. */
  #archivedTo = 0;
  #preparing: Promise<void> | undefined;
  /** The last segment that was begun before anybody needed it. */
  #ahead = -1;

  /** @param pages of a segment */
  constructor(folder: string, pages: number) {
    this.#folder = folder;
    this.#pages = pages;
    const raw = numbersIn(folder, 'log-', '');
    const archived = numbersIn(folder, 'log-', '.zst');
    this.#end = Math.max(-1, ...raw, ...archived) + 1;
    for (let number = 0; number < this.#end; number++)
      if (!raw.includes(number) && !archived.includes(number))
        throw new Error(
          `the ledger's log has no segment ${number}: ${segmentPath(folder, number)}`,
        );
  }

  /** Takes in what another one did since: segments that it made, and those that it packed. */
  refresh(): void {
    const before = this.#end;
    while (
      existsSync(segmentPath(this.#folder, this.#end)) ||
      existsSync(archivePath(this.#folder, this.#end))
    )
      this.#end++;
    if (this.#end === before) return;
    // A file that is held open takes its room on the disk although it was deleted.
    for (const number of this.#open.keys())
      if (!existsSync(segmentPath(this.#folder, number))) this.#letGo(number);
  }

  /** Pages that there is room for. */
  get end(): number {
    return this.#end * this.#pages;
  }

  /** A page, as it lies on the disk; undefined beyond the last segment. */
  read(page: number): Buffer | undefined {
    const number = Math.floor(page / this.#pages);
    if (number >= this.#end) return undefined;
    const at = (page % this.#pages) * PAGE_BYTES;
    const archive = this.#archiveOf(number);
    if (archive !== undefined) return archive.read(at, PAGE_BYTES);
    const into = Buffer.allocUnsafe(PAGE_BYTES);
    const count = readSync(this.#fileOf(number), into, 0, PAGE_BYTES, at);
    return count === PAGE_BYTES ? into : undefined;
  }

  /**
   * Makes room up to a page.
   * @throws Error (ENOSPC) where the disk is full; what was there stays as it is
   */
  async reserve(page: number): Promise<void> {
    while (this.end < page) await this.prepare();
  }

  /** Writes one more segment of zeros; one at a time. */
  prepare(): Promise<void> {
    this.#preparing ??= this.#writeZeros().finally(() => {
      this.#preparing = undefined;
    });
    return this.#preparing;
  }

  /**
   * Whether there is room for all pages before this one. The next segment is begun when half of the last
   * one is left, but tried only once: a full disk hurts nobody before the room is needed.
   */
  hasRoomBefore(page: number): boolean {
    if (this.#ahead !== this.#end && page + this.#pages / 2 > this.end) {
      this.#ahead = this.#end;
      this.prepare().catch(() => undefined);
    }
    return page <= this.end;
  }

  /** Writes bytes from a page on, and waits until they are safe. */
  async write(page: number, bytes: Buffer): Promise<void> {
    let done = 0;
    while (done < bytes.byteLength) {
      const at = page + done / PAGE_BYTES;
      const number = Math.floor(at / this.#pages);
      const from = (at % this.#pages) * PAGE_BYTES;
      const length = Math.min(bytes.byteLength - done, this.#pages * PAGE_BYTES - from);
      await this.#writePiece(number, bytes.subarray(done, done + length), from);
      done += length;
    }
  }

  /** Bytes of one segment. A sync of the file that wrote them is what makes them safe. */
  async #writePiece(number: number, bytes: Buffer, from: number): Promise<void> {
    const file = this.#fileOf(number);
    const direct = isAligned(bytes) ? this.#directOf(number) : undefined;
    if (direct !== undefined)
      try {
        await writeAll(direct, bytes, from);
        await syncData(direct);
        return;
      } catch (error) {
        if (!isInvalid(error)) throw error;
        // A file system that opens it so, and then asks for another alignment.
        this.#letGoDirect(number);
      }
    await writeAll(file, bytes, from);
    await syncData(file);
  }

  #directOf(number: number): number | undefined {
    if (!this.#direct.has(number))
      this.#direct.set(number, openDirect(segmentPath(this.#folder, number), constants.O_WRONLY));
    return this.#direct.get(number);
  }

  #letGoDirect(number: number): void {
    const file = this.#direct.get(number);
    if (file !== undefined) closeSync(file);
    this.#direct.set(number, undefined);
  }

  /**
   * Makes safe what a recovery read. A process that was killed may have left it in memory only; after a
   * failed sync another one would not bring it to the disk, so it is written again.
   * @param from all pages before this one are known to be safe
   */
  async makeSafe(from: number, to: number): Promise<void> {
    await syncFolder(this.#folder);
    for (let page = from; page < to;) {
      const pages: Buffer[] = [];
      while (page + pages.length < to && pages.length * PAGE_BYTES < PIECE_BYTES)
        pages.push(this.read(page + pages.length) ?? Buffer.alloc(PAGE_BYTES));
      await this.write(page, Buffer.concat(pages));
      page += pages.length;
    }
  }

  /** Puts zeros wherever a page after the end of the log is not empty, and waits until that is safe. */
  async clearFrom(page: number): Promise<void> {
    const zeros = Buffer.alloc(PAGE_BYTES);
    for (let at = page; at < this.end; at++) {
      const found = this.read(at);
      if (found === undefined || found.equals(zeros)) continue;
      await this.write(at, zeros);
    }
  }

  /** Packs the segments that end before a page, none of which is written again. */
  async archiveBefore(page: number): Promise<void> {
    for (; (this.#archivedTo + 1) * this.#pages <= page; this.#archivedTo++)
      await this.#archive(this.#archivedTo);
  }

  async #archive(number: number): Promise<void> {
    if (this.#archiveOf(number) !== undefined) return;
    await Archive.pack(segmentPath(this.#folder, number), archivePath(this.#folder, number));
    await syncFolder(this.#folder);
    this.#letGo(number);
    await Archive.removeRaw(segmentPath(this.#folder, number));
  }

  #letGo(number: number): void {
    const file = this.#open.get(number);
    if (file !== undefined) closeSync(file);
    this.#open.delete(number);
    this.#letGoDirect(number);
    this.#direct.delete(number);
  }

  close(): void {
    for (const file of [...this.#open.values(), ...this.#direct.values()])
      if (file !== undefined) closeSync(file);
    this.#open.clear();
    this.#direct.clear();
    for (const archive of this.#archives.values()) archive.close();
    this.#archives.clear();
  }

  /** Waits for a segment that is being written. */
  async settle(): Promise<void> {
    await this.#preparing?.catch(() => undefined);
  }

  #archiveOf(number: number): Archive | undefined {
    const known = this.#archives.get(number);
    if (known !== undefined || this.#open.has(number)) return known;
    // Where a crash came between packing and deleting, both are there and say the same.
    if (this.#isRaw(number)) return undefined;
    const archive = new Archive(archivePath(this.#folder, number));
    this.#archives.set(number, archive);
    return archive;
  }

  /** Opens a segment where it is not packed; another one may pack it at any moment. */
  #isRaw(number: number): boolean {
    try {
      this.#fileOf(number);
      return true;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
      throw error;
    }
  }

  #fileOf(number: number): number {
    let file = this.#open.get(number);
    if (file === undefined) {
      file = openSync(segmentPath(this.#folder, number), 'r+');
      const { size } = fstatSync(file);
      if (size !== this.#pages * PAGE_BYTES) {
        closeSync(file);
        throw new Error(
          `${segmentPath(this.#folder, number)} has ${size} bytes, not ${this.#pages * PAGE_BYTES}`,
        );
      }
      this.#open.set(number, file);
    }
    return file;
  }

  async #writeZeros(): Promise<void> {
    const path = segmentPath(this.#folder, this.#end);
    try {
      await writeZeros(`${path}.half`, this.#pages * PAGE_BYTES);
    } catch (error) {
      // On a full disk, what it has so far is room that an index or a snapshot would have.
      await rm(`${path}.half`, { force: true });
      throw error;
    }
    await rename(`${path}.half`, path);
    await syncFolder(this.#folder);
    this.#end++;
  }
}

/** A page of a ledger's log on the disk. @throws LogDamaged where it is not that page */
export function keptPage(segments: Segments, page: number, ledger: Uint8Array): Uint8Array {
  const kept = segments.read(page);
  if (kept === undefined || !isPageAt(kept, page, ledger))
    throw new LogDamaged(page, `page ${page} of the log is damaged`);
  return kept;
}
