import { GATES, matrixOf } from '@anarq/circuit';
import fc from 'fast-check';
import { realAt, blockOf, precisionOf, type Reals } from '../../src/index.ts';
import type { Step } from '../../src/stateVector/step.ts';
import { ReferenceState } from '../../src/interpreter/index.ts';

/** What steps make of a state, matrix by matrix; without one, of |0…0>. */
export function stepped(
  qubits: number,
  steps: readonly Step[],
  state = new ReferenceState(qubits),
): ReferenceState {
  for (const { matrix, qubits: on, controls } of steps) state.apply(matrix, on, controls);
  return state;
}

/** The largest number of a state, and at least 1. */
export const largest = ({ amplitudes }: ReferenceState): number =>
  amplitudes.reduce((most, value) => Math.max(most, Math.abs(value)), 1);

/** Gates of the table on random qubits, with up to two further controls, and matrices of their own. */
export const someSteps = (qubits: number, lengthMax: number): fc.Arbitrary<Step[]> =>
  fc.array(
    fc
      .record({
        gate: fc.constantFrom(...[...GATES.values()].filter((gate) => gate.qubits <= 4)),
        angles: fc.array(fc.double({ min: -4, max: 4, noNaN: true }), {
          minLength: 4,
          maxLength: 4,
        }),
        order: fc.shuffledSubarray(
          Array.from({ length: qubits }, (_, qubit) => qubit),
          { minLength: qubits },
        ),
        values: fc.array(fc.constantFrom(0 as const, 1 as const), { maxLength: 2 }),
        own: fc.boolean(),
      })
      .filter(({ gate }) => gate.qubits <= qubits)
      .map(({ gate, angles, order, values, own }) => {
        const matrix = gate.matrix(...angles.slice(0, gate.params.length));
        const controlled = values.slice(0, qubits - gate.qubits);
        return {
          // Not unitary, and without zeros: every entry of a matrix must find its place.
          matrix: own
            ? matrixOf(Array.from({ length: 4 ** gate.qubits }, (_, k) => angledEntry(angles, k)))
            : matrix,
          qubits: order.slice(0, gate.qubits),
          controls: controlled.map((value, k) => ({ qubit: order[gate.qubits + k]!, value })),
        };
      }),
    { maxLength: lengthMax },
  );

const angledEntry = (angles: readonly number[], k: number): [number, number] => [
  Math.cos(angles[0]! + 1.7 * k) / 2,
  Math.sin(angles[1]! + 2.3 * k) / 2,
];

/** The farthest that an amplitude of a state is from that of the twin; qubit k of the twin stands at `positions[k]`. */
export function distance(
  state: Reals,
  { amplitudes }: ReferenceState,
  positions: readonly number[] = [],
): number {
  const block = blockOf(precisionOf(state));
  let far = 0;
  for (let index = 0; index < state.length / 2; index += 1) {
    const at = realAt(placed(index, positions), block);
    const re = Math.abs(state[at]! - (amplitudes[2 * index] ?? 0));
    const im = Math.abs(state[at + block]! - (amplitudes[2 * index + 1] ?? 0));
    // Not Math.max: NaN is far.
    if (!(re <= far)) far = re;
    if (!(im <= far)) far = im;
  }
  return far;
}

/** The index in memory; qubits beyond those of `positions` stand where their numbers say. */
const placed = (index: number, positions: readonly number[]): number =>
  positions.reduce(
    (sum, position, qubit) => sum | (((index >> qubit) & 1) << position),
    (index >> positions.length) << positions.length,
  );
