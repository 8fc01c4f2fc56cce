/** How many bits of 32 are set. */
export function popCount(bits: number): number {
  let v = bits - ((bits >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** 1 where an odd number of bits is set. */
export function parity(bits: number): number {
  let v = bits ^ (bits >>> 16);
  v ^= v >>> 8;
  v ^= v >>> 4;
  return (0x6996 >>> (v & 15)) & 1;
}

/**
 * Multiplies one Pauli product by another from the right. A product stands in `words` words of X bits
 * and as many of Z bits. Returns the power of i that comes out, modulo 4, beside what the signs say.
 */
export function multiplyRows(
  target: Int32Array,
  targetAt: number,
  source: Int32Array,
  sourceAt: number,
  words: number,
): number {
  // At each of the 32 places two bits count, modulo 4, the factors i less the factors -i.
  let ones = 0;
  let twos = 0;
  for (let word = 0; word < words; word += 1) {
    const x1 = target[targetAt + word]!;
    const z1 = target[targetAt + words + word]!;
    const x2 = source[sourceAt + word]!;
    const z2 = source[sourceAt + words + word]!;
    const x = x1 ^ x2;
    const z = z1 ^ z2;
    const x1z2 = x1 & z2;
    const anticommuting = (x2 & z1) ^ x1z2;
    target[targetAt + word] = x;
    target[targetAt + words + word] = z;
    // XY, YZ and ZX give i; the other way round they give -i, which is 3.
    twos ^= (ones ^ x ^ z ^ x1z2) & anticommuting;
    ones ^= anticommuting;
  }
  return (popCount(ones) + 2 * popCount(twos)) & 3;
}
