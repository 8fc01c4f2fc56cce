import type { RunStore } from '../../ports.ts';
import type { SimulatedDisk } from './disk.ts';
import type { Work } from './segments.ts';

/** Files that the engine's indexes are written into. They follow from the log, and are synced late. */
export class RunFiles implements RunStore {
  readonly #disk: SimulatedDisk;
  #unsynced: string[] = [];

  constructor(disk: SimulatedDisk) {
    this.#disk = disk;
  }

  write(name: string, bytes: Uint8Array): void {
    this.#disk.create(`run-${name}`, bytes);
    this.#unsynced.push(`run-${name}`);
  }

  read(name: string, offset: number, length: number): Uint8Array {
    return this.#disk.read(`run-${name}`, offset, length);
  }

  /** Makes all that was written safe: a snapshot that names it may be believed then. */
  *sync(): Work {
    const names = this.#unsynced;
    this.#unsynced = [];
    for (const name of names) {
      this.#disk.sync(name);
      yield;
    }
    this.#disk.syncNames();
    yield;
  }
}
