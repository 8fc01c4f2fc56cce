import { closeSync, existsSync, openSync, readSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { RunDamaged, type RunStore } from '@anarq/ledger-engine';
import { syncFolder } from './folder.ts';

/** Files that are kept open. */
const OPEN_MAX = 256;

/** Files that the engine's indexes are written into. They follow from the log, and are synced late. */
export class RunFiles implements RunStore {
  readonly #folder: string;
  readonly #open = new Map<string, number>();
  #unsynced: string[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  write(name: string, bytes: Uint8Array): void {
    this.#forget(name);
    writeFileSync(join(this.#folder, name), bytes, { mode: 0o600 });
    this.#unsynced.push(name);
  }

  /** @throws RunDamaged where it is not there, or too short */
  read(name: string, offset: number, length: number): Uint8Array {
    const into = new Uint8Array(length);
    if (readSync(this.#fileOf(name), into, 0, length, offset) !== length)
      throw new RunDamaged(name);
    return into;
  }

  /** Makes all that was written safe: a snapshot that names it may be believed then. */
  async sync(): Promise<void> {
    const names = this.#unsynced;
    this.#unsynced = [];
    for (const name of names) {
      const handle = await open(join(this.#folder, name), 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    }
    if (names.length > 0) await syncFolder(this.#folder);
  }

  close(): void {
    for (const name of this.#open.keys()) this.#forget(name);
  }

  #fileOf(name: string): number {
    let file = this.#open.get(name);
    if (file !== undefined) return file;
    const path = join(this.#folder, name);
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
