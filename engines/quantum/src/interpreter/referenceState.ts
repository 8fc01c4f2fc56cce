import type { Control, Matrix } from '@anarq/circuit';
import type { PauliFactor } from '../task.ts';
import { projector, type QuantumState } from './state.ts';

/**
 * A state vector in the plainest form, straight from the definitions: the obvious twin that every method
 * is held to by tests. Amplitude k stands at 2k (real) and 2k + 1 (imaginary).
 */
export class ReferenceState implements QuantumState {
  readonly qubits: number;
  amplitudes: Float64Array;

  constructor(qubits: number) {
    this.qubits = qubits;
    this.amplitudes = new Float64Array(2 * 2 ** qubits);
    this.amplitudes[0] = 1;
  }

  apply(matrix: Matrix, qubits: readonly number[], controls: readonly Control[]): void {
    const before = this.amplitudes;
    const after = before.slice();
    const size = 2 ** qubits.length;
    for (let index = 0; index < before.length / 2; index += 1) {
      if (!controls.every(({ qubit, value }) => bitOf(index, qubit) === value)) continue;
      const row = qubits.reduce((sum, qubit, k) => sum + bitOf(index, qubit) * 2 ** k, 0);
      after[2 * index] = 0;
      after[2 * index + 1] = 0;
      for (let column = 0; column < size; column += 1) {
        const from = qubits.reduce((at, qubit, k) => withBit(at, qubit, bitOf(column, k)), index);
        const [re, im] = [2 * (row * size + column), 2 * (row * size + column) + 1];
        after[2 * index]! += matrix[re]! * before[2 * from]! - matrix[im]! * before[2 * from + 1]!;
        after[2 * index + 1]! +=
          matrix[re]! * before[2 * from + 1]! + matrix[im]! * before[2 * from]!;
      }
    }
    this.amplitudes = after;
  }

  probabilityOfOne(qubit: number): number {
    return this.reduced([qubit])[6]!;
  }

  collapse(qubit: number, value: 0 | 1, probability: number): void {
    this.apply(projector(value, probability), [qubit], []);
  }

  reduced(qubits: readonly number[]): Matrix {
    const size = 2 ** qubits.length;
    const rho = new Float64Array(2 * size * size);
    const all = this.amplitudes;
    for (let index = 0; index < all.length / 2; index += 1) {
      const row = qubits.reduce((sum, qubit, k) => sum + bitOf(index, qubit) * 2 ** k, 0);
      for (let column = 0; column < size; column += 1) {
        const other = qubits.reduce((at, qubit, k) => withBit(at, qubit, bitOf(column, k)), index);
        const to = 2 * (row * size + column);
        rho[to]! += all[2 * index]! * all[2 * other]! + all[2 * index + 1]! * all[2 * other + 1]!;
        rho[to + 1]! +=
          all[2 * index + 1]! * all[2 * other]! - all[2 * index]! * all[2 * other + 1]!;
      }
    }
    return rho;
  }

  expectation(factors: readonly PauliFactor[]): number {
    const after = this.clone();
    for (const { qubit, pauli } of factors) after.apply(PAULI[pauli], [qubit], []);
    return this.amplitudes.reduce((sum, part, at) => sum + part * after.amplitudes[at]!, 0);
  }

  clone(): ReferenceState {
    const copy = new ReferenceState(this.qubits);
    copy.amplitudes = this.amplitudes.slice();
    return copy;
  }

  sampler(): (uniform: () => number, into: Uint8Array) => void {
    return (uniform, into) => {
      let left = uniform();
      let index = 0;
      for (; index < this.amplitudes.length / 2 - 1; index += 1) {
        left -= this.amplitudes[2 * index]! ** 2 + this.amplitudes[2 * index + 1]! ** 2;
        if (left < 0) break;
      }
      for (let qubit = 0; qubit < this.qubits; qubit += 1) into[qubit] = bitOf(index, qubit);
    };
  }
}

const bitOf = (index: number, qubit: number): number => Math.floor(index / 2 ** qubit) % 2;
const withBit = (index: number, qubit: number, bit: number): number =>
  index + (bit - bitOf(index, qubit)) * 2 ** qubit;

const PAULI: Readonly<Record<PauliFactor['pauli'], Matrix>> = {
  X: Float64Array.of(0, 0, 1, 0, 1, 0, 0, 0),
  Y: Float64Array.of(0, 0, 0, -1, 0, 1, 0, 0),
  Z: Float64Array.of(1, 0, 0, 0, 0, 0, -1, 0),
};
