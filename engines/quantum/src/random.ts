const MASK_64 = (1n << 64n) - 1n;

/** SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): spreads a seed over the state of another generator. */
function splitMix64(seed: bigint): () => bigint {
  let state = seed & MASK_64;
  return () => {
    state = (state + 0x9e3779b97f4a7c15n) & MASK_64;
    let z = state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK_64;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK_64;
    return z ^ (z >> 31n);
  };
}

/**
 * Seeded random numbers: xoshiro128++ (Blackman and Vigna, arXiv:1805.01407). Streams of one seed are
 * independent, so that shots can be split over threads and blocks without changing what comes out.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: bigint, stream = 0) {
    const next = splitMix64(seed);
    const mixed = splitMix64(next() ^ (BigInt(stream) * 0xd1342543de82ef95n));
    const low = mixed();
    const high = mixed();
    this.#a = Number(low & 0xffffffffn) | 0;
    this.#b = Number(low >> 32n) | 0;
    this.#c = Number(high & 0xffffffffn) | 0;
    this.#d = Number(high >> 32n) | 1;
  }

  /** 32 random bits, as an unsigned integer. */
  u32(): number {
    const sum = (this.#a + this.#d) | 0;
    const result = (((sum << 7) | (sum >>> 25)) + this.#a) >>> 0;
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** Uniform in [0, 1), with 53 random bits. */
  uniform(): number {
    const high = this.u32() >>> 5;
    return (high * 0x4000000 + (this.u32() >>> 6)) / 0x20000000000000;
  }

  /** Uniform among 0 to `below - 1`, for `below` up to 2^32. */
  below(below: number): number {
    return Math.floor(this.uniform() * below);
  }
}
