import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  interpret,
  paddedQubits,
  planSteps,
  readPlan,
  realAt,
  writePlan,
} from '../../src/index.ts';
import { ReferenceState } from '../../src/interpreter/index.ts';
import { distance, largest, someSteps, stepped } from './circuits.ts';
import { operatePlainly, someOperation } from './operations.ts';

const casesOf = (qubits: number): fc.Arbitrary<{ qubits: number; steps: Steps }> =>
  someSteps(qubits, 20).map((steps) => ({ qubits, steps }));
type Steps = Parameters<typeof planSteps>[0];

const counted = (qubits: number): number[] => Array.from({ length: qubits }, (_, qubit) => qubit);

/** Amplitudes that all differ. */
const unlike = (qubits: number): ReferenceState => {
  const state = new ReferenceState(qubits);
  state.amplitudes = state.amplitudes.map((_, at) =>
    at % 2 === 0 ? Math.cos(at / 2) : Math.sin((3 * (at - 1)) / 2),
  );
  return state;
};

describe('the interpreter of plans', () => {
  it('does what the matrices do, one after the other', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }).chain(casesOf), ({ qubits, steps }) => {
        const plan = planSteps(steps, counted(qubits));
        const state = new Float64Array(2 ** (paddedQubits(qubits) + 1));
        state[0] = 1;
        interpret(state, plan);
        const expected = stepped(qubits, steps);
        expect(distance(state, expected, plan.positions)).toBeLessThan(1e-12 * largest(expected));
      }),
      { numRuns: 300, seed: 5 },
    );
  });

  it('does for each operation what the table of plans says', () => {
    fc.assert(
      fc.property(fc.array(someOperation(8, 4), { minLength: 1, maxLength: 4 }), (operations) => {
        const plan = writePlan(8, operations, counted(8));
        const before = unlike(8);
        const state = new Float64Array(2 ** 9);
        for (let index = 0; index < 256; index += 1) {
          state[realAt(index, 8)] = before.amplitudes[2 * index]!;
          state[realAt(index, 8) + 8] = before.amplitudes[2 * index + 1]!;
        }
        interpret(state, plan);
        for (const operation of operations) operatePlainly(before, operation);
        expect(distance(state, before)).toBeLessThan(1e-9 * largest(before));
      }),
      { numRuns: 300, seed: 6 },
    );
  });

  it('reads the operations that were written', () => {
    fc.assert(
      fc.property(fc.array(someOperation(9, 4), { maxLength: 5 }), (operations) => {
        expect(readPlan(writePlan(9, operations, counted(9)))).toEqual(operations);
      }),
      { numRuns: 100, seed: 7 },
    );
  });
});
