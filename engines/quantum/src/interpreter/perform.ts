import type { Matrix } from '@anarq/circuit';
import { probabilityOf, type NoiseChannel } from './channel.ts';
import type { Machine } from './machine.ts';
import type { Measure, QuantumOperation } from './program.ts';
import type { QuantumState } from './state.ts';

/** Uniform in [0, 1). */
export type Uniform = () => number;

/** An outcome less likely than this is taken for rounding: it does not happen. */
const PROBABILITY_MIN = 1e-14;

const X = Float64Array.of(0, 0, 1, 0, 1, 0, 0, 0);

/** What may come of an operation on a state, as it is now. */
export interface Ways {
  /** Draws one of the ways, by its number. */
  draw(uniform: Uniform): number;
  /** Goes it, and tells the machine what was measured. */
  go(way: number, machine: Machine, state: QuantumState): void;
}

/**
 * The ways that something random may go. One number is drawn for a measurement, for a reset and for
 * noise, and one more for a result that may be told wrong; so methods that agree on probabilities go
 * through the same shots.
 */
export function waysOf(
  one: Exclude<QuantumOperation, { readonly op: 'apply' }>,
  state: QuantumState,
): Ways {
  switch (one.op) {
    case 'measure':
      return measured(one, state.probabilityOfOne(one.qubit));
    case 'reset':
      return afterReset(one.qubit, state.probabilityOfOne(one.qubit));
    case 'noise':
      return noisy(one.channel, one.qubits, state);
  }
}

/** Does one operation on a state. */
export function perform(
  one: QuantumOperation,
  machine: Machine,
  state: QuantumState,
  uniform: Uniform,
): void {
  if (one.op === 'apply') return state.apply(one.matrix, one.qubits, one.controls);
  const ways = waysOf(one, state);
  ways.go(ways.draw(uniform), machine, state);
}

/** Way 2 v + f: shows v, and is told wrong where f is 1. */
function measured(one: Measure, p: number): Ways {
  return {
    draw: (uniform) => 2 * found(p, uniform) + (one.flip > 0 && uniform() < one.flip ? 1 : 0),
    go: (way, machine, state) => {
      const value = way >= 2 ? 1 : 0;
      state.collapse(one.qubit, value, value === 1 ? p : 1 - p);
      machine.tell(one, value, way % 2 === 1);
    },
  };
}

/** Way v: a measurement would have shown v. */
const afterReset = (qubit: number, p: number): Ways => ({
  draw: (uniform) => found(p, uniform),
  go: (way, _, state) => {
    state.collapse(qubit, way === 1 ? 1 : 0, way === 1 ? p : 1 - p);
    if (way === 1) state.apply(X, [qubit], []);
  },
});

const found = (p: number, uniform: Uniform): 0 | 1 => {
  const isOne = uniform() < p ? p > PROBABILITY_MIN : p >= 1 - PROBABILITY_MIN;
  return isOne ? 1 : 0;
};

/** Way k: Kraus operator or unitary k happens (Dalibard, Castin and Mølmer, PRL 68, 580: quantum jumps). */
function noisy(channel: NoiseChannel, qubits: readonly number[], state: QuantumState): Ways {
  const { unitaries, kraus } = channel;
  if (unitaries !== undefined)
    return {
      draw: (uniform) => choose(unitaries, uniform),
      go: (way, _, current) => {
        const { matrix } = unitaries[way]!;
        if (matrix !== undefined) current.apply(matrix, qubits, []);
      },
    };
  const rho = state.reduced(qubits);
  const chances = kraus.map((matrix) => ({ probability: probabilityOf(matrix, rho) }));
  return {
    draw: (uniform) => choose(chances, uniform),
    go: (way, _, current) => {
      const scale = 1 / Math.sqrt(chances[way]!.probability);
      current.apply(scaled(kraus[way]!, scale), qubits, []);
    },
  };
}

const scaled = (matrix: Matrix, by: number): Matrix => matrix.map((entry) => entry * by);

/** An index, each with its probability. The last of those that can happen takes what rounding leaves. */
function choose(chances: readonly { readonly probability: number }[], uniform: Uniform): number {
  let left = uniform() * chances.reduce((sum, { probability }) => sum + probability, 0);
  let chosen = 0;
  for (let k = 0; k < chances.length; k += 1) {
    const { probability } = chances[k]!;
    if (probability <= PROBABILITY_MIN) continue;
    chosen = k;
    left -= probability;
    if (left < 0) break;
  }
  return chosen;
}
