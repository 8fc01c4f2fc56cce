/**
 * Numbers of 128 bits as four words of 32, the lowest first, in place in typed arrays: no BigInt and
 * no garbage where a million transfers a second pass.
 */

/** a + b does not fit into 128 bits. */
export function sumOverflows(a: Uint32Array, at: number, b: Uint32Array, bt: number): boolean {
  // Balances below 2^96 are all but every balance there is.
  if ((a[at + 3]! | b[bt + 3]!) === 0) return false;
  let carry = a[at]! + b[bt]! > 0xffffffff ? 1 : 0;
  carry = a[at + 1]! + b[bt + 1]! + carry > 0xffffffff ? 1 : 0;
  carry = a[at + 2]! + b[bt + 2]! + carry > 0xffffffff ? 1 : 0;
  return a[at + 3]! + b[bt + 3]! + carry > 0xffffffff;
}

/** a += b, modulo 2^128. Callers have seen that it fits. */
export function addTo(a: Uint32Array, at: number, b: Uint32Array, bt: number): void {
  let sum = a[at]! + b[bt]!;
  a[at] = sum;
  sum = a[at + 1]! + b[bt + 1]! + (sum > 0xffffffff ? 1 : 0);
  a[at + 1] = sum;
  sum = a[at + 2]! + b[bt + 2]! + (sum > 0xffffffff ? 1 : 0);
  a[at + 2] = sum;
  a[at + 3] = a[at + 3]! + b[bt + 3]! + (sum > 0xffffffff ? 1 : 0);
}

/** a -= b, modulo 2^128. Callers have seen that b is not more than a. */
export function takeFrom(a: Uint32Array, at: number, b: Uint32Array, bt: number): void {
  let rest = a[at]! - b[bt]!;
  a[at] = rest;
  rest = a[at + 1]! - b[bt + 1]! - (rest < 0 ? 1 : 0);
  a[at + 1] = rest;
  rest = a[at + 2]! - b[bt + 2]! - (rest < 0 ? 1 : 0);
  a[at + 2] = rest;
  a[at + 3] = a[at + 3]! - b[bt + 3]! - (rest < 0 ? 1 : 0);
}

/** Copies a number. */
export function copyTo(a: Uint32Array, at: number, b: Uint32Array, bt: number): void {
  a[at] = b[bt]!;
  a[at + 1] = b[bt + 1]!;
  a[at + 2] = b[bt + 2]!;
  a[at + 3] = b[bt + 3]!;
}

/** Whether a < b. */
export function isLess(a: Uint32Array, at: number, b: Uint32Array, bt: number): boolean {
  for (let limb = 3; limb > 0; limb--) {
    const x = a[at + limb]!;
    const y = b[bt + limb]!;
    if (x !== y) return x < y;
  }
  return a[at]! < b[bt]!;
}

export const isEqual = (a: Uint32Array, at: number, b: Uint32Array, bt: number): boolean =>
  a[at] === b[bt] && a[at + 1] === b[bt + 1] && a[at + 2] === b[bt + 2] && a[at + 3] === b[bt + 3];

export const isZero = (a: Uint32Array, at: number): boolean =>
  (a[at]! | a[at + 1]! | a[at + 2]! | a[at + 3]!) === 0;

/** Whether it is 2^128 - 1. */
export const isMax = (a: Uint32Array, at: number): boolean =>
  (a[at]! & a[at + 1]! & a[at + 2]! & a[at + 3]!) === -1;

/** As one BigInt: for answers, never on the way of a transfer. */
export const readU128 = (a: Uint32Array, at: number): bigint =>
  (BigInt(a[at + 3]!) << 96n) |
  (BigInt(a[at + 2]!) << 64n) |
  (BigInt(a[at + 1]!) << 32n) |
  BigInt(a[at]!);

export function writeU128(a: Uint32Array, at: number, value: bigint): void {
  for (let limb = 0; limb < 4; limb++)
    a[at + limb] = Number((value >> BigInt(32 * limb)) & 0xffffffffn);
}

export const readU64 = (a: Uint32Array, at: number): bigint =>
  (BigInt(a[at + 1]!) << 32n) | BigInt(a[at]!);

export function writeU64(a: Uint32Array, at: number, value: bigint): void {
  a[at] = Number(value & 0xffffffffn);
  a[at + 1] = Number((value >> 32n) & 0xffffffffn);
}
