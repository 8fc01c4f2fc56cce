import { svd } from './svd.ts';

/**
 * The root of a positive matrix, columns as in svd.ts: with A = U S V^dagger and U = V where S is not 0,
 * it is U sqrt(S) U^dagger.
 */
export function rootOfPositive(matrix: Float64Array, size: number): Float64Array {
  const { u, values } = svd(matrix, size, size);
  const result = new Float64Array(matrix.length);
  for (const [k, value] of values.entries()) {
    const weight = Math.sqrt(value);
    for (let column = 0; column < size; column += 1) {
      const re = weight * u[2 * (column + size * k)]!;
      const im = -weight * u[2 * (column + size * k) + 1]!;
      for (let row = 0; row < size; row += 1) {
        const from = 2 * (row + size * k);
        const to = 2 * (row + size * column);
        result[to]! += u[from]! * re - u[from + 1]! * im;
        result[to + 1]! += u[from]! * im + u[from + 1]! * re;
      }
    }
  }
  return result;
}
