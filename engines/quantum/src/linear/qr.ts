/** `q` has orthonormal columns, rows x rank; `r` is rank x columns. Columns stand one after another. */
export interface Qr {
  readonly q: Float64Array;
  readonly r: Float64Array;
  readonly rank: number;
}

/** A column of which less than this share is left does not count: it lies among those before it. */
const LEFT_MIN = 1e-14;

/**
 * QR decomposition by the Gram-Schmidt process, done twice for each column, which is enough for
 * orthogonality to rounding (Giraud, Langou and Rozložník, Comput. Math. Appl. 50, 1069). Columns that
 * depend on earlier ones add nothing to `q`.
 */
export function qr(matrix: Float64Array, rows: number, columns: number): Qr {
  const most = Math.min(rows, columns);
  const q = new Float64Array(2 * rows * most);
  const r = new Float64Array(2 * most * columns);
  const length = 2 * rows;
  let rank = 0;
  for (let column = 0; column < columns; column += 1) {
    const v = matrix.slice(length * column, length * (column + 1));
    const before = norm(v);
    for (let pass = 0; pass < 2; pass += 1)
      for (let k = 0; k < rank; k += 1) subtract(q, length * k, v, r, 2 * (k + most * column));
    const left = norm(v);
    if (rank === most || left <= LEFT_MIN * before || left === 0) continue;
    for (let at = 0; at < length; at += 1) q[length * rank + at] = v[at]! / left;
    r[2 * (rank + most * column)] = left;
    rank += 1;
  }
  return { q: q.slice(0, length * rank), r: withRows(r, most, rank, columns), rank };
}

/** Takes from v its part along a column of q, and adds the coefficient to r. */
function subtract(
  q: Float64Array,
  from: number,
  v: Float64Array,
  r: Float64Array,
  at: number,
): void {
  let re = 0;
  let im = 0;
  for (let k = 0; k < v.length; k += 2) {
    re += q[from + k]! * v[k]! + q[from + k + 1]! * v[k + 1]!;
    im += q[from + k]! * v[k + 1]! - q[from + k + 1]! * v[k]!;
  }
  for (let k = 0; k < v.length; k += 2) {
    v[k]! -= q[from + k]! * re - q[from + k + 1]! * im;
    v[k + 1]! -= q[from + k]! * im + q[from + k + 1]! * re;
  }
  r[at]! += re;
  r[at + 1]! += im;
}

function norm(v: Float64Array): number {
  let sum = 0;
  for (const part of v) sum += part * part;
  return Math.sqrt(sum);
}

function withRows(r: Float64Array, had: number, rows: number, columns: number): Float64Array {
  if (had === rows) return r;
  const result = new Float64Array(2 * rows * columns);
  for (let column = 0; column < columns; column += 1)
    result.set(r.subarray(2 * had * column, 2 * (had * column + rows)), 2 * rows * column);
  return result;
}
