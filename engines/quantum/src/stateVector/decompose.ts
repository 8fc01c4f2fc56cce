import type { Matrix } from '@anarq/circuit';

/** Complex numbers of the planner. */
export interface Complex {
  readonly re: number;
  readonly im: number;
}

export const ONE: Complex = { re: 1, im: 0 };

export const times = (a: Complex, b: Complex): Complex => ({
  re: a.re * b.re - a.im * b.im,
  im: a.re * b.im + a.im * b.re,
});

const over = (a: Complex, b: Complex): Complex => {
  const norm = b.re * b.re + b.im * b.im;
  return { re: (a.re * b.re + a.im * b.im) / norm, im: (a.im * b.re - a.re * b.im) / norm };
};

/** By a root, which is rounded the same everywhere, as long as the squares are no powers beyond a float's. */
export const modulus = ({ re, im }: Complex): number => {
  const square = re * re + im * im;
  return square > SQUARE_MIN && square < SQUARE_MAX ? Math.sqrt(square) : Math.hypot(re, im);
};
const SQUARE_MIN = 2 ** -960;
const SQUARE_MAX = 2 ** 960;

const entryOf = (matrix: Matrix, row: number, column: number): Complex => {
  const at = 2 * (row * sizeOf(matrix) + column);
  return { re: matrix[at]!, im: matrix[at + 1]! };
};

/** What rounding leaves of a zero, relative to the entries beside it. */
const ZERO = 1e-15;
/** How far a matrix may be from the form that it is taken for. */
const FORM = 1e-13;

/** A unitary of one qubit, up to a factor: diag(1, after) · rotation · diag(1, before), times `factor`. */
export interface Rotated {
  readonly before: Complex;
  readonly form: 0 | 1;
  readonly t: number;
  readonly after: Complex;
  readonly factor: Complex;
}

/**
 * The rotation in a matrix of one qubit (forms as in plan.ts), undefined where it is no multiple of a unitary.
 * The larger entry of the first column is divided by, so t is at most 1.
 */
export function rotationOf(matrix: Matrix): Rotated | undefined {
  const a = entryOf(matrix, 0, 0);
  const b = entryOf(matrix, 0, 1);
  const c = entryOf(matrix, 1, 0);
  const rotated = modulus(a) >= modulus(c) * (1 - 1e-9) ? formZero(a, b, c) : formOne(a, b, c);
  return rotated !== undefined && isWithin(matrix, rotated) ? rotated : undefined;
}

function formZero(a: Complex, b: Complex, c: Complex): Rotated | undefined {
  const t = modulus(c) / modulus(a);
  if (!(t > 0)) return undefined;
  const after = over(over(c, a), { re: t, im: 0 });
  const before = over(over(b, a), { re: -t, im: 0 });
  return { before, form: 0, t, after, factor: a };
}

function formOne(a: Complex, b: Complex, c: Complex): Rotated {
  const t = modulus(a) / modulus(c);
  const factor = t < ZERO ? c : over(a, { re: -t, im: 0 });
  return { before: over(b, factor), form: 1, t: t < ZERO ? 0 : t, after: over(c, factor), factor };
}

function isWithin(matrix: Matrix, { before, form, t, after, factor }: Rotated): boolean {
  const most = FORM * modulus(factor);
  const second = times(factor, before);
  const third = times(factor, after);
  return (
    isTimes(matrix, 0, factor, form === 0 ? 1 : -t, most) &&
    isTimes(matrix, 2, second, form === 0 ? -t : 1, most) &&
    isTimes(matrix, 4, third, form === 0 ? t : 1, most) &&
    isTimes(matrix, 6, times(second, after), form === 0 ? 1 : t, most)
  );
}

/** Whether the entry at a place is a number times a real one, up to so much. */
const isTimes = (matrix: Matrix, at: number, { re, im }: Complex, by: number, most: number) =>
  Math.abs(matrix[at]! - re * by) <= most && Math.abs(matrix[at + 1]! - im * by) <= most;

/** The diagonal of a matrix that is one, rounding apart. */
export function diagonalOf(matrix: Matrix): Float64Array | undefined {
  const size = sizeOf(matrix);
  let most: number | undefined;
  for (let at = 2; at < matrix.length - 2; at += 2) {
    // Entries of the diagonal are size + 1 apart.
    if ((at / 2) % (size + 1) === 0 || (matrix[at] === 0 && matrix[at + 1] === 0)) continue;
    most ??= ZERO * largestOf(matrix);
    if (!(Math.abs(matrix[at]!) <= most && Math.abs(matrix[at + 1]!) <= most)) return undefined;
  }
  const diagonal = new Float64Array(2 * size);
  for (let row = 0; row < size; row += 1) {
    const at = 2 * row * (size + 1);
    diagonal[2 * row] = matrix[at]!;
    diagonal[2 * row + 1] = matrix[at + 1]!;
  }
  return diagonal;
}

const sizeOf = (matrix: Matrix): number => Math.sqrt(matrix.length / 2);

function largestOf(matrix: Matrix): number {
  let largest = 0;
  for (let at = 0; at < matrix.length; at += 1) {
    const size = Math.abs(matrix[at]!);
    if (size > largest) largest = size;
  }
  return largest;
}

/** A factor that amplitudes get where all these qubits are 1; without qubits, all amplitudes. */
export interface PhaseTerm {
  readonly qubits: readonly number[];
  readonly factor: Complex;
}

/** A diagonal on at most two qubits as phase terms, undefined where its entries are not of one modulus. */
export function phaseTermsOf(
  diagonal: Float64Array,
  qubits: readonly number[],
): PhaseTerm[] | undefined {
  const entry = (k: number): Complex => ({ re: diagonal[2 * k]!, im: diagonal[2 * k + 1]! });
  const all = Array.from({ length: diagonal.length / 2 }, (_, k) => entry(k));
  const size = modulus(all[0]!);
  if (!(size > 0) || !all.every((value) => Math.abs(modulus(value) - size) <= FORM * size))
    return undefined;
  const terms: PhaseTerm[] = [{ qubits: [], factor: entry(0) }];
  for (const [k, qubit] of qubits.entries())
    terms.push({ qubits: [qubit], factor: over(entry(2 ** k), entry(0)) });
  if (qubits.length === 2)
    terms.push({
      qubits: qubits.toSorted((a, b) => a - b),
      factor: over(times(entry(0), entry(3)), times(entry(1), entry(2))),
    });
  return terms.filter(({ factor }) => !(factor.re === 1 && factor.im === 0));
}

/** Takes operand `bit` out of a matrix that is the identity where this operand is not `value`. */
export function withoutControl(matrix: Matrix, bit: number, value: 0 | 1): Matrix | undefined {
  const size = sizeOf(matrix);
  const low = (1 << bit) - 1;
  for (let row = 0; row < size; row += 1)
    for (let column = 0; column < size; column += 1) {
      if (((row & column) >> bit) % 2 === 1 && value === 1) continue;
      if (((row | column) >> bit) % 2 === 0 && value === 0) continue;
      const at = 2 * (row * size + column);
      if (matrix[at] !== (row === column ? 1 : 0) || matrix[at + 1] !== 0) return undefined;
    }
  const half = size / 2;
  const rest = new Float64Array(matrix.length / 4);
  const widened = (index: number): number => (index & low) | ((index & ~low) << 1) | (value << bit);
  for (let row = 0; row < half; row += 1)
    for (let column = 0; column < half; column += 1) {
      const from = 2 * (widened(row) * size + widened(column));
      rest[2 * (row * half + column)] = matrix[from]!;
      rest[2 * (row * half + column) + 1] = matrix[from + 1]!;
    }
  return rest;
}

/** A matrix that exchanges its two qubits and then is a diagonal: the diagonal. */
export function diagonalAfterSwap(matrix: Matrix): Float64Array | undefined {
  const exchanged = Float64Array.from(matrix);
  for (let row = 0; row < 4; row += 1) {
    const at = 8 * row;
    exchanged.copyWithin(at + 2, at + 4, at + 6);
    exchanged[at + 4] = matrix[at + 2]!;
    exchanged[at + 5] = matrix[at + 3]!;
  }
  return diagonalOf(exchanged);
}
