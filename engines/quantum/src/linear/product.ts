/** Complex matrices stand column after column, as svd.ts says. */

/** `a b`, of rows x inner and inner x columns. */
export function product(
  a: Float64Array,
  b: Float64Array,
  rows: number,
  inner: number,
  columns: number,
): Float64Array {
  const result = new Float64Array(2 * rows * columns);
  for (let column = 0; column < columns; column += 1) {
    const to = 2 * rows * column;
    for (let k = 0; k < inner; k += 1) {
      const re = b[2 * (k + inner * column)]!;
      const im = b[2 * (k + inner * column) + 1]!;
      if (re === 0 && im === 0) continue;
      const from = 2 * rows * k;
      for (let row = 0; row < 2 * rows; row += 2) {
        const x = a[from + row]!;
        const y = a[from + row + 1]!;
        result[to + row]! += x * re - y * im;
        result[to + row + 1]! += x * im + y * re;
      }
    }
  }
  return result;
}

/** `a^dagger b`, of inner x rows (a) and inner x columns (b). */
export function adjointProduct(
  a: Float64Array,
  b: Float64Array,
  rows: number,
  inner: number,
  columns: number,
): Float64Array {
  const result = new Float64Array(2 * rows * columns);
  for (let column = 0; column < columns; column += 1)
    for (let row = 0; row < rows; row += 1) {
      const atA = 2 * inner * row;
      const atB = 2 * inner * column;
      let re = 0;
      let im = 0;
      for (let k = 0; k < 2 * inner; k += 2) {
        const x = a[atA + k]!;
        const y = a[atA + k + 1]!;
        const z = b[atB + k]!;
        const w = b[atB + k + 1]!;
        re += x * z + y * w;
        im += x * w - y * z;
      }
      result[2 * (row + rows * column)] = re;
      result[2 * (row + rows * column) + 1] = im;
    }
  return result;
}
