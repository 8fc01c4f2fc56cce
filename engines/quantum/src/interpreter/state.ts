import type { Control, Matrix } from '@anarq/circuit';
import type { PauliFactor } from '../task.ts';

/**
 * A pure state that a method of simulation holds: all that a walker needs of it. Randomness stays with
 * the walker, so that with one seed every method goes through the same shots.
 */
export interface QuantumState {
  readonly qubits: number;
  /** Where a method cuts off what is small: the share of the state that went. */
  readonly discardedWeight?: number;
  /**
   * Applies a matrix where every control has its value. It need not be unitary: a projection or a Kraus
   * operator, divided by the root of its probability, leaves a state of norm 1 as well.
   */
  apply(matrix: Matrix, qubits: readonly number[], controls: readonly Control[]): void;
  /** The probability that a measurement of this qubit shows 1. */
  probabilityOfOne(qubit: number): number;
  /** Leaves what a measurement of this qubit shows with this probability, at norm 1. */
  collapse(qubit: number, value: 0 | 1, probability: number): void;
  /** The density matrix of a few qubits; the first is the lowest bit of its index. */
  reduced(qubits: readonly number[]): Matrix;
  /** The expectation value of a Pauli product; 1 without factors. */
  expectation(factors: readonly PauliFactor[]): number;
  clone(): QuantumState;
  /** Gives memory back; nothing is asked of the state afterwards. */
  release?(): void;
  /**
   * Draws measurements of all qubits, which leave the state as it is.
   * @returns a function that writes one result a qubit into `into`
   */
  sampler(): (uniform: () => number, into: Uint8Array) => void;
}

/** What projects a qubit on a value found with this probability, at norm 1. */
export function projector(value: 0 | 1, probability: number): Matrix {
  const matrix = new Float64Array(8);
  matrix[6 * value] = 1 / Math.sqrt(probability);
  return matrix;
}
