import { parityOf } from '../dense/pauliMasks.ts';
import type { Executor } from '../stateVector/executor.ts';
import { interpret } from '../stateVector/interpreter.ts';
import {
  blockOf,
  precisionOf,
  realAt,
  stateBytes,
  type Precision,
  type Reals,
} from '../stateVector/layout.ts';
import type { Plan } from '../stateVector/plan.ts';

/** What runs plans and has memory for states; `executorOf` adds what is asked of a state. */
export interface PlanRunner {
  readonly name: string;
  readonly tileQubits?: number;
  /** Memory for a state of (padded) qubits, zeroed. */
  allocate(qubits: number): Reals;
  release?(state: Reals): void;
  run(state: Reals, plan: Plan): void;
}

const TILE_QUBITS_DEFAULT = 15;

/** An executor from what runs plans: sums over the state are made in TypeScript. */
export const executorOf = (runner: PlanRunner): Executor => ({
  name: runner.name,
  tileQubits: runner.tileQubits ?? TILE_QUBITS_DEFAULT,
  allocate: (qubits) => {
    const state = runner.allocate(qubits);
    state[0] = 1;
    return state;
  },
  release: (state) => runner.release?.(state),
  run: (state, plan) => runner.run(state, plan),
  weights,
  overlap,
});

/** The executor that every machine has: plans interpreted in TypeScript. */
export const plainExecutor = (precision: Precision): Executor =>
  executorOf({
    name: `typescript ${precision}`,
    allocate: (qubits) => {
      const memory = new ArrayBuffer(stateBytes(qubits, precision));
      return precision === 'f32' ? new Float32Array(memory) : new Float64Array(memory);
    },
    run: interpret,
  });

function weights(state: Reals, chunk: number): Float64Array {
  const block = blockOf(precisionOf(state));
  const length = 2 ** chunk;
  return Float64Array.from({ length: state.length / 2 / length }, (_, run) => {
    let sum = 0;
    // A run is whole blocks: all its numbers, real and imaginary, stand beside each other.
    const from = realAt(run * length, block);
    for (let at = from; at < from + 2 * length; at += 1) sum += state[at]! * state[at]!;
    return sum;
  });
}

function overlap(left: Reals, right: Reals, x: number, z: number): readonly [number, number] {
  const block = blockOf(precisionOf(left));
  let re = 0;
  let im = 0;
  for (let index = 0; index < left.length / 2; index += 1) {
    const a = realAt(index ^ x, block);
    const b = realAt(index, block);
    const sign = 1 - 2 * parityOf(index & z);
    re += sign * (left[a]! * right[b]! + left[a + block]! * right[b + block]!);
    im += sign * (left[a]! * right[b + block]! - left[a + block]! * right[b]!);
  }
  return [re, im];
}
