import type { Matrix } from '@anarq/circuit';

/**
 * What a planner plans and the obvious twin runs: a matrix on qubits of the circuit, which acts where every
 * control has its value. The matrix need not be unitary (a projection, a Kraus operator).
 */
export interface Step {
  readonly matrix: Matrix;
  /** Operand k of the matrix is bit k of its rows and columns. */
  readonly qubits: readonly number[];
  readonly controls: readonly { readonly qubit: number; readonly value: 0 | 1 }[];
}
