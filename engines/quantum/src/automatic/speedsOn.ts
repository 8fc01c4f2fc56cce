import type { Executor } from '../stateVector/executor.ts';
import { ExecutorState } from '../vector/index.ts';
import { SPEEDS_DEFAULT, type Speeds } from './speeds.ts';

const H = Float64Array.of(Math.SQRT1_2, 0, Math.SQRT1_2, 0, Math.SQRT1_2, 0, -Math.SQRT1_2, 0);
const PHASE = Float64Array.of(1, 0, 0, 0, 0, 0, Math.cos(0.3), Math.sin(0.3));
/** Of the state that is measured on: larger than the second-level cache of a core. */
const QUBITS = 19;
const LAYERS = 8;
/** The fastest counts, since the first ones run cold. */
const ROUNDS = 4;

/**
 * Speeds with what an executor does to state vectors in a millisecond, with all of its threads, so `threads`
 * of a choice stays 1. Machine code passes over some fifty times as many amplitudes as plain TypeScript,
 * so nobody can guess it; measuring takes a fifth of a second. The other speeds are those of the language,
 * and stay the default ones.
 * @param now_ms a clock, in milliseconds with fractions
 */
export function speedsOn(executor: Executor, now_ms: () => number): Speeds {
  let least_ms = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) {
    const began_ms = now_ms();
    layersOn(executor);
    least_ms = Math.min(least_ms, now_ms() - began_ms);
  }
  return {
    ...SPEEDS_DEFAULT,
    amplitudes: (LAYERS * QUBITS * 2 ** QUBITS) / Math.max(least_ms, 1e-3),
  };
}

/** Layers of gates on each qubit, with as many on pairs, which planners cannot take away. */
function layersOn(executor: Executor): void {
  const state = ExecutorState.zero(executor, QUBITS);
  for (let layer = 0; layer < LAYERS; layer += 2)
    for (let qubit = 0; qubit < QUBITS; qubit += 1) {
      state.apply(H, [qubit], []);
      state.apply(PHASE, [(qubit + layer + 1) % QUBITS], [{ qubit, value: 1 }]);
    }
  state.probabilityOfOne(0);
  state.release();
}
