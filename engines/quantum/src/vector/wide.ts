import { offsetsOf } from '../linear/offsets.ts';
import { blockOf, precisionOf, realAt, type Reals } from '../stateVector/layout.ts';
import type { Step } from '../stateVector/step.ts';

/** Applies a matrix on more qubits than plans take, straight from its definition. */
export function applyWide(state: Reals, step: Step, positions: readonly number[]): void {
  const { matrix, qubits, controls } = step;
  const block = blockOf(precisionOf(state));
  const size = 2 ** qubits.length;
  const places = qubits.map((qubit) => positions[qubit]!);
  const offsets = offsetsOf(places);
  const before = new Float64Array(2 * size);
  for (let first = 0; first < state.length / 2; first += 1) {
    if (!places.every((place) => bitOf(first, place) === 0)) continue;
    if (!controls.every(({ qubit, value }) => bitOf(first, positions[qubit]!) === value)) continue;
    for (const [k, offset] of offsets.entries()) {
      const at = realAt(first + offset, block);
      before[2 * k] = state[at]!;
      before[2 * k + 1] = state[at + block]!;
    }
    for (const [row, offset] of offsets.entries()) {
      let re = 0;
      let im = 0;
      for (let column = 0; column < size; column += 1) {
        const entry = 2 * (row * size + column);
        re += matrix[entry]! * before[2 * column]! - matrix[entry + 1]! * before[2 * column + 1]!;
        im += matrix[entry]! * before[2 * column + 1]! + matrix[entry + 1]! * before[2 * column]!;
      }
      const at = realAt(first + offset, block);
      state[at] = re;
      state[at + block] = im;
    }
  }
}

const bitOf = (index: number, place: number): number => Math.floor(index / 2 ** place) % 2;
