// The numbers of one build: `Real` is f32 or f64; `FUSED` takes multiply-adds that round once.
// config.ts is written by the build, once a variant.
import { FUSED, Real } from './config';

/** log2 of the bytes of a number. */
export const SIZE_BITS: u32 = sizeof<Real>() == 4 ? 2 : 3;
/** Amplitudes of a vector of 128 bits. */
export const LANES: u32 = 16 >> SIZE_BITS;
/** From a real part to its imaginary part: one block of layout.ts. */
export const IMAGINARY: u32 = 64;

@inline
export function splat(value: f64): v128 {
  return v128.splat<Real>(<Real>value);
}

/** c + a b */
@inline
export function plusProduct(a: v128, b: v128, c: v128): v128 {
  if (FUSED) return v128.relaxed_madd<Real>(a, b, c);
  return v128.add<Real>(c, v128.mul<Real>(a, b));
}

/** c - a b */
@inline
export function minusProduct(a: v128, b: v128, c: v128): v128 {
  if (FUSED) return v128.relaxed_nmadd<Real>(a, b, c);
  return v128.sub<Real>(c, v128.mul<Real>(a, b));
}

@inline
export function product(a: v128, b: v128): v128 {
  return v128.mul<Real>(a, b);
}

/** The lanes whose numbers differ by `by` (1 to LANES - 1) change places. */
@inline
export function exchanged(vector: v128, by: u32): v128 {
  if (sizeof<Real>() == 8) return v128.shuffle<f64>(vector, vector, 1, 0);
  if (by == 1) return v128.shuffle<f32>(vector, vector, 1, 0, 3, 2);
  if (by == 2) return v128.shuffle<f32>(vector, vector, 2, 3, 0, 1);
  return v128.shuffle<f32>(vector, vector, 3, 2, 1, 0);
}

/** A number with a zero bit put in at a position. */
@inline
export function opened(value: u32, position: u32): u32 {
  const below = (<u32>1 << position) - 1;
  return ((value & ~below) << 1) | (value & below);
}

/** The same at each of `count` positions (words at `positions`, ascending). */
@inline
export function openedAt(value: u32, positions: usize, count: u32): u32 {
  let result = value;
  for (let k: u32 = 0; k < count; k += 1) result = opened(result, load<u32>(positions + (k << 2)));
  return result;
}
