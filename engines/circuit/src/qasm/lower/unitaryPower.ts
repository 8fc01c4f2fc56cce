import { identityMatrix, type Matrix, qubitsOf } from '../../matrix.ts';

const SWEEPS_MAX = 60;
/** Angles this close below pi count as pi: -1 has one root, whatever rounding says. */
const PI_TOLERANCE = 1e-9;

/**
 * The principal power of a unitary matrix: each eigenvalue exp(i a), a in (-pi, pi], becomes
 * exp(i a power). Jacobi's method for normal matrices: its hermitian and antihermitian parts commute,
 * so plane rotations make both diagonal together (Goldstine and Horwitz, J. ACM 6, 1959; the angles
 * are those of Cardoso and Souloumiac, SIAM J. Matrix Anal. 17, 1996).
 */
export function unitaryPower(matrix: Matrix, power: number): Matrix {
  const size = Math.sqrt(matrix.length / 2);
  const diagonal = Float64Array.from(matrix);
  const vectors = identityMatrix(qubitsOf(matrix));
  for (let sweep = 0; sweep < SWEEPS_MAX; sweep += 1) {
    let rotated = false;
    for (let p = 0; p < size; p += 1)
      for (let q = p + 1; q < size; q += 1)
        rotated = rotate(diagonal, vectors, size, p, q) || rotated;
    if (!rotated) break;
  }
  return recomposed(diagonal, vectors, size, power);
}

/** Makes the entries (p, q) and (q, p) as small as one plane rotation can. */
function rotate(a: Matrix, v: Matrix, size: number, p: number, q: number): boolean {
  const at = (row: number, column: number): number => 2 * (row * size + column);
  const [pp, pq, qp, qq] = [at(p, p), at(p, q), at(q, p), at(q, q)];
  const off = Math.hypot(a[pq]!, a[pq + 1]!, a[qp]!, a[qp + 1]!);
  if (off < 1e-15) return false;
  // For the parts H = (A + A†)/2 and K = (A - A†)/2i: rows (h_pp - h_qq, 2 Re h_pq, 2 Im h_pq).
  const parts = [
    [a[pp]! - a[qq]!, a[pq]! + a[qp]!, a[pq + 1]! - a[qp + 1]!],
    [a[pp + 1]! - a[qq + 1]!, a[pq + 1]! + a[qp + 1]!, a[qp]! - a[pq]!],
  ] as const;
  const [x, y, z] = dominant(parts);
  const r = Math.sqrt(x * x + y * y + z * z);
  const c = Math.sqrt((x + r) / (2 * r));
  const scale = 1 / Math.sqrt(2 * r * (x + r));
  const sRe = y * scale;
  const sIm = -z * scale;
  if (Math.hypot(sRe, sIm) < 1e-16) return false;
  const columns = [p, q].map((k) => ({ first: 2 * k, step: 2 * size })) as [Line, Line];
  const rows = [p, q].map((k) => ({ first: 2 * k * size, step: 2 })) as [Line, Line];
  turn(a, size, ...columns, c, sRe, sIm);
  // From the left it is the conjugate.
  turn(a, size, ...rows, c, sRe, -sIm);
  turn(v, size, ...columns, c, sRe, sIm);
  return true;
}

/** The eigenvector of the largest eigenvalue of the sum of outer products of two rows, its x not negative. */
function dominant(
  rows: readonly (readonly [number, number, number])[],
): readonly [number, number, number] {
  const [u, w] = rows as readonly [(typeof rows)[number], (typeof rows)[number]];
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a[0]! * b[0]! + a[1]! * b[1]! + a[2]! * b[2]!;
  const [uu, uw, ww] = [dot(u, u), dot(u, w), dot(w, w)];
  // The vector is a combination of the rows, by the largest eigenvector of their 2x2 Gram matrix.
  const angle = 0.5 * Math.atan2(2 * uw, uu - ww);
  const [f, g] = [Math.cos(angle), Math.sin(angle)];
  const vector = [0, 1, 2].map((k) => f * u[k]! + g * w[k]!) as [number, number, number];
  return vector[0] < 0 ? [-vector[0], -vector[1], -vector[2]] : vector;
}

/** Where the entries of a row or a column of a matrix stand: the first of them, and how far the next is. */
interface Line {
  readonly first: number;
  readonly step: number;
}

/** Lines p and q become c p + s q and c q - conj(s) p. */
function turn(a: Matrix, size: number, p: Line, q: Line, c: number, re: number, im: number): void {
  for (let k = 0; k < size; k += 1) {
    const i = p.first + k * p.step;
    const j = q.first + k * q.step;
    const [pr, pi, qr, qi] = [a[i]!, a[i + 1]!, a[j]!, a[j + 1]!];
    a[i] = c * pr + re * qr - im * qi;
    a[i + 1] = c * pi + re * qi + im * qr;
    a[j] = c * qr - re * pr - im * pi;
    a[j + 1] = c * qi - re * pi + im * pr;
  }
}

/** V D^power V†. */
function recomposed(diagonal: Matrix, v: Matrix, size: number, power: number): Matrix {
  const result = new Float64Array(2 * size * size);
  for (let k = 0; k < size; k += 1) {
    const at = 2 * (k * size + k);
    const angle = Math.atan2(diagonal[at + 1]!, diagonal[at]!);
    const turned = (angle < PI_TOLERANCE - Math.PI ? angle + 2 * Math.PI : angle) * power;
    const [c, s] = [Math.cos(turned), Math.sin(turned)];
    for (let row = 0; row < size; row += 1) {
      const i = 2 * (row * size + k);
      const re = v[i]! * c - v[i + 1]! * s;
      const im = v[i]! * s + v[i + 1]! * c;
      for (let column = 0; column < size; column += 1) {
        const j = 2 * (column * size + k);
        const to = 2 * (row * size + column);
        result[to] = result[to]! + re * v[j]! + im * v[j + 1]!;
        result[to + 1] = result[to + 1]! + im * v[j]! - re * v[j + 1]!;
      }
    }
  }
  return result;
}
