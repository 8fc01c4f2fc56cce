import { randomInt } from 'node:crypto';
import type { Row, Store } from '@anarq/store';

/** Keys of the first layer; each further one has twice as many. */
const LAYER_KEYS_MIN = 2 ** 16;
/** With all of them there are 16 million keys, in 32 MiB. */
const LAYERS_MAX = 8;
/** One in a thousand keys that nobody took is taken for one, and the store is asked. */
const BITS_PER_KEY = 16;
const PROBES = 6;
const PAGE = 1_000;
/** Beyond this many, keys of before the start are not read: their time runs out. */
const READ_MAX = 250_000;

/**
 * A set of names that says of one either that it is not in it, or that it may be (a Bloom filter). What
 * was added stays, until there are too many.
 */
export class NameFilter {
  readonly #seed = randomInt(2 ** 32);
  readonly #layerKeysMin: number;
  #layers: Uint32Array[] = [];
  /** Names that the last layer still takes. */
  #room = 0;

  constructor(layerKeysMin = LAYER_KEYS_MIN) {
    this.#layerKeysMin = layerKeysMin;
  }

  /** @returns false where it was full, and has begun anew with this name */
  add(name: string): boolean {
    const isFull = this.#room === 0 && this.#layers.length === LAYERS_MAX;
    if (isFull) this.#layers = [];
    if (this.#room === 0) {
      this.#room = this.#layerKeysMin * 2 ** this.#layers.length;
      this.#layers.push(new Uint32Array((this.#room * BITS_PER_KEY) / 32));
    }
    this.#room -= 1;
    const bits = this.#layers.at(-1);
    if (bits !== undefined)
      for (const place of placesOf(name, this.#seed)) {
        const bit = place & (bits.length * 32 - 1);
        bits[bit >>> 5] = (bits[bit >>> 5] ?? 0) | (1 << (bit & 31));
      }
    return !isFull;
  }

  mayHave(name: string): boolean {
    const places = placesOf(name, this.#seed);
    return this.#layers.some((bits) =>
      places.every((place) => {
        const bit = place & (bits.length * 32 - 1);
        return ((bits[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0;
      }),
    );
  }
}

/** FNV-1a in two lanes, and as many places from the two. Names that meet cost a question, and no more. */
function placesOf(name: string, seed: number): number[] {
  let [place, stride] = [seed, ~seed];
  for (let at = 0; at < name.length; at++) {
    const unit = name.charCodeAt(at);
    place = Math.imul(place ^ unit, 0x01_00_01_93);
    stride = Math.imul(stride ^ unit ^ (stride >>> 15), 0x85_eb_ca_6b);
  }
  const places: number[] = [];
  for (let probe = 0; probe < PROBES; probe++) {
    places.push((place ^ (place >>> 15)) >>> 0);
    place = (place + (stride | 1)) | 0;
  }
  return places;
}

/**
 * Which idempotency keys with an end are surely in no row: a call under a new key need not ask the store. The commit
 * still takes the key only where nobody has it, whatever is known here.
 */
export class TakenKeys {
  readonly #filter = new NameFilter();
  readonly #kept_ms: number;
  /** From this instant on, every key that is in force is in the filter. */
  #knownFrom_ms = Infinity;
  /** It was full once: what was read at the start is no longer in it. */
  #isForgetful = false;
  #isClosed = false;
  #reading: Promise<void> = Promise.resolve();

  /** @param kept_ms how long a key that ends is kept at most */
  constructor(kept_ms: number) {
    this.#kept_ms = kept_ms;
  }

  /** Begins to read which keys there are; what fails is told, and the store is asked each time. */
  start(store: Store, now_ms: () => number, onError: (error: unknown) => void): void {
    this.#reading = this.#read(store, now_ms).catch(onError);
  }

  /** Resolves when they are read, or cannot be. */
  get read(): Promise<void> {
    return this.#reading;
  }

  /** To be called before the statement that takes it is sent. */
  add(name: string, now_ms: number): void {
    if (this.#filter.add(name)) return;
    this.#isForgetful = true;
    this.#knownFrom_ms = now_ms + this.#kept_ms;
  }

  isSurelyNew(name: string, now_ms: number): boolean {
    return now_ms >= this.#knownFrom_ms && !this.#filter.mayHave(name);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#reading;
  }

  async #read(store: Store, now_ms: () => number): Promise<void> {
    const begun_ms = now_ms();
    let after: Row & Named = { expires_ms: 0, tenant: '', identity: '', operation: '', key: '' };
    for (let count = 0; count < READ_MAX; count += PAGE) {
      if (this.#isClosed) return;
      const rows = await store.read(PAGE_SQL, { ...after, limit: PAGE });
      for (const row of rows) this.#filter.add(nameOf(row as Row & Named));
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE) {
        this.#knowFrom(begun_ms);
        return;
      }
      after = last as Row & Named;
    }
    this.#knowFrom(begun_ms + this.#kept_ms);
  }

  #knowFrom(instant_ms: number): void {
    if (!this.#isForgetful) this.#knownFrom_ms = instant_ms;
  }
}

/** In the order of the index of ends. */
const PAGE_SQL = `SELECT expires_ms, tenant, identity, operation, key FROM kernel_replay
  WHERE expires_ms IS NOT NULL AND (expires_ms, tenant, identity, operation, key)
    > (:expires_ms, :tenant, :identity, :operation, :key)
  ORDER BY expires_ms, tenant, identity, operation, key LIMIT :limit`;

/** The columns by which a key is known. */
type Named = Readonly<Record<'tenant' | 'identity' | 'operation' | 'key', string>>;

/** No other key has the same. */
export const nameOf = ({ tenant, identity, operation, key }: Named): string =>
  `${tenant}\n${identity}\n${operation}\n${key}`;
