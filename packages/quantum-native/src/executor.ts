import {
  precisionOf,
  stateBytes,
  type Executor,
  type Plan,
  type Precision,
  type Reals,
} from '@anarq/quantum-engine';
import type { Addon } from './addon.ts';

/** Runs plans in machine code of this processor, on `threads` threads, and returns when it is done. */
export class NativeExecutor implements Executor {
  readonly name: string;
  readonly tileQubits: number;
  readonly #addon: Addon;
  readonly #kernels: string;
  readonly #precision: Precision;
  readonly #threads: number;

  /** @param threads 1 to 256 */
  constructor(addon: Addon, kernels: string, precision: Precision, threads: number) {
    this.#addon = addon;
    this.#kernels = kernels;
    this.#precision = precision;
    this.#threads = threads;
    this.name = `native ${kernels} ${precision}, ${threads} thread${threads === 1 ? '' : 's'}`;
    // 256 KiB: with what is read beside it, less than the second-level cache of a core.
    this.tileQubits = precision === 'f32' ? 15 : 14;
  }

  /**
   * @param qubits of the state in memory, 6 to 34
   * @throws RangeError where there is not so much memory
   */
  allocate(qubits: number): Reals {
    const memory = this.#addon.allocate(stateBytes(qubits, this.#precision));
    const state = this.#precision === 'f32' ? new Float32Array(memory) : new Float64Array(memory);
    state[0] = 1;
    return state;
  }

  /** At once, without waiting for a garbage collection: a state may be most of the memory there is. */
  release(state: Reals): void {
    if (!(state.buffer instanceof ArrayBuffer) || state.length === 0) return;
    this.#addon.release(state);
    state.buffer.transfer(0);
  }

  /**
   * @param state one of `allocate`, or any other of this precision that is laid out so, begins at a multiple
   *   of 64 bytes, and is not touched by others meanwhile
   * @throws RangeError for a plan that is none, or a state that does not fit it
   */
  run(state: Reals, { qubits, code, data }: Plan): void {
    this.#check(state);
    this.#addon.run(state, qubits, code, data, this.#threads, this.#kernels);
  }

  weights(state: Reals, chunk: number): Float64Array {
    this.#check(state);
    const sums = new Float64Array(state.length / 2 ** (chunk + 1));
    this.#addon.weights(state, chunk, sums, this.#threads, this.#kernels);
    return sums;
  }

  overlap(left: Reals, right: Reals, x: number, z: number): readonly [number, number] {
    this.#check(left);
    const sum = new Float64Array(2);
    this.#addon.overlap(left, right, x, z, sum, this.#threads, this.#kernels);
    const [re = 0, im = 0] = sum;
    return [re, im];
  }

  #check(state: Reals): void {
    if (precisionOf(state) !== this.#precision)
      throw new RangeError(`a state in ${precisionOf(state)}, an executor for ${this.#precision}`);
  }
}
