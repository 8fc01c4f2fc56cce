import { adjoint, multiply, type Matrix } from '@anarq/circuit';

const known = new WeakMap<Matrix, boolean>();
const TOLERANCE = 1e-12;

/** Whether a matrix of one qubit is unitary to rounding; found once for each. */
export function isUnitary(matrix: Matrix): boolean {
  let answer = known.get(matrix);
  if (answer === undefined) {
    const gram = multiply(adjoint(matrix), matrix);
    answer = gram.every(
      (entry, at) => Math.abs(entry - (at === 0 || at === 6 ? 1 : 0)) < TOLERANCE,
    );
    known.set(matrix, answer);
  }
  return answer;
}
