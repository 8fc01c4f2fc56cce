import { CHANNELS } from '@anarq/circuit';
import fc from 'fast-check';
import { expect } from 'vitest';
import { DenseState } from '../src/dense/denseState.ts';
import { ReferenceState, type QuantumState } from '../src/interpreter/index.ts';
import { MpsState } from '../src/mps/index.ts';
import { SparseState } from '../src/sparse/index.ts';
import { ExecutorState, plainExecutor } from '../src/vector/index.ts';
import { someCircuits } from './circuits.ts';
import { difference, walkOnce } from './oracle.ts';

const everything = { measurement: true, control: true, channels: [...CHANNELS.keys()] };

/** The states that methods hold, each beginning at |0…0>. */
const states: readonly ((qubits: number) => QuantumState)[] = [
  (qubits) => new DenseState(qubits),
  (qubits) => ExecutorState.zero(plainExecutor('f64'), qubits),
  (qubits) => new SparseState(qubits, 2 ** qubits),
  (qubits) => MpsState.zero(qubits, { bondMax: 2 ** 20, cutOff: 1e-26 }),
];

/**
 * Runs generated circuits (gates with controls, measurement, reset, control flow, noise) on the plainest
 * state and on those of the methods with the same random numbers: they show the same bits and end in the
 * same state.
 */
export function expectSameShots(seed: number, numRuns: number): void {
  fc.assert(
    fc.property(
      someCircuits(5, 16, everything),
      fc.bigInt({ min: 0n, max: 999n }),
      (circuit, shotSeed) => {
        const twin = walkOnce(circuit, new ReferenceState(circuit.qubits), shotSeed);
        const all = Array.from({ length: circuit.qubits }, (_, qubit) => qubit);
        const rho = twin.state.reduced(all);
        for (const make of states) {
          const { bits, state } = walkOnce(circuit, make(circuit.qubits), shotSeed);
          expect(bits).toEqual(twin.bits);
          expect(difference(state.reduced(all), rho)).toBeLessThan(1e-10);
        }
      },
    ),
    { seed, numRuns },
  );
}
