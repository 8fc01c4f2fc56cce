import { compile, runShots, type WalkOptions } from '../interpreter/index.ts';
import type { Outcome, Task } from '../task.ts';
import { SparseState } from './sparseState.ts';

/** Nonzero amplitudes that are kept, unless a task says otherwise. */
export const SPARSE_ENTRIES_DEFAULT = 2 ** 20;

export interface SparseOptions extends WalkOptions {
  readonly entriesMax?: number;
}

/**
 * Runs a task on a sparse state: exact, and cheap as long as few amplitudes are not 0.
 * @throws CircuitError LIMIT where more are nonzero than there may be
 */
export function runSparse(task: Task, options: SparseOptions = {}): Outcome {
  const { entriesMax = SPARSE_ENTRIES_DEFAULT, ...others } = options;
  const { circuit, shots, seed, observables = [] } = task;
  const state = new SparseState(circuit.qubits, entriesMax);
  return runShots(compile(circuit), state, { shots, seed, observables, ...others });
}
