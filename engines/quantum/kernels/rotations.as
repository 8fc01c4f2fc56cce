import { exchanged, minusProduct, opened, plusProduct, splat } from './simd';

// Real rotations of a tile, which is a row of bytes: a qubit is one bit of the address, real and imaginary
// parts are another. `from` is added (exclusive or) to the number of the row that is read: form 1 of plan.ts.

/** Record: bit, from, t (f64 at 16). */
export function rotateOne(tile: usize, bytes: u32, at: usize): void {
  const bit = load<u32>(at, 8);
  const from = load<u32>(at, 12);
  const t = splat(load<f64>(at, 16));
  const step: u32 = 1 << bit;
  const first = from & 1 ? step : 0;
  for (let group: u32 = 0; group < bytes >> 1; group += 16) {
    const p = tile + opened(group, bit);
    const a = v128.load(p + first);
    const b = v128.load(p + (first ^ step));
    v128.store(p, minusProduct(t, b, a));
    v128.store(p + step, plusProduct(t, a, b));
  }
}

/** Record: two bits ascending, from, -, t, t (f64 at 24). */
export function rotateTwo(tile: usize, bytes: u32, at: usize): void {
  const bit1 = load<u32>(at, 8);
  const bit2 = load<u32>(at, 12);
  const from = load<u32>(at, 16);
  const t1 = splat(load<f64>(at, 24));
  const t2 = splat(load<f64>(at, 32));
  const step1: u32 = 1 << bit1;
  const step2: u32 = 1 << bit2;
  const flip: u32 = (from & 1 ? step1 : 0) | (from & 2 ? step2 : 0);
  for (let group: u32 = 0; group < bytes >> 2; group += 16) {
    const p = tile + opened(opened(group, bit1), bit2);
    let a = v128.load(p + flip);
    let b = v128.load(p + (flip ^ step1));
    let c = v128.load(p + (flip ^ step2));
    let d = v128.load(p + (flip ^ step1 ^ step2));
    let e = minusProduct(t1, b, a);
    b = plusProduct(t1, a, b);
    a = minusProduct(t1, d, c);
    d = plusProduct(t1, c, d);
    // e, b, a, d are rows 0 to 3 now.
    c = minusProduct(t2, a, e);
    a = plusProduct(t2, e, a);
    e = minusProduct(t2, d, b);
    d = plusProduct(t2, b, d);
    v128.store(p, c);
    v128.store(p + step1, e);
    v128.store(p + step2, a);
    v128.store(p + (step1 | step2), d);
  }
}

/** Record: three bits ascending, from, t, t, t (f64 at 24). */
export function rotateThree(tile: usize, bytes: u32, at: usize): void {
  const bit1 = load<u32>(at, 8);
  const bit2 = load<u32>(at, 12);
  const bit3 = load<u32>(at, 16);
  const from = load<u32>(at, 20);
  const t1 = splat(load<f64>(at, 24));
  const t2 = splat(load<f64>(at, 32));
  const t3 = splat(load<f64>(at, 40));
  const step1: u32 = 1 << bit1;
  const step2: u32 = 1 << bit2;
  const step3: u32 = 1 << bit3;
  const flip0: u32 = (from & 1 ? step1 : 0) | (from & 2 ? step2 : 0);
  const flip1 = flip0 ^ step1;
  const flip2 = flip0 ^ step2;
  const flip12 = flip1 ^ step2;
  const flip3: u32 = from & 4 ? step3 : 0;
  for (let group: u32 = 0; group < bytes >> 3; group += 16) {
    const p = tile + opened(opened(opened(group, bit1), bit2), bit3);
    const q = p + flip3;
    const q3 = p + (flip3 ^ step3);
    const a0 = v128.load(q + flip0);
    const a1 = v128.load(q + flip1);
    const a2 = v128.load(q + flip2);
    const a3 = v128.load(q + flip12);
    const a4 = v128.load(q3 + flip0);
    const a5 = v128.load(q3 + flip1);
    const a6 = v128.load(q3 + flip2);
    const a7 = v128.load(q3 + flip12);
    const b0 = minusProduct(t1, a1, a0);
    const b1 = plusProduct(t1, a0, a1);
    const b2 = minusProduct(t1, a3, a2);
    const b3 = plusProduct(t1, a2, a3);
    const b4 = minusProduct(t1, a5, a4);
    const b5 = plusProduct(t1, a4, a5);
    const b6 = minusProduct(t1, a7, a6);
    const b7 = plusProduct(t1, a6, a7);
    const c0 = minusProduct(t2, b2, b0);
    const c1 = minusProduct(t2, b3, b1);
    const c2 = plusProduct(t2, b0, b2);
    const c3 = plusProduct(t2, b1, b3);
    const c4 = minusProduct(t2, b6, b4);
    const c5 = minusProduct(t2, b7, b5);
    const c6 = plusProduct(t2, b4, b6);
    const c7 = plusProduct(t2, b5, b7);
    const p3 = p + step3;
    v128.store(p, minusProduct(t3, c4, c0));
    v128.store(p + step1, minusProduct(t3, c5, c1));
    v128.store(p + step2, minusProduct(t3, c6, c2));
    v128.store(p + step1 + step2, minusProduct(t3, c7, c3));
    v128.store(p3, plusProduct(t3, c0, c4));
    v128.store(p3 + step1, plusProduct(t3, c1, c5));
    v128.store(p3 + step2, plusProduct(t3, c2, c6));
    v128.store(p3 + step1 + step2, plusProduct(t3, c3, c7));
  }
}

/** A rotation inside of vectors. Record: by (which lanes change places), form, t a lane (vector at 16). */
export function rotateLanes(tile: usize, bytes: u32, at: usize): void {
  const by = load<u32>(at, 8);
  const form = load<u32>(at, 12);
  const t = v128.load(at, 16);
  if (form == 0) {
    if (by == 1) lanes(tile, bytes, t, 1, false);
    else lanes(tile, bytes, t, 2, false);
  } else {
    if (by == 1) lanes(tile, bytes, t, 1, true);
    else lanes(tile, bytes, t, 2, true);
  }
}

@inline
function lanes(tile: usize, bytes: u32, t: v128, by: u32, flipped: bool): void {
  for (let p = tile; p < tile + bytes; p += 16) {
    const vector = v128.load(p);
    const other = exchanged(vector, by);
    if (flipped) v128.store(p, plusProduct(t, vector, other));
    else v128.store(p, plusProduct(t, other, vector));
  }
}
