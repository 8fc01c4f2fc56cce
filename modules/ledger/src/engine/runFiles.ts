import { closeSync, existsSync, openSync, readSync, writeFileSync } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RunDamaged, type RunStore } from '@anarq/ledger-engine';
import { syncFolder } from '@anarq/store/folder';
import { isDiskFull } from './refusal.ts';
import { SpareMemory } from './spareMemory.ts';

/** Files that are kept open. */
const OPEN_MAX = 256;
/** Most files that are written behind whoever goes on; the next one is written at once. */
const BEHIND_MAX = 4;
/** Memory that is kept for the next ones: the indexes of ids and of accounts are written one after the other. */
const SPARE_BYTES_MAX = 16 << 20;
const FILE = { mode: 0o600 };

/**
 * Files that the engine's indexes are written into. They follow from the log, and are synced late. They
 * may be written behind whoever goes on: until such a file is there, it is read from memory.
 */
export class RunFiles implements RunStore {
  readonly #folder: string;
  readonly #open = new Map<string, number>();
  /** Files that are being written, or for which there was no room, and what is in them. */
  readonly #behind = new Map<string, Buffer>();
  readonly #spare = new SpareMemory(SPARE_BYTES_MAX);
  readonly #writing = new Map<string, Promise<void>>();
  /** Told of what is no full disk; undefined where nothing is written behind. */
  #onFailure: ((error: unknown) => void) | undefined;
  #unsynced: string[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** From now on files are written behind. @param onFailure is told where one could not be, on a disk with room */
  writeBehind(onFailure: (error: unknown) => void): void {
    this.#onFailure = onFailure;
  }

  /** @throws Error (ENOSPC) where there is no room for it, or was none for one before it */
  write(name: string, bytes: Uint8Array): void {
    this.#writeMissing();
    this.#forget(name);
    if (this.#onFailure === undefined || this.#behind.size >= BEHIND_MAX)
      writeFileSync(this.#pathOf(name), bytes, FILE);
    else this.#startWriting(name, bytes, this.#onFailure);
    this.#unsynced.push(name);
  }

  /** @throws RunDamaged where it is not there, or too short */
  read(name: string, offset: number, length: number): Uint8Array {
    const behind = this.#behind.get(name);
    // A copy: its memory is used for another file once this one is written.
    if (behind !== undefined) return new Uint8Array(behind.subarray(offset, offset + length));
    const into = new Uint8Array(length);
    if (readSync(this.#fileOf(name), into, 0, length, offset) !== length)
      throw new RunDamaged(name);
    return into;
  }

  /**
   * Makes all that was written safe: a snapshot that names it may be believed then.
   * @throws Error (ENOSPC) where there is no room for it; it can be tried again
   */
  async sync(): Promise<void> {
    // What is begun meanwhile is for the next time.
    const names = this.#unsynced.slice();
    await this.settle();
    this.#writeMissing();
    for (const name of names) {
      const handle = await open(this.#pathOf(name), 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    }
    if (names.length > 0) await syncFolder(this.#folder);
    this.#unsynced = this.#unsynced.filter((name) => !names.includes(name));
  }

  /** Waits for what is being written. */
  async settle(): Promise<void> {
    await Promise.all(this.#writing.values());
  }

  close(): void {
    for (const name of this.#open.keys()) this.#forget(name);
  }

  #startWriting(name: string, given: Uint8Array, onFailure: (error: unknown) => void): void {
    const bytes = this.#spare.take(given.byteLength);
    bytes.set(given);
    this.#behind.set(name, bytes);
    const isWritten = (): void => {
      this.#writing.delete(name);
      this.#behind.delete(name);
      this.#spare.giveBack(bytes);
    };
    const isNot = (error: unknown): void => {
      this.#writing.delete(name);
      // It stays in memory, until there is room for it.
      if (!isDiskFull(error)) onFailure(error);
    };
    this.#writing.set(name, writeFile(this.#pathOf(name), bytes, FILE).then(isWritten, isNot));
  }

  /** Writes at once what found no room. @throws Error (ENOSPC) where there still is none */
  #writeMissing(): void {
    for (const [name, bytes] of this.#behind) {
      if (this.#writing.has(name)) continue;
      writeFileSync(this.#pathOf(name), bytes, FILE);
      this.#behind.delete(name);
      this.#spare.giveBack(bytes);
    }
  }

  #pathOf = (name: string): string => join(this.#folder, name);

  #fileOf(name: string): number {
    let file = this.#open.get(name);
    if (file !== undefined) return file;
    const path = this.#pathOf(name);
    if (!existsSync(path)) throw new RunDamaged(name);
    const [oldest] = this.#open.keys();
    if (this.#open.size >= OPEN_MAX && oldest !== undefined) this.#forget(oldest);
    file = openSync(path, 'r');
    this.#open.set(name, file);
    return file;
  }

  #forget(name: string): void {
    const file = this.#open.get(name);
    if (file !== undefined) closeSync(file);
    this.#open.delete(name);
  }
}
