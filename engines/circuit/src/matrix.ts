/**
 * A square complex matrix over `q` qubits: `2 * 4^q` numbers, row after row, real and imaginary part
 * of an entry beside each other. Entry (row, column) is at `2 * (row * 2^q + column)`. Operand `k` of
 * a gate is bit `k` of row and column, operand 0 the least significant; so `cx control, target` takes
 * |control=1, target=0>, index 1, to index 3.
 */
export type Matrix = Float64Array;

/** Number of qubits a matrix acts on. */
export const qubitsOf = (matrix: Matrix): number => Math.log2(matrix.length / 2) / 2;

/** A matrix from its entries, each a real number or `[re, im]`. */
export function matrixOf(entries: readonly (number | readonly [number, number])[]): Matrix {
  const matrix = new Float64Array(2 * entries.length);
  for (const [at, entry] of entries.entries()) {
    const [re, im] = typeof entry === 'number' ? [entry, 0] : entry;
    matrix[2 * at] = re;
    matrix[2 * at + 1] = im;
  }
  return matrix;
}

export function identityMatrix(qubits: number): Matrix {
  const size = 2 ** qubits;
  const matrix = new Float64Array(2 * size * size);
  for (let row = 0; row < size; row += 1) matrix[2 * (row * size + row)] = 1;
  return matrix;
}

/** The product `a b`: first b acts, then a. Both act on the same qubits. */
export function multiply(a: Matrix, b: Matrix): Matrix {
  const size = Math.sqrt(a.length / 2);
  const product = new Float64Array(a.length);
  for (let row = 0; row < size; row += 1)
    for (let column = 0; column < size; column += 1) {
      let re = 0;
      let im = 0;
      for (let k = 0; k < size; k += 1) {
        const left = 2 * (row * size + k);
        const right = 2 * (k * size + column);
        re += a[left]! * b[right]! - a[left + 1]! * b[right + 1]!;
        im += a[left]! * b[right + 1]! + a[left + 1]! * b[right]!;
      }
      product[2 * (row * size + column)] = re;
      product[2 * (row * size + column) + 1] = im;
    }
  return product;
}

/** The conjugate transpose. */
export function adjoint(matrix: Matrix): Matrix {
  const size = Math.sqrt(matrix.length / 2);
  const result = new Float64Array(matrix.length);
  for (let row = 0; row < size; row += 1)
    for (let column = 0; column < size; column += 1) {
      const from = 2 * (row * size + column);
      const to = 2 * (column * size + row);
      result[to] = matrix[from]!;
      result[to + 1] = -matrix[from + 1]!;
    }
  return result;
}

/** A matrix with one more control: its new operand comes first, and the rest acts where it is `value`. */
export function controlled(matrix: Matrix, value: 0 | 1 = 1): Matrix {
  const size = Math.sqrt(matrix.length / 2);
  const result = identityMatrix(qubitsOf(matrix) + 1);
  for (let row = 0; row < size; row += 1)
    for (let column = 0; column < size; column += 1) {
      const from = 2 * (row * size + column);
      const to = 2 * ((2 * row + value) * 2 * size + 2 * column + value);
      result[to] = matrix[from]!;
      result[to + 1] = matrix[from + 1]!;
    }
  return result;
}

/** The product of matrices on different qubits: the operands of the first come first. */
export function tensor(...factors: readonly Matrix[]): Matrix {
  return factors.reduce((low, high) => {
    const lowSize = Math.sqrt(low.length / 2);
    const highSize = Math.sqrt(high.length / 2);
    const size = lowSize * highSize;
    const result = new Float64Array(2 * size * size);
    for (let row = 0; row < size; row += 1)
      for (let column = 0; column < size; column += 1) {
        const a = 2 * ((row % lowSize) * lowSize + (column % lowSize));
        const b = 2 * (Math.floor(row / lowSize) * highSize + Math.floor(column / lowSize));
        const to = 2 * (row * size + column);
        result[to] = low[a]! * high[b]! - low[a + 1]! * high[b + 1]!;
        result[to + 1] = low[a]! * high[b + 1]! + low[a + 1]! * high[b]!;
      }
    return result;
  });
}

/** exp(-i theta/2 P) for a matrix P whose square is the identity. */
export function rotationOf(pauli: Matrix, theta: number): Matrix {
  const result = identityMatrix(qubitsOf(pauli));
  const c = Math.cos(theta / 2);
  const s = Math.sin(theta / 2);
  for (let at = 0; at < result.length; at += 2) {
    const re = result[at]! * c + pauli[at + 1]! * s;
    result[at + 1] = -pauli[at]! * s;
    result[at] = re;
  }
  return result;
}

/** What a matrix does to `qubits` of `total` qubits, as a matrix over all of them; its operand `k` is `qubits[k]`. */
export function embedded(matrix: Matrix, qubits: readonly number[], total: number): Matrix {
  const size = 2 ** total;
  const small = 2 ** qubits.length;
  const result = new Float64Array(2 * size * size);
  const spread = new Int32Array(small);
  for (let k = 0; k < qubits.length; k += 1)
    for (let index = 0; index < small; index += 1)
      if ((index >> k) & 1) spread[index]! |= 1 << qubits[k]!;
  const own = spread[small - 1]!;
  for (let rest = 0; rest < size; rest += 1) {
    if ((rest & own) !== 0) continue;
    for (let row = 0; row < small; row += 1)
      for (let column = 0; column < small; column += 1) {
        const from = 2 * (row * small + column);
        const to = 2 * ((rest | spread[row]!) * size + (rest | spread[column]!));
        result[to] = matrix[from]!;
        result[to + 1] = matrix[from + 1]!;
      }
  }
  return result;
}
