import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { svd } from '../../src/linear/svd.ts';
import { Random } from '../../src/random.ts';

const matrix = (rows: number, columns: number, rank: number, seed: number): Float64Array => {
  const random = new Random(BigInt(seed));
  const some = (length: number) => Float64Array.from({ length }, () => random.uniform() - 0.5);
  const [a, b] = [some(2 * rows * rank), some(2 * rank * columns)];
  const product = new Float64Array(2 * rows * columns);
  for (let column = 0; column < columns; column += 1)
    for (let k = 0; k < rank; k += 1)
      for (let row = 0; row < rows; row += 1) {
        const x = 2 * (row + rows * k);
        const y = 2 * (k + rank * column);
        const to = 2 * (row + rows * column);
        product[to]! += a[x]! * b[y]! - a[x + 1]! * b[y + 1]!;
        product[to + 1]! += a[x]! * b[y + 1]! + a[x + 1]! * b[y]!;
      }
  return product;
};

const size = fc.integer({ min: 1, max: 12 });

describe('a singular value decomposition', () => {
  it('gives back its matrix from orthonormal columns and rows, and finds the rank', () => {
    fc.assert(
      fc.property(size, size, size, fc.integer({ min: 0 }), (rows, columns, most, seed) => {
        const rank = Math.min(rows, columns, most);
        const a = matrix(rows, columns, rank, seed);
        const { u, values, vh } = svd(a, rows, columns);
        const kept = values.length;
        const scale = values[0]!;
        expect([...values].filter((value) => value > 1e-12 * scale)).toHaveLength(rank);
        for (let row = 0; row < rows; row += 1)
          for (let column = 0; column < columns; column += 1)
            for (const part of [0, 1]) {
              let sum = 0;
              for (let k = 0; k < kept; k += 1) {
                const x = 2 * (row + rows * k);
                const y = 2 * (k + kept * column);
                sum +=
                  values[k]! *
                  (part === 0
                    ? u[x]! * vh[y]! - u[x + 1]! * vh[y + 1]!
                    : u[x]! * vh[y + 1]! + u[x + 1]! * vh[y]!);
              }
              expect(Math.abs(sum - a[2 * (row + rows * column) + part]!)).toBeLessThan(
                1e-13 * scale * 10,
              );
            }
        for (let p = 0; p < rank; p += 1)
          for (let q = 0; q < rank; q += 1) {
            let columnsOfU = 0;
            let rowsOfV = 0;
            for (let k = 0; k < 2 * rows; k += 1)
              columnsOfU += u[2 * rows * p + k]! * u[2 * rows * q + k]!;
            for (let k = 0; k < columns; k += 1)
              for (const part of [0, 1])
                rowsOfV += vh[2 * (p + kept * k) + part]! * vh[2 * (q + kept * k) + part]!;
            expect(columnsOfU).toBeCloseTo(p === q ? 1 : 0, 11);
            expect(rowsOfV).toBeCloseTo(p === q ? 1 : 0, 11);
          }
      }),
      { seed: 2, numRuns: 60 },
    );
  });

  it('has descending values, those of a known matrix', () => {
    // [[3, 0], [4, 5]] has sqrt(45) and sqrt(5).
    const { values } = svd(Float64Array.of(3, 0, 4, 0, 0, 0, 5, 0), 2, 2);
    expect(values[0]).toBeCloseTo(Math.sqrt(45), 13);
    expect(values[1]).toBeCloseTo(Math.sqrt(5), 13);
  });
});
