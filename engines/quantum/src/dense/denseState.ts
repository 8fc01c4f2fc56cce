import type { Control, Matrix } from '@anarq/circuit';
import { projector, type QuantumState } from '../interpreter/index.ts';
import { offsetsOf } from '../linear/offsets.ts';
import type { PauliFactor } from '../task.ts';
import { applyMatrix } from './kernels.ts';
import { parityOf, pauliMasks, realTimesI } from './pauliMasks.ts';
import { cumulated, indexFor } from './sampling.ts';

/** A state vector in f64, its matrices applied one by one in plain TypeScript. */
export class DenseState implements QuantumState {
  readonly qubits: number;
  readonly #amplitudes: Float64Array;

  /** @param amplitudes of a state that is there already; without, it is |0…0> */
  constructor(qubits: number, amplitudes?: Float64Array) {
    this.qubits = qubits;
    this.#amplitudes = amplitudes ?? new Float64Array(2 * 2 ** qubits);
    if (amplitudes === undefined) this.#amplitudes[0] = 1;
  }

  /** Amplitude k at 2k (real) and 2k + 1 (imaginary), as they stand now. */
  get amplitudes(): Float64Array {
    return this.#amplitudes.slice();
  }

  apply(matrix: Matrix, qubits: readonly number[], controls: readonly Control[]): void {
    applyMatrix(this.#amplitudes, matrix, qubits, controls);
  }

  probabilityOfOne(qubit: number): number {
    const v = this.#amplitudes;
    const stride = 2 * 2 ** qubit;
    let sum = 0;
    for (let block = stride; block < v.length; block += 2 * stride)
      for (let at = block; at < block + stride; at += 1) sum += v[at]! * v[at]!;
    return sum;
  }

  collapse(qubit: number, value: 0 | 1, probability: number): void {
    this.apply(projector(value, probability), [qubit], []);
  }

  reduced(qubits: readonly number[]): Matrix {
    const v = this.#amplitudes;
    const size = 2 ** qubits.length;
    const rho = new Float64Array(2 * size * size);
    const offsets = Int32Array.from(offsetsOf(qubits));
    const all = offsets[size - 1]!;
    for (let index = 0; index < v.length / 2; index += 1) {
      if ((index & all) !== 0) continue;
      for (let row = 0; row < size; row += 1)
        for (let column = 0; column < size; column += 1) {
          const a = 2 * (index | offsets[row]!);
          const b = 2 * (index | offsets[column]!);
          const to = 2 * (row * size + column);
          rho[to]! += v[a]! * v[b]! + v[a + 1]! * v[b + 1]!;
          rho[to + 1]! += v[a + 1]! * v[b]! - v[a]! * v[b + 1]!;
        }
    }
    return rho;
  }

  expectation(factors: readonly PauliFactor[]): number {
    const v = this.#amplitudes;
    const { flips, signs, ys } = pauliMasks(factors);
    let re = 0;
    let im = 0;
    for (let index = 0; index < v.length / 2; index += 1) {
      const a = 2 * (index ^ flips);
      const sign = 1 - 2 * parityOf(index & signs);
      re += sign * (v[a]! * v[2 * index]! + v[a + 1]! * v[2 * index + 1]!);
      im += sign * (v[a]! * v[2 * index + 1]! - v[a + 1]! * v[2 * index]!);
    }
    return realTimesI(ys, re, im);
  }

  clone(): DenseState {
    return new DenseState(this.qubits, this.#amplitudes.slice());
  }

  sampler(): (uniform: () => number, into: Uint8Array) => void {
    const v = this.#amplitudes;
    const sums = cumulated(v.length / 2, (k) => v[2 * k]! ** 2 + v[2 * k + 1]! ** 2);
    return (uniform, into) => {
      const index = indexFor(sums, uniform());
      for (let qubit = 0; qubit < this.qubits; qubit += 1) into[qubit] = (index >>> qubit) & 1;
    };
  }
}
