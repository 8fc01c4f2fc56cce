import { CircuitError } from './error.ts';
import { qubitsOf, type Matrix } from './matrix.ts';

/**
 * A Pauli product with a sign. Operand `k` has X where bit `k` of `x` is set, Z where bit `k` of `z`
 * is, and Y = iXZ where both are.
 */
export interface PauliProduct {
  readonly negative: boolean;
  readonly x: bigint;
  readonly z: bigint;
}

/**
 * Where a Clifford U takes the generators: `x[k]` is U X_k U†, `z[k]` is U Z_k U†, each a sign (`+` or
 * `-`) and a letter of `_XYZ` for each operand, operand 0 first, as on Stim's page of gates.
 */
export interface PauliImages {
  readonly x: readonly string[];
  readonly z: readonly string[];
}

const PAULI_LENGTH_MAX = 1_000_000;

/**
 * Reads a Pauli product, one letter for each operand from operand 0 on: `XIZ`, `-Y_Z`, `+zz`.
 * @throws CircuitError SYNTAX for other letters, LIMIT above a million of them
 */
export function parsePauli(text: string): PauliProduct {
  const negative = text.startsWith('-');
  const letters = /^[+-]/.test(text) ? text.slice(1) : text;
  if (letters.length > PAULI_LENGTH_MAX)
    throw new CircuitError(
      'LIMIT',
      `A Pauli product has at most ${PAULI_LENGTH_MAX} letters, not ${letters.length}.`,
    );
  const wrong = /[^IXYZ_]/iu.exec(letters);
  if (wrong !== null)
    throw new CircuitError(
      'SYNTAX',
      `A Pauli product is made of I, X, Y, Z and _, not ${JSON.stringify(wrong[0])}.`,
    );
  return { negative, x: bitsWhere(letters, /[XY]/iu), z: bitsWhere(letters, /[YZ]/iu) };
}

/** Text of the highest operand first is what BigInt reads in time proportional to its length. */
function bitsWhere(letters: string, pattern: RegExp): bigint {
  if (letters === '') return 0n;
  const digits = Array.from(letters, (letter) => (pattern.test(letter) ? '1' : '0'));
  return BigInt(`0b${digits.toReversed().join('')}`);
}

/** Writes a Pauli product over so many operands: sign, then a letter of `_XYZ` each. */
export function pauliText(product: PauliProduct, qubits: number): string {
  const x = product.x.toString(2).padStart(qubits, '0');
  const z = product.z.toString(2).padStart(qubits, '0');
  let text = product.negative ? '-' : '+';
  for (let k = 1; k <= qubits; k += 1)
    text += '_XZY'[Number(x[x.length - k]) + 2 * Number(z[z.length - k])]!;
  return text;
}

/**
 * Where a matrix takes the generators, or `undefined` where it is no Clifford. Global phase does not
 * matter. `tolerance` is how far an entry may be off; the default lets through what double precision
 * makes of angles such as pi/2.
 */
export function cliffordOf(matrix: Matrix, tolerance = 1e-9): PauliImages | undefined {
  const qubits = qubitsOf(matrix);
  const x: string[] = [];
  const z: string[] = [];
  for (let k = 0; k < qubits; k += 1)
    for (const [images, xMask, zMask] of [
      [x, 1 << k, 0],
      [z, 0, 1 << k],
    ] as const) {
      const image = pauliOf(conjugated(matrix, xMask, zMask), tolerance);
      if (image === undefined) return undefined;
      images.push(pauliText(image, qubits));
    }
  return { x, z };
}

const parity = (value: number): number => {
  let odd = 0;
  for (let rest = value; rest !== 0; rest &= rest - 1) odd ^= 1;
  return odd;
};

/** U P U† for P a product of X where xMask says, or of Z where zMask does. */
function conjugated(matrix: Matrix, xMask: number, zMask: number): Matrix {
  const size = Math.sqrt(matrix.length / 2);
  const result = new Float64Array(matrix.length);
  for (let row = 0; row < size; row += 1)
    for (let column = 0; column < size; column += 1) {
      let re = 0;
      let im = 0;
      for (let k = 0; k < size; k += 1) {
        const left = 2 * (row * size + (k ^ xMask));
        const right = 2 * (column * size + k);
        const sign = parity(k & zMask) === 1 ? -1 : 1;
        re += sign * (matrix[left]! * matrix[right]! + matrix[left + 1]! * matrix[right + 1]!);
        im += sign * (matrix[left + 1]! * matrix[right]! - matrix[left]! * matrix[right + 1]!);
      }
      result[2 * (row * size + column)] = re;
      result[2 * (row * size + column) + 1] = im;
    }
  return result;
}

/** The Pauli product that a matrix is, where it is one with sign + or -. */
export function pauliOf(matrix: Matrix, tolerance = 1e-9): PauliProduct | undefined {
  const size = Math.sqrt(matrix.length / 2);
  const entry = (row: number, column: number): readonly [number, number] => [
    matrix[2 * (row * size + column)]!,
    matrix[2 * (row * size + column) + 1]!,
  ];
  const near = (a: number, b: number): boolean => Math.abs(a - b) <= tolerance;
  let xMask = 0;
  while (xMask < size && Math.hypot(...entry(xMask, 0)) < 0.5) xMask += 1;
  if (xMask === size) return undefined;
  // X^x Z^z takes |0> to |x> and |k> to (-1)^(z k) |k xor x>, and each Y adds a factor i.
  const [re, im] = entry(xMask, 0);
  let zMask = 0;
  for (let bit = 1; bit < size; bit <<= 1) {
    const [bitRe, bitIm] = entry(xMask ^ bit, bit);
    if (bitRe * re + bitIm * im < 0) zMask |= bit;
  }
  let ys = 0;
  for (let both = xMask & zMask; both !== 0; both &= both - 1) ys += 1;
  const [unitRe, unitIm] = [[1, 0] as const, [0, 1] as const, [-1, 0] as const, [0, -1] as const][
    ys % 4
  ]!;
  const negative = re * unitRe + im * unitIm < 0;
  for (let row = 0; row < size; row += 1)
    for (let column = 0; column < size; column += 1) {
      const [isRe, isIm] = entry(row, column);
      const value =
        row !== (column ^ xMask) ? 0 : (parity(column & zMask) === 1) === negative ? 1 : -1;
      if (!near(isRe, value * unitRe) || !near(isIm, value * unitIm)) return undefined;
    }
  return { negative, x: BigInt(xMask), z: BigInt(zMask) };
}
