/** Bits for each key: about one key in two thousand that is not there seems to be. */
const BITS_PER_KEY = 16;
const PROBES = 8;

/**
 * Says of a key that it is certainly not in a run, or that it may be (Bloom 1970; the probes from two
 * hashes as in Kirsch and Mitzenmacher 2006).
 */
export class BloomFilter {
  readonly words: Uint32Array;

  constructor(words: Uint32Array) {
    this.words = words;
  }

  /** An empty one for so many keys. */
  static for(keys: number): BloomFilter {
    const bits = 2 ** Math.ceil(Math.log2(Math.max(64, keys * BITS_PER_KEY)));
    return new BloomFilter(new Uint32Array(bits >>> 5));
  }

  /** @param hash one of 32 bits, of a key whose bits are mixed */
  add(hash: number): void {
    const mask = this.words.length * 32 - 1;
    let bit = hash;
    const step = stepOf(hash);
    for (let probe = 0; probe < PROBES; probe++) {
      this.words[(bit & mask) >>> 5]! |= 1 << (bit & 31);
      bit = (bit + step) | 0;
    }
  }

  mayHave(hash: number): boolean {
    const mask = this.words.length * 32 - 1;
    let bit = hash;
    const step = stepOf(hash);
    for (let probe = 0; probe < PROBES; probe++) {
      if ((this.words[(bit & mask) >>> 5]! & (1 << (bit & 31))) === 0) return false;
      bit = (bit + step) | 0;
    }
    return true;
  }
}

/** A second hash of the first; odd, so that the probes reach every bit. */
const stepOf = (hash: number): number => Math.imul(hash ^ (hash >>> 16), 0x45d9f3b) | 1;
