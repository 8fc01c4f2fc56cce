import { Malformed, Writer, type Reader } from '@anarq/dag';

/** Words of 32 bits in a block: a key sets one bit in each of them, and all lie in one cache line. */
const WORDS = 8;
const BLOCK_BITS = WORDS * 32;
/** Blocks of 32 bytes: 64 MiB of filter. */
const BLOCKS_MAX = 1 << 21;
/** Odd numbers without a pattern, one a word: they choose its bit (Putze, Sanders and Singler 2007). */
const SALTS = [
  0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31,
] as const;

/**
 * A split-block Bloom filter: says of a key that it is certainly not there, or that it may be. A question
 * touches 32 bytes, however large the filter is. The seed is mixed into every key, so that whoever makes keys
 * cannot choose them so that they all seem to be there.
 */
export class BloomFilter {
  readonly seed: number;
  readonly #words: Uint32Array;

  private constructor(seed: number, words: Uint32Array) {
    this.seed = seed;
    this.#words = words;
  }

  /**
   * An empty filter.
   * @param keys how many will be added; with more it only says "may be" more often
   * @param bitsPerKey 10: about one key in a hundred that is not there seems to be
   * @param seed 32 bits that nobody else can guess
   */
  static for(keys: number, bitsPerKey: number, seed: number): BloomFilter {
    const blocks = Math.ceil((Math.max(1, keys) * bitsPerKey) / BLOCK_BITS);
    return new BloomFilter(seed, new Uint32Array(Math.min(BLOCKS_MAX, blocks) * WORDS));
  }

  get bytes(): number {
    return this.#words.byteLength;
  }

  /** @param key in hex, at least 16 digits of which every bit is as likely as any other: a digest */
  add(key: string): void {
    const { at, low } = this.#placeOf(key);
    for (const [word, salt] of SALTS.entries())
      this.#words[at + word] = (this.#words[at + word] ?? 0) | bitOf(low, salt);
  }

  mayHave(key: string): boolean {
    const { at, low } = this.#placeOf(key);
    return SALTS.every((salt, word) => ((this.#words[at + word] ?? 0) & bitOf(low, salt)) !== 0);
  }

  encode(): Uint8Array {
    const writer = new Writer().u32(this.seed).u32(this.#words.length / WORDS);
    for (const word of this.#words) writer.u32(word);
    return writer.done();
  }

  /** @throws Malformed */
  static read(reader: Reader): BloomFilter {
    const seed = reader.u32();
    const blocks = reader.count(BLOCKS_MAX);
    if (blocks === 0) throw new Malformed('a filter has at least one block');
    const bytes = reader.raw(blocks * WORDS * 4);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new BloomFilter(
      seed,
      Uint32Array.from({ length: blocks * WORDS }, (_, at) => view.getUint32(at * 4)),
    );
  }

  /** The first word of a key's block, and what chooses the bits in it. */
  #placeOf(key: string): { readonly at: number; readonly low: number } {
    const high = mixed(Number.parseInt(key.slice(0, 8), 16) ^ this.seed);
    const low = mixed(Number.parseInt(key.slice(8, 16), 16) ^ high);
    // A product of 32 and at most 21 bits is exact.
    const block = Math.floor(((high >>> 0) * (this.#words.length / WORDS)) / 2 ** 32);
    return { at: block * WORDS, low };
  }
}

const bitOf = (low: number, salt: number): number => 1 << (Math.imul(low, salt) >>> 27);

/** Every bit of what goes in moves about half of those that come out (the finaliser of MurmurHash3). */
function mixed(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/**
 * How often a filter takes a key for one of its own, as theory has it: keys are spread over blocks by a Poisson
 * law, and a block with k of them has a bit set in a word with probability 1 - (1 - 1/32)^k.
 */
export function bloomFalsePositives(keys: number, bytes: number): number {
  const mean = keys / (bytes / (WORDS * 4));
  let probability = Math.exp(-mean);
  let sum = 0;
  for (let inBlock = 0; inBlock < mean + 20 * Math.sqrt(mean) + 20; inBlock += 1) {
    sum += probability * (1 - (1 - 1 / 32) ** inBlock) ** WORDS;
    probability *= mean / (inBlock + 1);
  }
  return sum;
}
