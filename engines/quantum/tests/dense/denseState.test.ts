import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DenseState } from '../../src/dense/denseState.ts';
import { ReferenceState } from '../../src/interpreter/index.ts';
import { someCircuits } from '../circuits.ts';
import { difference, walkOnce } from '../oracle.ts';

describe('a dense state', () => {
  it('has the same expectation values, parts and samples', () => {
    const pauli = fc.constantFrom('X', 'Y', 'Z', 'I');
    fc.assert(
      fc.property(
        someCircuits(5, 16),
        fc.array(pauli, { minLength: 5, maxLength: 5 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (circuit, paulis, uniform) => {
          const twin = walkOnce(circuit, new ReferenceState(circuit.qubits), 1n).state;
          const dense = walkOnce(circuit, new DenseState(circuit.qubits), 1n).state;
          const factors = paulis
            .slice(0, circuit.qubits)
            .flatMap((one, qubit) => (one === 'I' ? [] : [{ qubit, pauli: one }]));
          expect(dense.expectation(factors)).toBeCloseTo(twin.expectation(factors), 11);
          const some = [circuit.qubits - 1, 0].slice(0, Math.min(2, circuit.qubits));
          expect(difference(dense.reduced(some), twin.reduced(some))).toBeLessThan(1e-11);
          const [a, b] = [new Uint8Array(circuit.qubits), new Uint8Array(circuit.qubits)];
          twin.sampler()(() => uniform, a);
          dense.sampler()(() => uniform, b);
          expect(b).toEqual(a);
        },
      ),
      { seed: 4, numRuns: 200 },
    );
  });
});
