/**
 * What this machine does in a millisecond, on one thread. `SPEEDS_DEFAULT` was measured on a busy server
 * core in Node 26, with state vectors in plain TypeScript; `speedsOn` measures those of an executor.
 */
export interface Speeds {
  /** Amplitudes of a state vector that a gate passes over. */
  readonly amplitudes: number;
  /** Entries of a density matrix that a gate or a channel passes over. */
  readonly entries: number;
  /** Nonzero amplitudes of a sparse state that a gate passes over. */
  readonly sparse: number;
  /** Multiplications of complex numbers in the tensors of a matrix product state. */
  readonly products: number;
  /** Operations of walkers, whatever they act on: classical ones, draws, copies of small states. */
  readonly steps: number;
  /** Qubits over which the frames of a stabiliser circuit pass, once for each gate and shot. */
  readonly frames: number;
}

export const SPEEDS_DEFAULT: Speeds = {
  amplitudes: 200_000,
  entries: 200_000,
  sparse: 4_000,
  products: 200_000,
  steps: 800,
  frames: 2_000_000,
};
