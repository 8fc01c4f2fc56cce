import { CircuitError, matrixOf, type Control, type Matrix } from '@anarq/circuit';
import { applyMatrix } from '../dense/kernels.ts';
import { parityOf, pauliMasks, realTimesI } from '../dense/pauliMasks.ts';
import { conjugated } from '../dense/structure.ts';
import { projector, type NoiseChannel } from '../interpreter/index.ts';
import { singularValues } from '../linear/svd.ts';
import { rootOfPositive } from '../linear/root.ts';
import type { PauliFactor } from '../task.ts';
import { superoperatorOf } from './superoperator.ts';

/** More do not fit into the memory of one array: 13 qubits take a GiB. */
export const DENSITY_QUBITS_MAX = 13;

/** Bytes of a density matrix, to be known before any of them is taken. */
export const densityBytes = (qubits: number): number => 16 * 4 ** qubits;

/** Keeps the entries whose row and column agree on a qubit. */
const DEPHASING = matrixOf([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
/** Takes |1><1| to |0><0| beside it: the sum over both results of a measurement, turned to 0. */
const RESETTING = matrixOf([1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

/**
 * A density matrix in f64. It is held as amplitudes of twice as many qubits: qubit k is bit k of the row,
 * qubit n + k that of the column; so a gate U acts on the rows and its conjugate on the columns, and a
 * channel is one matrix over both.
 */
export class DensityMatrix {
  readonly qubits: number;
  readonly #entries: Float64Array;

  /**
   * @param entries of a matrix that is there already: (row, column) at 2 (row + 2^n column); without, |0…0>
   * @throws CircuitError LIMIT above DENSITY_QUBITS_MAX, before memory is taken
   */
  constructor(qubits: number, entries?: Float64Array) {
    if (qubits > DENSITY_QUBITS_MAX)
      throw new CircuitError(
        'LIMIT',
        `A density matrix of ${qubits} qubits takes ${densityBytes(qubits)} bytes; at most ${DENSITY_QUBITS_MAX} qubits are supported.`,
      );
    this.qubits = qubits;
    this.#entries = entries ?? new Float64Array(2 * 4 ** qubits);
    if (entries === undefined) this.#entries[0] = 1;
  }

  /** Entry (row, column) at 2 (row + 2^n column) and behind it, as they stand now. */
  get entries(): Float64Array {
    return this.#entries.slice();
  }

  clone(): DensityMatrix {
    return new DensityMatrix(this.qubits, this.#entries.slice());
  }

  apply(matrix: Matrix, qubits: readonly number[], controls: readonly Control[]): void {
    applyMatrix(this.#entries, matrix, qubits, controls);
    const columns = qubits.map((qubit) => qubit + this.qubits);
    applyMatrix(
      this.#entries,
      conjugated(matrix),
      columns,
      controls.map(({ qubit, value }) => ({ qubit: qubit + this.qubits, value })),
    );
  }

  applyChannel(channel: NoiseChannel, qubits: readonly number[]): void {
    this.#applyToBoth(superoperatorOf(channel), qubits);
  }

  /** A measurement that nobody looks at. */
  dephase(qubit: number): void {
    this.#applyToBoth(DEPHASING, [qubit]);
  }

  reset(qubit: number): void {
    this.#applyToBoth(RESETTING, [qubit]);
  }

  /** What is left where a measurement shows `value`, made to trace 1. */
  project(qubit: number, value: 0 | 1, probability: number): void {
    this.apply(projector(value, probability), [qubit], []);
  }

  trace(): number {
    let sum = 0;
    for (let k = 0; k < 2 ** this.qubits; k += 1) sum += this.probabilityOf(k);
    return sum;
  }

  /** The probability of a basis state. */
  probabilityOf(index: number): number {
    return this.#entries[2 * index * (1 + 2 ** this.qubits)]!;
  }

  probabilityOfOne(qubit: number): number {
    let sum = 0;
    for (let k = 0; k < 2 ** this.qubits; k += 1)
      if (((k >> qubit) & 1) === 1) sum += this.probabilityOf(k);
    return sum;
  }

  /** The expectation value of a Pauli product; the trace without factors. */
  expectation(factors: readonly PauliFactor[]): number {
    const { flips, signs, ys } = pauliMasks(factors);
    const size = 2 ** this.qubits;
    let re = 0;
    let im = 0;
    for (let index = 0; index < size; index += 1) {
      // <index ^ flips| P |index> <index| rho |index ^ flips>
      const sign = 1 - 2 * parityOf(index & signs);
      const at = 2 * (index + size * (index ^ flips));
      re += sign * this.#entries[at]!;
      im += sign * this.#entries[at + 1]!;
    }
    return realTimesI(ys, re, im);
  }

  /** The trace of the square: 1 for a pure state, 2^-n for the most mixed one. */
  purity(): number {
    return this.#entries.reduce((sum, part) => sum + part * part, 0);
  }

  /** The state of these qubits alone, the first as qubit 0. */
  partialTrace(kept: readonly number[]): DensityMatrix {
    const size = 2 ** kept.length;
    const all = 2 ** this.qubits;
    const result = new Float64Array(2 * size * size);
    const gone = Array.from({ length: this.qubits }, (_, qubit) => qubit).filter(
      (qubit) => !kept.includes(qubit),
    );
    const spread = (bits: number, over: readonly number[]): number =>
      over.reduce((sum, qubit, k) => sum | (((bits >> k) & 1) << qubit), 0);
    const rest = Int32Array.from({ length: 2 ** gone.length }, (_, bits) => spread(bits, gone));
    for (let column = 0; column < size; column += 1)
      for (let row = 0; row < size; row += 1) {
        const to = 2 * (row + size * column);
        const from = spread(row, kept) + all * spread(column, kept);
        for (const more of rest) {
          const at = 2 * (from + more + all * more);
          result[to]! += this.#entries[at]!;
          result[to + 1]! += this.#entries[at + 1]!;
        }
      }
    return new DensityMatrix(kept.length, result);
  }

  /** (tr |sqrt(a) sqrt(b)|)^2, which is |<a|b>|^2 for pure states (Jozsa, J. Mod. Opt. 41, 2315). */
  fidelity(other: DensityMatrix): number {
    if (other.qubits !== this.qubits)
      throw new CircuitError('SEMANTICS', `Fidelity of ${this.qubits} and ${other.qubits} qubits.`);
    const size = 2 ** this.qubits;
    const a = rootOfPositive(this.#entries, size);
    const b = rootOfPositive(other.#entries, size);
    const product = new Float64Array(a.length);
    for (let column = 0; column < size; column += 1)
      for (let k = 0; k < size; k += 1) {
        const re = b[2 * (k + size * column)]!;
        const im = b[2 * (k + size * column) + 1]!;
        for (let row = 0; row < size; row += 1) {
          const from = 2 * (row + size * k);
          const to = 2 * (row + size * column);
          product[to]! += a[from]! * re - a[from + 1]! * im;
          product[to + 1]! += a[from]! * im + a[from + 1]! * re;
        }
      }
    return singularValues(product, size, size).reduce((sum, value) => sum + value, 0) ** 2;
  }

  #applyToBoth(matrix: Matrix, qubits: readonly number[]): void {
    const columns = qubits.map((qubit) => qubit + this.qubits);
    applyMatrix(this.#entries, matrix, [...qubits, ...columns], []);
  }
}
