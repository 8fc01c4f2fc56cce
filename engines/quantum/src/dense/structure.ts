import type { Matrix } from '@anarq/circuit';

/** What a matrix does, without what it leaves alone: the nonzero entries of the rows that differ from the identity. */
export interface Structure {
  /** `diagonal`: only entries (k, k). `monomial`: one entry a row and a column. */
  readonly kind: 'diagonal' | 'monomial' | 'dense';
  readonly rows: readonly Row[];
}

interface Row {
  readonly row: number;
  readonly columns: Int32Array;
  /** Real and imaginary part beside each other, in the order of `columns`. */
  readonly entries: Float64Array;
}

const known = new WeakMap<Matrix, Structure>();

/** The structure of a matrix; it is found once for each. */
export function structureOf(matrix: Matrix): Structure {
  let structure = known.get(matrix);
  if (structure === undefined) {
    structure = find(matrix);
    known.set(matrix, structure);
  }
  return structure;
}

function find(matrix: Matrix): Structure {
  const size = Math.sqrt(matrix.length / 2);
  const rows: Row[] = [];
  const perColumn = new Int32Array(size);
  let isDiagonal = true;
  let isMonomial = true;
  for (let row = 0; row < size; row += 1) {
    const columns: number[] = [];
    const entries: number[] = [];
    for (let column = 0; column < size; column += 1) {
      const at = 2 * (row * size + column);
      if (matrix[at] === 0 && matrix[at + 1] === 0) continue;
      columns.push(column);
      entries.push(matrix[at]!, matrix[at + 1]!);
      perColumn[column]! += 1;
    }
    isMonomial &&= columns.length === 1;
    isDiagonal &&= columns.every((column) => column === row);
    if (columns.length === 1 && columns[0] === row && entries[0] === 1 && entries[1] === 0)
      continue;
    rows.push({ row, columns: Int32Array.from(columns), entries: Float64Array.from(entries) });
  }
  isMonomial &&= perColumn.every((count) => count === 1);
  return { kind: isDiagonal ? 'diagonal' : isMonomial ? 'monomial' : 'dense', rows };
}

/** The matrix with every entry conjugated. */
export function conjugated(matrix: Matrix): Matrix {
  const result = Float64Array.from(matrix);
  for (let at = 1; at < result.length; at += 2) result[at] = -result[at]!;
  return result;
}
