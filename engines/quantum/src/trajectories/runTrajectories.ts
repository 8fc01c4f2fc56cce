import { DenseState } from '../dense/denseState.ts';
import { compile, runShots, type QuantumState, type WalkOptions } from '../interpreter/index.ts';
import type { Outcome, Task } from '../task.ts';

export interface TrajectoryOptions extends WalkOptions {
  /** Makes |0…0>: any state vector that can be copied. Plain TypeScript in f64 unless said otherwise. */
  readonly makeState?: (qubits: number) => QuantumState;
}

/**
 * Runs a task on state vectors, one walk a shot where it is noisy or measured in the middle: each
 * measurement and each channel takes one of its ways at random (quantum jumps). Expectation values are
 * means over walks with their standard error; exact, with an error of 0, where there is but one way.
 */
export function runTrajectories(task: Task, options: TrajectoryOptions = {}): Outcome {
  const { makeState = plainState, ...others } = options;
  const { circuit, shots, seed, observables = [] } = task;
  const program = compile(circuit);
  const state = makeState(circuit.qubits);
  const outcome = runShots(program, state, { shots, seed, observables, ...others });
  state.release?.();
  return outcome;
}

const plainState = (qubits: number): QuantumState => new DenseState(qubits);
