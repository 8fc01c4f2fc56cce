/**
 * A complex matrix here stands column after column: entry (row, column) at 2 (row + rows column) and
 * behind it, so that a column is one run of numbers.
 */
export interface Svd {
  /** rows x rank, its columns orthonormal. */
  readonly u: Float64Array;
  /** Descending; none is 0. */
  readonly values: Float64Array;
  /** rank x columns: the conjugate transpose of V, its rows orthonormal, in columns as everything here. */
  readonly vh: Float64Array;
}

const SWEEPS_MAX = 60;
/** Two columns are orthogonal where their cosine is below this; that of rounding grows with their length. */
const cosineMin = (rows: number): number => 1e-15 * Math.max(10, Math.sqrt(rows));
/** A singular value below this share of the largest is rounding. */
const VALUE_MIN = 1e-15;

/**
 * Singular value decomposition by one-sided Jacobi rotations (Hestenes, J. SIAM 6, 51; Demmel and
 * Veselić, SIAM J. Matrix Anal. Appl. 13, 1204, for its accuracy): pairs of columns are turned until all
 * are orthogonal; their lengths are the singular values.
 */
export function svd(matrix: Float64Array, rows: number, columns: number): Svd {
  if (rows < columns) {
    // A = U S V^dagger where A^dagger = V S U^dagger.
    const { u, values, vh } = svd(adjointOf(matrix, rows, columns), columns, rows);
    return {
      u: adjointOf(vh, values.length, rows),
      values,
      vh: adjointOf(u, columns, values.length),
    };
  }
  const a = matrix.slice();
  const v = new Float64Array(2 * columns * columns);
  for (let k = 0; k < columns; k += 1) v[2 * (k + columns * k)] = 1;
  orthogonalise(a, rows, columns, v);
  const lengths = Float64Array.from({ length: columns }, (_, k) =>
    Math.sqrt(squared(a, 2 * rows * k, 2 * rows)),
  );
  const order = [...lengths.keys()].toSorted((p, q) => lengths[q]! - lengths[p]!);
  const largest = lengths[order[0]!]!;
  const kept = order.filter((k) => lengths[k]! > VALUE_MIN * largest);
  const u = new Float64Array(2 * rows * kept.length);
  const vh = new Float64Array(2 * kept.length * columns);
  for (const [to, from] of kept.entries()) {
    for (let at = 0; at < 2 * rows; at += 1)
      u[2 * rows * to + at] = a[2 * rows * from + at]! / lengths[from]!;
    for (let column = 0; column < columns; column += 1) {
      vh[2 * (to + kept.length * column)] = v[2 * (column + columns * from)]!;
      vh[2 * (to + kept.length * column) + 1] = -v[2 * (column + columns * from) + 1]!;
    }
  }
  return { u, values: Float64Array.from(kept, (k) => lengths[k]!), vh };
}

/** The singular values alone, descending. */
export function singularValues(matrix: Float64Array, rows: number, columns: number): Float64Array {
  return svd(matrix, rows, columns).values;
}

/** The conjugate transpose. */
export function adjointOf(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const result = new Float64Array(matrix.length);
  for (let column = 0; column < columns; column += 1)
    for (let row = 0; row < rows; row += 1) {
      const from = 2 * (row + rows * column);
      const to = 2 * (column + columns * row);
      result[to] = matrix[from]!;
      result[to + 1] = -matrix[from + 1]!;
    }
  return result;
}

/** Turns columns of `a`, and those of `v` alike, until those of `a` are orthogonal. */
function orthogonalise(a: Float64Array, rows: number, columns: number, v: Float64Array): void {
  for (let sweep = 0; sweep < SWEEPS_MAX; sweep += 1) {
    let isDone = true;
    for (let p = 0; p < columns - 1; p += 1)
      for (let q = p + 1; q < columns; q += 1)
        if (turnPair(a, rows, v, columns, p, q)) isDone = false;
    if (isDone) return;
  }
}

/** Makes two columns orthogonal; false where they were. */
function turnPair(
  a: Float64Array,
  rows: number,
  v: Float64Array,
  columns: number,
  p: number,
  q: number,
): boolean {
  const atP = 2 * rows * p;
  const atQ = 2 * rows * q;
  let alpha = 0;
  let beta = 0;
  let re = 0;
  let im = 0;
  for (let k = 0; k < 2 * rows; k += 2) {
    const x = a[atP + k]!;
    const y = a[atP + k + 1]!;
    const z = a[atQ + k]!;
    const w = a[atQ + k + 1]!;
    alpha += x * x + y * y;
    beta += z * z + w * w;
    re += x * z + y * w;
    im += x * w - y * z;
  }
  const overlap = Math.hypot(re, im);
  if (overlap <= cosineMin(rows) * Math.sqrt(alpha * beta) || overlap < 1e-300) return false;
  const zeta = (beta - alpha) / (2 * overlap);
  const t = (zeta >= 0 ? 1 : -1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
  const c = 1 / Math.sqrt(1 + t * t);
  const s = c * t;
  turn(a, atP, atQ, 2 * rows, c, (s * re) / overlap, (s * im) / overlap);
  turn(v, 2 * columns * p, 2 * columns * q, 2 * columns, c, (s * re) / overlap, (s * im) / overlap);
  return true;
}

/** Column p becomes `c p - conj(w) q`, column q `w p + c q`. */
function turn(
  a: Float64Array,
  atP: number,
  atQ: number,
  length: number,
  c: number,
  re: number,
  im: number,
): void {
  for (let k = 0; k < length; k += 2) {
    const x = a[atP + k]!;
    const y = a[atP + k + 1]!;
    const z = a[atQ + k]!;
    const w = a[atQ + k + 1]!;
    a[atP + k] = c * x - (re * z + im * w);
    a[atP + k + 1] = c * y - (re * w - im * z);
    a[atQ + k] = re * x - im * y + c * z;
    a[atQ + k + 1] = re * y + im * x + c * w;
  }
}

function squared(a: Float64Array, from: number, length: number): number {
  let sum = 0;
  for (let at = from; at < from + length; at += 1) sum += a[at]! * a[at]!;
  return sum;
}
