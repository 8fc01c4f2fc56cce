/** Bits of shots: bit `k` of shot `s` is bit `k & 31` of `data[s * words + (k >> 5)]`; bits past the last are 0. */
export interface Shots {
  readonly count: number;
  readonly bits: number;
  readonly words: number;
  readonly data: Int32Array;
}

/** Words that so many bits take. */
const wordsOf = (bits: number): number => (bits + 31) >>> 5;

/** Shots whose bits are all 0. */
export function emptyShots(count: number, bits: number): Shots {
  const words = wordsOf(bits);
  return { count, bits, words, data: new Int32Array(count * words) };
}

export const bitOf = ({ words, data }: Shots, shot: number, bit: number): number =>
  (data[shot * words + (bit >> 5)]! >>> (bit & 31)) & 1;

/** The places of the bits of a shot that are 1, ascending, into `into`; returns how many. */
export function hitsOf({ words, data }: Shots, shot: number, into: number[]): number {
  let count = 0;
  for (let word = 0; word < words; word += 1)
    for (let left = data[shot * words + word]!; left !== 0; left &= left - 1) {
      into[count] = 32 * word + 31 - Math.clz32(left & -left);
      count += 1;
    }
  return count;
}

/**
 * Shots from rows that hold one bit of all shots each: bit `s & 31` of `rows[k * rowWords + (s >> 5)]` is
 * bit `k` of shot `s`.
 */
export function shotsFromRows(
  rows: Int32Array,
  bits: number,
  rowWords: number,
  count: number,
): Shots {
  const shots = emptyShots(count, bits);
  const block = new Int32Array(32);
  for (let word = 0; word < shots.words; word += 1) {
    const height = Math.min(32, bits - 32 * word);
    for (let column = 0; 32 * column < count; column += 1) {
      block.fill(0);
      let any = 0;
      for (let k = 0; k < height; k += 1) {
        const row = rows[(32 * word + k) * rowWords + column]!;
        block[k] = row;
        any |= row;
      }
      if (any === 0) continue;
      transpose(block);
      const last = Math.min(32, count - 32 * column);
      for (let s = 0; s < last; s += 1)
        shots.data[(32 * column + s) * shots.words + word] = block[s]!;
    }
  }
  return shots;
}

/** Transposes 32 rows of 32 bits in place: blocks off the diagonal change places, of 16, 8, 4, 2 and 1 bits. */
function transpose(block: Int32Array): void {
  let mask = 0x0000ffff;
  for (let size = 16; size > 0; size >>= 1) {
    for (let k = 0; k < 32; k = (k + size + 1) & ~size) {
      const change = ((block[k]! >>> size) ^ block[k + size]!) & mask;
      block[k]! ^= change << size;
      block[k + size]! ^= change;
    }
    mask ^= mask << (size >> 1);
  }
}
