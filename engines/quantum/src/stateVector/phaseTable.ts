import { modulus, ONE, times, type Complex } from './decompose.ts';
import type { Element } from './elements.ts';
import { PHASE, type Operation } from './plan.ts';

/** Below this a scale is worth a multiplication of its own: f32 must not run out of exponents. */
const SCALE_SMALL = 2 ** -20;

/**
 * All phase elements as one operation. It takes `scale` along where its table is needed anyway.
 * @returns the operation, or none where nothing is left of the phases, and the scale that is left
 */
export function phaseOperation(
  elements: readonly Element[],
  low: number,
  scale: Complex,
): { readonly operations: Operation[]; readonly scale: Complex } {
  const factors = factorsOf(elements);
  const inTable = factors.filter(({ looks }) => looks.every((wire) => wire < low));
  const others = factors.filter(({ looks }) => looks.some((wire) => wire >= low));
  if (factors.length === 0) return { operations: [], scale };
  const takes = inTable.length > 0 || modulus(scale) < SCALE_SMALL;
  const table = tableOf(inTable, low, takes ? scale : ONE);
  return {
    operations: [
      {
        op: PHASE,
        low,
        table,
        singles: others
          .filter(({ looks }) => looks.length === 1)
          .map(({ looks, factor }) => ({ qubit: looks[0]!, ...factor })),
        pairs: others
          .filter(({ looks }) => looks.length === 2)
          .map(({ looks, factor }) => ({ low: looks[0]!, high: looks[1]!, ...factor })),
      },
    ],
    scale: takes ? ONE : scale,
  };
}

interface Factor {
  readonly looks: readonly number[];
  readonly factor: Complex;
}

/** One factor a wire or pair of wires, ascending; what comes to 1 is left out. */
function factorsOf(elements: readonly Element[]): Factor[] {
  const factors = new Map<string, Factor>();
  for (const element of elements) {
    if (element.kind !== 'phase') continue;
    const looks = element.looks.toSorted((a, b) => a - b);
    const key = looks.join();
    const before = factors.get(key)?.factor ?? ONE;
    factors.set(key, { looks, factor: times(before, element.factor) });
  }
  return [...factors.values()].filter(({ factor }) => factor.re !== 1 || factor.im !== 0);
}

/** The products for every setting of the low wires. */
function tableOf(factors: readonly Factor[], low: number, scale: Complex): Float64Array {
  const table = new Float64Array(2 ** (low + 1));
  table[0] = scale.re;
  table[1] = scale.im;
  for (let wire = 0; wire < low; wire += 1) {
    // With the wire at 1 it is what it was without the wire, times all whose highest wire this is.
    const size = 2 ** wire;
    table.copyWithin(2 * size, 0, 2 * size);
    for (const { looks, factor } of factors)
      if (looks.at(-1) === wire)
        multiplyIn(table, size, looks.length === 1 ? 0 : 1 << looks[0]!, factor);
  }
  return table;
}

/** Multiplies the entries from `size` to twice that whose index has all bits of a mask. */
function multiplyIn(table: Float64Array, size: number, mask: number, { re, im }: Complex): void {
  for (let index = size; index < 2 * size; index += 1) {
    if ((index & mask) !== mask) continue;
    const a = table[2 * index]!;
    const b = table[2 * index + 1]!;
    table[2 * index] = a * re - b * im;
    table[2 * index + 1] = a * im + b * re;
  }
}
