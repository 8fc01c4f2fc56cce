import { PAGE_BYTES } from '../../log/pageLayout.ts';
import type { SimulationCounts } from './counts.ts';
import type { SeededRandom } from './random.ts';

/** The disk has no room for what was to be written; nothing of it was. */
export class DiskFull extends Error {
  override readonly name = 'DiskFull';
}

/** A sync failed. What of the writes before it is safe is not known, and another sync will not tell. */
export class SyncFailed extends Error {
  override readonly name = 'SyncFailed';
}

interface Write {
  readonly at: number;
  readonly bytes: Uint8Array;
}

interface File {
  /** What a reader sees. */
  cache: Buffer;
  /** What would be left after a crash. */
  durable: Buffer;
  /** In the order in which they came. */
  unsynced: Write[];
}

type Fate = 'kept' | 'lost' | 'torn';

/**
 * A disk that may lose power at any instant. Writes are safe after a sync of their file, names after a
 * sync of the folder; before, a crash keeps of each page all, nothing, or its beginning up to any byte,
 * in no order. A failed sync is remembered by nobody: the next one succeeds, and the writes are gone.
 */
export class SimulatedDisk {
  /** Bytes that fit. */
  capacity = Number.MAX_SAFE_INTEGER;
  /** Whether the next sync of a file fails. */
  failsNextSync = false;
  readonly #random: SeededRandom;
  readonly #counts: SimulationCounts;
  #names = new Map<string, File>();
  /** The folder as it was after each change since its last sync; the first is what is safe. */
  #versions = [new Map<string, File>()];

  constructor(random: SeededRandom, counts: SimulationCounts) {
    this.#random = random;
    this.#counts = counts;
  }

  get names(): readonly string[] {
    return [...this.#names.keys()];
  }

  get usedBytes(): number {
    return [...this.#names.values()].reduce((sum, { cache }) => sum + cache.byteLength, 0);
  }

  /** Whether a crash would lose something. */
  get hasUnsynced(): boolean {
    return [...this.#names.values()].some(({ unsynced }) => unsynced.length > 0);
  }

  /** Writes a whole file, over what was there. @throws DiskFull */
  create(name: string, bytes: Uint8Array): void {
    const before = this.#names.get(name);
    if (this.usedBytes + bytes.byteLength - (before?.cache.byteLength ?? 0) > this.capacity)
      throw new DiskFull(`no room for the ${bytes.byteLength} bytes of ${name}`);
    const durable = Buffer.alloc(bytes.byteLength);
    durable.set(before?.durable.subarray(0, bytes.byteLength) ?? []);
    const file = before ?? { cache: durable, durable, unsynced: [] };
    file.cache = Buffer.from(bytes);
    file.durable = durable;
    file.unsynced = [{ at: 0, bytes: file.cache.subarray() }];
    if (before === undefined) this.#change((names) => names.set(name, file));
  }

  /** Writes into a file that is there. */
  write(name: string, at: number, bytes: Uint8Array): void {
    const file = this.#fileOf(name);
    const copy = Uint8Array.from(bytes);
    file.cache.set(copy, at);
    file.unsynced.push({ at, bytes: copy });
  }

  /** A piece of a file, as its writer sees it; valid until the file changes. */
  read(name: string, at: number, length: number): Buffer {
    const { cache } = this.#fileOf(name);
    if (at + length > cache.byteLength) throw new Error(`${name} ends before ${at + length}`);
    return cache.subarray(at, at + length);
  }

  /** A whole file. */
  readAll(name: string): Buffer {
    return Buffer.from(this.#fileOf(name).cache);
  }

  rename(from: string, to: string): void {
    const file = this.#fileOf(from);
    this.#change((names) => {
      names.delete(from);
      names.set(to, file);
    });
  }

  remove(name: string): void {
    this.#change((names) => names.delete(name));
  }

  /** Makes what was written into a file safe. @throws SyncFailed */
  sync(name: string): void {
    const file = this.#fileOf(name);
    if (this.failsNextSync && file.unsynced.length > 0) {
      this.failsNextSync = false;
      this.#counts.failedSyncs++;
      this.#keepSome(file);
      throw new SyncFailed(`the sync of ${name} failed`);
    }
    for (const { at, bytes } of file.unsynced) file.durable.set(bytes, at);
    file.unsynced = [];
  }

  /** Makes the names of files safe. */
  syncNames(): void {
    this.#versions = [new Map(this.#names)];
  }

  /** The power goes, and comes back. */
  crash(): void {
    this.#counts.crashes++;
    this.failsNextSync = false;
    this.#names = new Map(this.#random.pick(this.#versions));
    this.#versions = [new Map(this.#names)];
    for (const file of this.#names.values()) {
      this.#keepSome(file);
      if (file.cache.byteLength === file.durable.byteLength) file.cache.set(file.durable);
      else file.cache = Buffer.from(file.durable);
    }
  }

  /** Turns a bit over, on the disk and in what is read from now on. */
  flip(name: string, at: number, bit: number): void {
    const file = this.#fileOf(name);
    file.durable[at]! ^= 1 << bit;
    file.cache[at]! ^= 1 << bit;
  }

  #fileOf(name: string): File {
    const file = this.#names.get(name);
    if (file === undefined) throw new Error(`there is no file ${name}`);
    return file;
  }

  #change(change: (names: Map<string, File>) => void): void {
    change(this.#names);
    this.#versions.push(new Map(this.#names));
  }

  /** Decides for each page that was written and not synced what of it is on the disk. */
  #keepSome(file: File): void {
    const pieces = file.unsynced.flatMap(pagesOfWrite);
    file.unsynced = [];
    const fates = this.#fatesOf(pieces.length);
    let isBroken = false;
    for (const [index, { at, bytes }] of pieces.entries()) {
      const fate = fates[index]!;
      if (fate === 'kept') {
        file.durable.set(bytes, at);
        if (isBroken) this.#counts.reorderedWrites++;
        continue;
      }
      isBroken = true;
      if (fate === 'lost') this.#counts.lostWrites++;
      else {
        this.#counts.tornWrites++;
        file.durable.set(bytes.subarray(0, this.#random.between(1, bytes.byteLength - 1)), at);
      }
    }
  }

  #fatesOf(count: number): Fate[] {
    const random = this.#random;
    const all = (fate: Fate): Fate[] => Array.from({ length: count }, () => fate);
    switch (random.weighted({ all: 1, nothing: 1, beginning: 3, some: 5 })) {
      case 'all':
        return all('kept');
      case 'nothing':
        return all('lost');
      case 'beginning': {
        const end = random.below(count + 1);
        return all('kept').map((_, index) =>
          index < end ? 'kept' : index === end ? 'torn' : 'lost',
        );
      }
      case 'some':
        return all('kept').map(() => random.weighted({ kept: 5, lost: 3, torn: 2 }));
    }
  }
}

/** A disk keeps the bytes of one page together at most. */
function pagesOfWrite({ at, bytes }: Write): Write[] {
  const pieces: Write[] = [];
  for (let from = 0; from < bytes.byteLength;) {
    const length = Math.min(bytes.byteLength - from, PAGE_BYTES - ((at + from) % PAGE_BYTES));
    pieces.push({ at: at + from, bytes: bytes.subarray(from, from + length) });
    from += length;
  }
  return pieces;
}
