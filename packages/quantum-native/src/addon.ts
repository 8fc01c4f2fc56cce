import type { Reals } from '@anarq/quantum-engine';

/**
 * What the addon gives (native/addon.cpp). Every function throws a RangeError for arguments that do not fit
 * each other, and for a plan that is none; nothing is written then.
 */
export interface Addon {
  run(
    state: Reals,
    qubits: number,
    code: Int32Array,
    data: Float64Array,
    threads: number,
    kernels: string,
  ): void;
  weights(state: Reals, chunk: number, sums: Float64Array, threads: number, kernels: string): void;
  overlap(
    left: Reals,
    right: Reals,
    x: number,
    z: number,
    sum: Float64Array,
    threads: number,
    kernels: string,
  ): void;
  /** Names of the instruction sets that this processor has, the fastest first. */
  kernels(): string[];
  /** Lets the pages of a state of `allocate` go; what is read there afterwards is 0. */
  release(state: Reals): void;
  /** Zeroed memory in large pages, where the system has them. */
  allocate(bytes: number): ArrayBuffer;
}

export const isAddon = (value: unknown): value is Addon =>
  typeof value === 'object' &&
  value !== null &&
  ['run', 'weights', 'overlap', 'release', 'kernels', 'allocate'].every(
    (name) => typeof Reflect.get(value, name) === 'function',
  );
