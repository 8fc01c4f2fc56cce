import type { Reals } from './layout.ts';
import type { Plan } from './plan.ts';

/**
 * Runs plans on states. States are laid out as layout.ts says; an executor makes them, since they lie where
 * its code can reach them. Everything happens at once, on as many threads as the executor has.
 */
export interface Executor {
  /** What it is, for the record of a run: `wasm f32, 2 threads`. */
  readonly name: string;
  /** Amplitudes of a tile that suit its caches, as a number of qubits. */
  readonly tileQubits: number;
  /** A state |0…0> of (padded) qubits. */
  allocate(qubits: number): Reals;
  /** Gives a state back; it is not used afterwards. */
  release(state: Reals): void;
  run(state: Reals, plan: Plan): void;
  /** The sums of squared amplitudes over runs of 2^chunk amplitudes, `chunk` at least STATE_QUBITS_MIN. */
  weights(state: Reals, chunk: number): Float64Array;
  /** The sum of conj(left[i ^ x]) (-1)^(number of bits of i & z) right[i] over all i, as [re, im]. */
  overlap(left: Reals, right: Reals, x: number, z: number): readonly [number, number];
}
