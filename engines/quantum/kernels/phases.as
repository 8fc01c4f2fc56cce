import { Real } from './config';
import { IMAGINARY, LANES, minusProduct, plusProduct, product, SIZE_BITS, splat } from './simd';

// A product of phases on one tile. Its amplitudes are runs of 2^low; the low qubits are index bits of a run,
// the others of the tile number its runs ("run bits"), and the rest are fixed: `index` is the first of the tile.
//
// Record, after op and words: low 8, run bits 12, fixed singles 16, fixed pairs 20, fixed-run pairs 24,
// fixed-low pairs 28, run pairs 32, run-low pairs 36, table 40 (0: ones), factors 44; then the positions of
// each list in this order (singles one word, pairs two). Factors are f64 re, im: of the run bits, then of the
// lists. The table is vectors re, im, one a vector of a run.

/** Amplitudes of a run beside each other that share an outer factor. */
const INNER_BITS: u32 = 4;

// Places in the scratch of this operation, 16 bytes a factor.
const COMMON: usize = 0;
const NOW: usize = 16;
const RUN: usize = 32;
const LOW_FIXED: usize = 672;
const LOW: usize = 1312;
const OUTER: usize = 1952;
const INNER: usize = 6048;
/** The inner factors once more, as vectors re, im. */
const VECTORS: usize = 6304;

@inline
function multiply(c: usize, f: usize): void {
  const re = load<f64>(c);
  const im = load<f64>(c, 8);
  const fr = load<f64>(f);
  const fi = load<f64>(f, 8);
  store<f64>(c, re * fr - im * fi);
  store<f64>(c, re * fi + im * fr, 8);
}

@inline
function one(c: usize): void {
  store<f64>(c, 1);
  store<f64>(c, 0, 8);
}

@inline
function isOne(c: usize): bool {
  return load<f64>(c) == 1 && load<f64>(c, 8) == 0;
}

@inline
function has(bits: u32, at: usize): bool {
  return ((bits >> load<u32>(at)) & 1) == 1;
}

export function applyPhase(tile: usize, at: usize, index: u32, s: usize): void {
  const low = load<u32>(at, 8);
  const runBits = load<u32>(at, 12);
  const fixedLow = load<u32>(at, 28);
  const runPairs = load<u32>(at, 32);
  const runLow = load<u32>(at, 36);
  const table = <usize>load<u32>(at, 40);
  const bytes: usize = <usize>2 << (low + SIZE_BITS);
  const withoutPairs = at + 48 + (load<u32>(at, 16) << 2);
  const before = load<u32>(at, 20) + load<u32>(at, 24) + fixedLow;
  const words = withoutPairs + (before << 3);
  const factors = <usize>load<u32>(at, 44) + ((runBits + load<u32>(at, 16) + before) << 4);
  fixTile(at, index, s);
  for (let run: u32 = 0; run < <u32>1 << runBits; run += 1) {
    memory.copy(s + NOW, s + COMMON, 16);
    for (let j: u32 = 0; j < runBits; j += 1)
      if ((run >> j) & 1) multiply(s + NOW, s + RUN + (j << 4));
    let w = words;
    let f = factors;
    for (let k: u32 = 0; k < runPairs; k += 1) {
      if (has(run, w) && has(run, w + 4)) multiply(s + NOW, f);
      w += 8;
      f += 16;
    }
    const target = tile + run * bytes;
    if (fixedLow + runLow == 0) {
      uniform(target, bytes, table, s);
      continue;
    }
    memory.copy(s + LOW, s + LOW_FIXED, low << 4);
    for (let k: u32 = 0; k < runLow; k += 1) {
      if (has(run, w)) multiply(s + LOW + (load<u32>(w, 4) << 4), f);
      w += 8;
      f += 16;
    }
    factored(target, low, table, s);
  }
}

/** What the fixed qubits decide: the common factor, and those of run bits and low qubits. */
function fixTile(at: usize, index: u32, s: usize): void {
  const low = load<u32>(at, 8);
  const runBits = load<u32>(at, 12);
  let w = at + 48;
  let f = <usize>load<u32>(at, 44);
  one(s + COMMON);
  memory.copy(s + RUN, f, runBits << 4);
  f += <usize>(runBits << 4);
  for (let q: u32 = 0; q < low; q += 1) one(s + LOW_FIXED + (q << 4));
  for (let k = load<u32>(at, 16); k > 0; k -= 1) {
    if (has(index, w)) multiply(s + COMMON, f);
    w += 4;
    f += 16;
  }
  for (let k = load<u32>(at, 20); k > 0; k -= 1) {
    if (has(index, w) && has(index, w + 4)) multiply(s + COMMON, f);
    w += 8;
    f += 16;
  }
  for (let k = load<u32>(at, 24); k > 0; k -= 1) {
    if (has(index, w)) multiply(s + RUN + (load<u32>(w, 4) << 4), f);
    w += 8;
    f += 16;
  }
  for (let k = load<u32>(at, 28); k > 0; k -= 1) {
    if (has(index, w)) multiply(s + LOW_FIXED + (load<u32>(w, 4) << 4), f);
    w += 8;
    f += 16;
  }
}

@inline
function times(p: usize, fr: v128, fi: v128): void {
  const re = v128.load(p);
  const im = v128.load(p, IMAGINARY);
  v128.store(p, minusProduct(fi, im, product(fr, re)));
  v128.store(p, plusProduct(fi, re, product(fr, im)), IMAGINARY);
}

/** The vectors of a block are 16 bytes apart, real parts first. */
@inline
function vectorAt(vector: u32): usize {
  return ((vector >> 2) << 7) | ((vector & 3) << 4);
}

/** One factor for the whole run, and the table. */
function uniform(target: usize, bytes: usize, table: usize, s: usize): void {
  const re = splat(load<f64>(s + NOW));
  const im = splat(load<f64>(s + NOW, 8));
  const vectors = <u32>(bytes >> 5);
  if (table != 0) {
    for (let v: u32 = 0; v < vectors; v += 1) {
      const tr = v128.load(table + (v << 5));
      const ti = v128.load(table + (v << 5), 16);
      times(
        target + vectorAt(v),
        minusProduct(im, ti, product(re, tr)),
        plusProduct(im, tr, product(re, ti)),
      );
    }
    return;
  }
  if (isOne(s + NOW)) return;
  for (let v: u32 = 0; v < vectors; v += 1) times(target + vectorAt(v), re, im);
}

/** A factor for each low qubit: outer factors times inner ones, times the table. */
function factored(target: usize, low: u32, table: usize, s: usize): void {
  memory.copy(s + OUTER, s + NOW, 16);
  for (let q = INNER_BITS; q < low; q += 1) double(s + OUTER, q - INNER_BITS, s + LOW + (q << 4));
  one(s + INNER);
  for (let q: u32 = 0; q < INNER_BITS; q += 1) double(s + INNER, q, s + LOW + (q << 4));
  let plain = true;
  for (let q: u32 = 0; q < INNER_BITS; q += 1) plain = plain && isOne(s + LOW + (q << 4));
  if (!plain) vectorise(s);
  const vectors = (<u32>1 << INNER_BITS) / LANES;
  for (let y: u32 = 0; y < <u32>1 << (low - INNER_BITS); y += 1) {
    const outer = s + OUTER + (y << 4);
    const re = splat(load<f64>(outer));
    const im = splat(load<f64>(outer, 8));
    const start = target + ((<usize>y) << (INNER_BITS + 1 + SIZE_BITS));
    const entries = table + ((<usize>y * vectors) << 5);
    if (plain && table == 0 && isOne(outer)) continue;
    for (let v: u32 = 0; v < vectors; v += 1) {
      let fr = re;
      let fi = im;
      if (!plain) {
        const ir = v128.load(s + VECTORS + (v << 5));
        const ii = v128.load(s + VECTORS + (v << 5), 16);
        fr = minusProduct(ii, im, product(ir, re));
        fi = plusProduct(ii, re, product(ir, im));
      }
      if (table != 0) {
        const tr = v128.load(entries + (v << 5));
        const ti = v128.load(entries + (v << 5), 16);
        const kept = fr;
        fr = minusProduct(ti, fi, product(tr, fr));
        fi = plusProduct(ti, kept, product(tr, fi));
      }
      times(start + vectorAt(v), fr, fi);
    }
  }
}

/** From the factors of 2^bits settings those of twice as many: the new bit brings a factor. */
@inline
function double(factors: usize, bits: u32, factor: usize): void {
  const size: usize = <usize>16 << bits;
  memory.copy(factors + size, factors, size);
  for (let k: usize = 0; k < size; k += 16) multiply(factors + size + k, factor);
}

function vectorise(s: usize): void {
  for (let k: u32 = 0; k < <u32>1 << INNER_BITS; k += 1) {
    const to = s + VECTORS + ((k / LANES) << 5) + ((k % LANES) << SIZE_BITS);
    store<Real>(to, <Real>load<f64>(s + INNER + (k << 4)));
    store<Real>(to, <Real>load<f64>(s + INNER + (k << 4), 8), 16);
  }
}
