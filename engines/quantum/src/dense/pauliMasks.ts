import type { PauliFactor } from '../task.ts';

/**
 * A Pauli product as two masks: it takes |index> to |index ^ flips>, times i^ys, times -1 for each one
 * among the bits of index that `signs` names.
 */
export interface PauliMasks {
  readonly flips: number;
  readonly signs: number;
  readonly ys: number;
}

/** @param placeOf the bit of an index at which a qubit stands; its number unless given */
export function pauliMasks(
  factors: readonly PauliFactor[],
  placeOf: (qubit: number) => number = (qubit) => qubit,
): PauliMasks {
  let flips = 0;
  let signs = 0;
  let ys = 0;
  for (const { qubit, pauli } of factors) {
    const bit = 2 ** placeOf(qubit);
    if (pauli !== 'Z') flips += bit;
    if (pauli !== 'X') signs += bit;
    if (pauli === 'Y') ys += 1;
  }
  return { flips, signs, ys };
}

/** 1 where an odd number of the lower 32 bits is set. */
export function parityOf(bits: number): number {
  let folded = bits ^ (bits >>> 16);
  folded ^= folded >>> 8;
  folded ^= folded >>> 4;
  return (0x6996 >>> (folded & 15)) & 1;
}

/** The real part of i^ys (re + i im). */
export function realTimesI(ys: number, re: number, im: number): number {
  switch (ys % 4) {
    case 0:
      return re;
    case 1:
      return -im;
    case 2:
      return -re;
    default:
      return im;
  }
}
