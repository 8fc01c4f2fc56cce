import { controlled, type Control, type Matrix } from '@anarq/circuit';
import { singularValues } from '../linear/svd.ts';

/** Operands whose matrix is looked at; for more, only what holds for every gate is said. */
const OPERANDS_MAX = 4;
const RANK_TOLERANCE = 1e-10;

const known = new WeakMap<Matrix, Map<string, number>>();

/**
 * By how many factors of 2 a gate may multiply the bond between two parts of its operands: the logarithm
 * of the rank of its matrix as a sum of products over the parts, 0 where it acts on one part alone.
 * @param isLeft whether a qubit is in the first part
 */
export function bondBits(
  matrix: Matrix,
  qubits: readonly number[],
  controls: readonly Control[],
  isLeft: (qubit: number) => boolean,
): number {
  const operands = [...controls.map(({ qubit }) => qubit), ...qubits];
  const sides = operands.map(isLeft);
  const left = sides.filter(Boolean).length;
  if (left === 0 || left === operands.length) return 0;
  if (operands.length > OPERANDS_MAX) {
    // A control multiplies by 2 at most where all that it controls is on one side.
    const targets = qubits.filter(isLeft).length;
    if (targets === 0 || targets === qubits.length) return 1;
    return 2 * Math.min(left, operands.length - left);
  }
  const key = `${controls.map(({ value }) => value).join('')}|${sides.map(Number).join('')}`;
  const found = known.get(matrix) ?? new Map<string, number>();
  known.set(matrix, found);
  let bits = found.get(key);
  if (bits === undefined) {
    const whole = controls.reduceRight<Matrix>((m, { value }) => controlled(m, value), matrix);
    bits = Math.log2(rankOf(whole, sides));
    found.set(key, bits);
  }
  return bits;
}

/** The matrix with rows and columns of the first part against those of the second. */
function rankOf(matrix: Matrix, sides: readonly boolean[]): number {
  const count = sides.length;
  const size = 2 ** count;
  const left = sides.filter(Boolean).length;
  const [rows, columns] = [4 ** left, 4 ** (count - left)];
  const realigned = new Float64Array(matrix.length);
  const part = (index: number, side: boolean): number => {
    let result = 0;
    let at = 0;
    for (const [k, is] of sides.entries())
      if (is === side) {
        result |= ((index >> k) & 1) << at;
        at += 1;
      }
    return result;
  };
  for (let row = 0; row < size; row += 1)
    for (let column = 0; column < size; column += 1) {
      const a = part(row, true) + 2 ** left * part(column, true);
      const b = part(row, false) + 2 ** (count - left) * part(column, false);
      const from = 2 * (row * size + column);
      realigned[2 * (a + rows * b)] = matrix[from]!;
      realigned[2 * (a + rows * b) + 1] = matrix[from + 1]!;
    }
  const values = singularValues(realigned, rows, columns);
  return Math.max(1, values.filter((value) => value > RANK_TOLERANCE * values[0]!).length);
}
