import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DenseState } from '../../src/dense/denseState.ts';
import { ReferenceState } from '../../src/interpreter/index.ts';
import { MpsState, runMps } from '../../src/mps/index.ts';
import { circuitOf, gate, measure } from '../building.ts';
import { someCircuits } from '../circuits.ts';
import { brickwork, range } from './brickwork.ts';
import { difference, walkOnce } from '../oracle.ts';

const full = { bondMax: 2 ** 20, cutOff: 1e-26 };

const ghz = (qubits: number) => [
  gate('h', [0]),
  ...range(qubits - 1).map((k) => gate('cx', [k, k + 1])),
];

describe('a matrix product state', () => {
  it('has the same expectation values after gates far apart', () => {
    const paulis = fc.array(fc.constantFrom('X', 'Y', 'Z', 'I'), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(someCircuits(6, 14), paulis, (circuit, product) => {
        const factors = product
          .slice(0, circuit.qubits)
          .flatMap((pauli, qubit) => (pauli === 'I' ? [] : [{ qubit, pauli }]));
        const twin = walkOnce(circuit, new ReferenceState(circuit.qubits), 1n).state;
        const mps = walkOnce(circuit, MpsState.zero(circuit.qubits, full), 1n).state;
        expect(mps.expectation(factors)).toBeCloseTo(twin.expectation(factors), 11);
      }),
      { seed: 8, numRuns: 150 },
    );
  });

  it('holds a GHZ state of 100 qubits exactly with bonds of 2', () => {
    const qubits = 100;
    const { state } = walkOnce(
      circuitOf(qubits, 0, ghz(qubits)),
      MpsState.zero(qubits, { bondMax: 2, cutOff: 0 }),
      1n,
    );
    expect(state.bond).toBe(2);
    expect(state.discardedWeight).toBeLessThan(1e-28);
    expect(state.expectation(range(qubits).map((qubit) => ({ qubit, pauli: 'X' })))).toBeCloseTo(
      1,
      12,
    );
    expect(
      state.expectation([
        { qubit: 3, pauli: 'Z' },
        { qubit: 97, pauli: 'Z' },
      ]),
    ).toBeCloseTo(1, 12);
    const measured = circuitOf(qubits, qubits, [
      ...ghz(qubits),
      ...range(qubits).map((k) => measure(k)),
    ]);
    const outcome = runMps({ circuit: measured, shots: 400, seed: 2n }, { bondMax: 2 });
    expect([...outcome.counts.keys()].toSorted()).toEqual(['0'.repeat(qubits), '1'.repeat(qubits)]);
    // 200 each are expected, with a standard deviation of 10.
    expect(Math.abs(outcome.counts.get('0'.repeat(qubits))! - 200)).toBeLessThan(50);
  });

  it('equals the state vector on 12 qubits of brickwork, at full bonds', () => {
    const circuit = circuitOf(12, 0, brickwork(12, 8, 4n));
    const twin = walkOnce(circuit, new DenseState(12), 1n).state;
    const mps = walkOnce(circuit, MpsState.zero(12, full), 1n).state;
    expect(mps.bond).toBe(64);
    for (const qubits of [
      [0, 1, 2],
      [5, 6],
      [11, 0, 4],
    ])
      expect(difference(mps.reduced(qubits), twin.reduced(qubits))).toBeLessThan(1e-10);
    const factors = range(12).map((qubit) => ({
      qubit,
      pauli: (['X', 'Y', 'Z'] as const)[qubit % 3]!,
    }));
    expect(Math.abs(mps.expectation(factors) - twin.expectation(factors))).toBeLessThan(1e-10);
  });

  it('says how much it cut off, and is off by no more than that', () => {
    const circuit = circuitOf(10, 0, brickwork(10, 10, 5n));
    const twin = walkOnce(circuit, new DenseState(10), 1n).state;
    let before = Infinity;
    for (const bondMax of [4, 8, 16, 32]) {
      const { state } = walkOnce(circuit, MpsState.zero(10, { bondMax, cutOff: 0 }), 1n);
      expect(state.bond).toBeLessThanOrEqual(bondMax);
      expect(state.discardedWeight).toBeLessThan(before);
      before = state.discardedWeight;
      // Each cut moves the state by at most the root of what it discards, of which there are many.
      const off = Math.abs(
        state.expectation([{ qubit: 4, pauli: 'Z' }]) -
          twin.expectation([{ qubit: 4, pauli: 'Z' }]),
      );
      expect(off).toBeLessThanOrEqual(2 * Math.sqrt(2 * 45 * state.discardedWeight) + 1e-10);
    }
    expect(before).toBeLessThan(1e-20);
  });

  it('draws shots with the probabilities of the state vector', () => {
    const circuit = circuitOf(4, 4, [...brickwork(4, 4, 6n), ...range(4).map((k) => measure(k))]);
    const shots = 20_000;
    const { counts } = runMps({ circuit, shots, seed: 9n });
    const { state } = walkOnce(circuitOf(4, 0, circuit.body.slice(0, -4)), new DenseState(4), 1n);
    let chiSquared = 0;
    for (const index of range(16)) {
      const p = state.amplitudes[2 * index]! ** 2 + state.amplitudes[2 * index + 1]! ** 2;
      const key = index.toString(2).padStart(4, '0');
      chiSquared += ((counts.get(key) ?? 0) - shots * p) ** 2 / (shots * p);
    }
    // 15 degrees of freedom: above 52 once in 200,000 seeds.
    expect(chiSquared).toBeLessThan(52);
  });

  it('refuses a gate on more sites than fit into one tensor', () => {
    const controls = range(12).map((k) => ({ qubit: k + 1, value: 1 as const }));
    const circuit = circuitOf(13, 0, [gate('x', [0], [], controls)]);
    expect(() => runMps({ circuit, shots: 1, seed: 1n })).toThrow(/at most 12 qubits/);
  });
});
