import { exchanged, IMAGINARY, minusProduct, openedAt, plusProduct, product } from './simd';

/**
 * A matrix on any qubits of a tile. Rows are settings of its qubits outside of vectors; settings inside of
 * vectors are reached by exchanging lanes. Coefficients are vectors: one a row, exchange and row.
 * Record: rows 8, exchanges 12, opened 16, base 20, coefficients 24, lane mask 28 (0: none), then positions
 * opened (at most 8), row offsets (at most 16). The lanes exchanged are the numbers 0 to exchanges - 1 spread
 * by `spread` (word 32): 1 where only lane bit 0 is meant, 2 where only lane bit 1.
 */
export function applyDense(tile: usize, bytes: u32, at: usize, sources: usize): void {
  const rows = load<u32>(at, 8);
  const exchanges = load<u32>(at, 12);
  const openedCount = load<u32>(at, 16);
  const base = load<u32>(at, 20);
  const coefficients = <usize>load<u32>(at, 24);
  const mask = <usize>load<u32>(at, 28);
  const spread = load<u32>(at, 32);
  const positions = at + 40;
  const offsets = positions + (openedCount << 2);
  const columns = rows * exchanges;
  for (let group: u32 = 0; group < bytes >> openedCount; group += 16) {
    const p = tile + openedAt(group, positions, openedCount) + base;
    let to = sources;
    for (let e: u32 = 0; e < exchanges; e += 1) {
      const by = e * spread;
      for (let row: u32 = 0; row < rows; row += 1) {
        const from = p + load<u32>(offsets + (row << 2));
        let re = v128.load(from);
        let im = v128.load(from, IMAGINARY);
        if (by != 0) {
          re = exchanged(re, by);
          im = exchanged(im, by);
        }
        v128.store(to, re);
        v128.store(to, im, 16);
        to += 32;
      }
    }
    multiplyRows(p, offsets, rows, columns, coefficients, sources, mask);
  }
}

/** Two rows of the matrix at a time, so that each source is read half as often. */
@inline
function multiplyRows(
  p: usize,
  offsets: usize,
  rows: u32,
  columns: u32,
  coefficients: usize,
  sources: usize,
  mask: usize,
): void {
  const row1 = columns << 5;
  let c = coefficients;
  let row: u32 = 0;
  for (; row + 1 < rows; row += 2) {
    let xr = v128.load(sources);
    let xi = v128.load(sources, 16);
    let cr = v128.load(c);
    let ci = v128.load(c, 16);
    let dr = v128.load(c + row1);
    let di = v128.load(c + row1, 16);
    let re0 = minusProduct(ci, xi, product(cr, xr));
    let im0 = plusProduct(ci, xr, product(cr, xi));
    let re1 = minusProduct(di, xi, product(dr, xr));
    let im1 = plusProduct(di, xr, product(dr, xi));
    for (let k: u32 = 32; k < row1; k += 32) {
      xr = v128.load(sources + k);
      xi = v128.load(sources + k, 16);
      cr = v128.load(c + k);
      ci = v128.load(c + k, 16);
      dr = v128.load(c + row1 + k);
      di = v128.load(c + row1 + k, 16);
      re0 = minusProduct(ci, xi, plusProduct(cr, xr, re0));
      im0 = plusProduct(ci, xr, plusProduct(cr, xi, im0));
      re1 = minusProduct(di, xi, plusProduct(dr, xr, re1));
      im1 = plusProduct(di, xr, plusProduct(dr, xi, im1));
    }
    put(p + load<u32>(offsets + (row << 2)), re0, im0, mask);
    put(p + load<u32>(offsets + ((row + 1) << 2)), re1, im1, mask);
    c += row1 << 1;
  }
  if (row == rows) return;
  let re = v128.splat<f32>(0);
  let im = v128.splat<f32>(0);
  for (let k: u32 = 0; k < row1; k += 32) {
    const xr = v128.load(sources + k);
    const xi = v128.load(sources + k, 16);
    const cr = v128.load(c + k);
    const ci = v128.load(c + k, 16);
    re = minusProduct(ci, xi, plusProduct(cr, xr, re));
    im = plusProduct(ci, xr, plusProduct(cr, xi, im));
  }
  put(p + load<u32>(offsets + (row << 2)), re, im, mask);
}

/** With a mask, only the lanes that it names are changed. */
@inline
function put(to: usize, re: v128, im: v128, mask: usize): void {
  if (mask == 0) {
    v128.store(to, re);
    v128.store(to, im, IMAGINARY);
    return;
  }
  const lanes = v128.load(mask);
  v128.store(to, v128.bitselect(re, v128.load(to), lanes));
  v128.store(to, v128.bitselect(im, v128.load(to, IMAGINARY), lanes), IMAGINARY);
}

/**
 * A diagonal. `setting` is that of its qubits outside of the tile. Record: rows 8, opened 12, base 16,
 * factors 20 (vectors re, im a setting and row), then positions opened, row offsets.
 */
export function applyDiagonal(tile: usize, bytes: u32, at: usize, setting: u32): void {
  const rows = load<u32>(at, 8);
  const openedCount = load<u32>(at, 12);
  const base = load<u32>(at, 16);
  const factors = <usize>load<u32>(at, 20) + ((setting * rows) << 5);
  const positions = at + 32;
  const offsets = positions + (openedCount << 2);
  for (let row: u32 = 0; row < rows; row += 1) {
    const fr = v128.load(factors + (row << 5));
    const fi = v128.load(factors + (row << 5), 16);
    const start = tile + base + load<u32>(offsets + (row << 2));
    for (let group: u32 = 0; group < bytes >> openedCount; group += 16) {
      const p = start + openedAt(group, positions, openedCount);
      const re = v128.load(p);
      const im = v128.load(p, IMAGINARY);
      v128.store(p, minusProduct(fi, im, product(fr, re)));
      v128.store(p, plusProduct(fi, re, product(fr, im)), IMAGINARY);
    }
  }
}

/**
 * X. Record: by 8 (lanes that change places, 0: none do), step 12 (bytes between the rows that change places),
 * opened 16, base 20, lane mask 24 (0: none), then positions opened.
 */
export function applyFlip(tile: usize, bytes: u32, at: usize): void {
  const by = load<u32>(at, 8);
  const step = load<u32>(at, 12);
  const openedCount = load<u32>(at, 16);
  const base = load<u32>(at, 20);
  const mask = <usize>load<u32>(at, 24);
  const positions = at + 32;
  const lanes = mask == 0 ? v128.splat<i8>(-1) : v128.load(mask);
  for (let group: u32 = 0; group < bytes >> openedCount; group += 16) {
    const p = tile + openedAt(group, positions, openedCount) + base;
    const a = v128.load(p);
    if (by != 0) {
      v128.store(p, v128.bitselect(exchanged(a, by), a, lanes));
    } else {
      const b = v128.load(p + step);
      v128.store(p, v128.bitselect(b, a, lanes));
      v128.store(p + step, v128.bitselect(a, b, lanes));
    }
  }
}
