import type { Matrix } from '@anarq/circuit';

/** A matrix by columns: where each basis state of its qubits goes. */
export interface Columns {
  /** Whether every column has one entry: basis states stay basis states. */
  readonly isMonomial: boolean;
  /** Whether every basis state stays where it is. */
  readonly isDiagonal: boolean;
  /** For each column the rows of its nonzero entries. */
  readonly rows: readonly Int32Array[];
  /** For each column its nonzero entries, real and imaginary part beside each other. */
  readonly entries: readonly Float64Array[];
}

const known = new WeakMap<Matrix, Columns>();

/** The columns of a matrix; they are found once for each. */
export function columnsOf(matrix: Matrix): Columns {
  let columns = known.get(matrix);
  if (columns === undefined) {
    columns = find(matrix);
    known.set(matrix, columns);
  }
  return columns;
}

function find(matrix: Matrix): Columns {
  const size = Math.sqrt(matrix.length / 2);
  const rows: Int32Array[] = [];
  const entries: Float64Array[] = [];
  for (let column = 0; column < size; column += 1) {
    const found: number[] = [];
    const values: number[] = [];
    for (let row = 0; row < size; row += 1) {
      const at = 2 * (row * size + column);
      if (matrix[at] === 0 && matrix[at + 1] === 0) continue;
      found.push(row);
      values.push(matrix[at]!, matrix[at + 1]!);
    }
    rows.push(Int32Array.from(found));
    entries.push(Float64Array.from(values));
  }
  // Two columns with one entry in the same row would fall together; a column without any goes away.
  const isMonomial =
    rows.every((column) => column.length <= 1) &&
    new Set(rows.flatMap((column) => [...column])).size ===
      rows.flatMap((column) => [...column]).length;
  const isDiagonal = rows.every((column, at) => column.every((row) => row === at));
  return { isMonomial, isDiagonal, rows, entries };
}
