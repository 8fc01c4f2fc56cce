import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunStore } from '@anarq/ledger-engine';
import { syncFolder } from './folder.ts';

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

  read(name: string, offset: number, length: number): Uint8Array {
    let file = this.#open.get(name);
    if (file === undefined) {
      file = openSync(join(this.#folder, name), 'r');
      this.#open.set(name, file);
    }
    const into = new Uint8Array(length);
    const count = readSync(file, into, 0, length, offset);
    if (count !== length) throw new Error(`the index ${name} ends before byte ${offset + length}`);
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

  #forget(name: string): void {
    const file = this.#open.get(name);
    if (file !== undefined) closeSync(file);
    this.#open.delete(name);
  }
}
