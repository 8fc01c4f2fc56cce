import type { Circuit } from '@anarq/circuit';

/** What a method of simulation is asked for. */
export interface Task {
  /** Without free parameters; noise stands in it as instructions. */
  readonly circuit: Circuit;
  /** How often the circuit is run and measured; 0 where only expectation values are asked for. */
  readonly shots: number;
  /** The same task with the same seed has the same outcome, on every machine and with any number of threads. */
  readonly seed: bigint;
  /** Observables whose expectation values in the final state are asked for. */
  readonly observables?: readonly Observable[];
}

/** How far a run is: so many of the parts of a kind that it has to do one after the other. */
export interface RunProgress {
  /** Gates on a state, passes of an executor over one, or shots. */
  readonly part: 'gates' | 'passes' | 'shots';
  readonly done: number;
  readonly total: number;
}

/** Is told how far a run is: often, and in the middle of it, so it should take no time. */
export type TellProgress = (progress: RunProgress) => void;

/** A real combination of Pauli products; a product without factors is the identity. */
export type Observable = readonly PauliTerm[];

export interface PauliTerm {
  readonly coefficient: number;
  readonly factors: readonly PauliFactor[];
}

export interface PauliFactor {
  readonly qubit: number;
  readonly pauli: 'X' | 'Y' | 'Z';
}

/** What comes of a task. */
export interface Outcome {
  /**
   * How many shots ended with which classical bits. A key holds the bit registers in the order of
   * their declaration, each with its highest bit first.
   */
  readonly counts: ReadonlyMap<string, number>;
  /** One value an observable. */
  readonly expectations: readonly Expectation[];
  /** For MPS: the sum of the squared singular values that were cut off. */
  readonly discardedWeight?: number;
}

export interface Expectation {
  readonly value: number;
  /** The standard error where the value was sampled; 0 where it was computed. */
  readonly standardError: number;
}
