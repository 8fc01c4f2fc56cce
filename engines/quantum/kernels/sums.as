import { Real } from './config';
import { IMAGINARY, SIZE_BITS } from './simd';

// Sums over a state, in f64, a chunk of 2^chunk amplitudes at a time: each chunk has its own place, so that
// the sum of all does not depend on the number of threads.

/** Bytes to the real part of an amplitude: a block is real parts, then imaginary ones. */
@inline
function byteOf(index: u32): usize {
  const within = (1 << (6 - SIZE_BITS)) - 1;
  return ((<usize>index & ~within) << (SIZE_BITS + 1)) | ((<usize>index & within) << SIZE_BITS);
}

/** Squared amplitudes of the chunks from `from` to `to`. */
export function weights(state: usize, chunk: u32, from: u32, to: u32, out: usize): void {
  for (let c = from; c < to; c += 1) {
    const start = state + ((<usize>c) << (chunk + SIZE_BITS + 1));
    const end = start + (<usize>1 << (chunk + SIZE_BITS + 1));
    let a = f64x2.splat(0);
    let b = f64x2.splat(0);
    for (let p = start; p < end; p += 16) {
      const v = v128.load(p);
      if (sizeof<Real>() == 8) {
        a = f64x2.add(a, f64x2.mul(v, v));
      } else {
        const low = f64x2.promote_low_f32x4(v);
        const high = f64x2.promote_low_f32x4(v128.shuffle<f64>(v, v, 1, 0));
        a = f64x2.add(a, f64x2.mul(low, low));
        b = f64x2.add(b, f64x2.mul(high, high));
      }
    }
    a = f64x2.add(a, b);
    store<f64>(out + (c << 3), f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1));
  }
}

/**
 * Of the chunks from `from` to `to`: the sum of conj(left[i ^ x]) (-1)^(bits of i and z) right[i], complex.
 * With x = z = 0 it is the inner product; with left = right the value of a Pauli product up to i^(number of Y).
 */
export function overlap(
  left: usize,
  right: usize,
  x: u32,
  z: u32,
  chunk: u32,
  from: u32,
  to: u32,
  out: usize,
): void {
  for (let c = from; c < to; c += 1) {
    let re: f64 = 0;
    let im: f64 = 0;
    for (let i = c << chunk; i < (c + 1) << chunk; i += 1) {
      const p = left + byteOf(i ^ x);
      const q = right + byteOf(i);
      const lr = <f64>load<Real>(p);
      const li = <f64>load<Real>(p, IMAGINARY);
      const rr = <f64>load<Real>(q);
      const ri = <f64>load<Real>(q, IMAGINARY);
      const sign: f64 = popcnt(i & z) & 1 ? -1 : 1;
      re += sign * (lr * rr + li * ri);
      im += sign * (lr * ri - li * rr);
    }
    store<f64>(out + (c << 4), re);
    store<f64>(out + (c << 4), im, 8);
  }
}
