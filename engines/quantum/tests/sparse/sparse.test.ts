import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReferenceState } from '../../src/interpreter/index.ts';
import { runSparse, SparseState } from '../../src/sparse/index.ts';
import { circuitOf, gate, measure } from '../building.ts';
import { someCircuits } from '../circuits.ts';
import { walkOnce } from '../oracle.ts';

const range = (count: number): number[] => Array.from({ length: count }, (_, k) => k);

describe('a sparse state', () => {
  it('has the same expectation values', () => {
    const paulis = fc.array(fc.constantFrom('X', 'Y', 'Z', 'I'), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(someCircuits(5, 12), paulis, (circuit, product) => {
        const factors = product
          .slice(0, circuit.qubits)
          .flatMap((pauli, qubit) => (pauli === 'I' ? [] : [{ qubit, pauli }]));
        const twin = walkOnce(circuit, new ReferenceState(circuit.qubits), 1n).state;
        const sparse = walkOnce(circuit, new SparseState(circuit.qubits, 64), 1n).state;
        expect(sparse.expectation(factors)).toBeCloseTo(twin.expectation(factors), 11);
      }),
      { seed: 6, numRuns: 150 },
    );
  });

  it('holds a GHZ state of 60 and of 1,000 qubits in two amplitudes', () => {
    for (const qubits of [60, 1_000]) {
      const body = [
        gate('h', [0]),
        ...range(qubits - 1).map((k) => gate('cx', [k, k + 1])),
        ...range(qubits).map((k) => measure(k)),
      ];
      const factors = range(qubits).map((qubit) => ({ qubit, pauli: 'X' as const }));
      const { counts } = runSparse({
        circuit: circuitOf(qubits, qubits, body),
        shots: 1_000,
        seed: 1n,
      });
      expect([...counts.keys()].toSorted()).toEqual(['0'.repeat(qubits), '1'.repeat(qubits)]);
      // 500 each are expected, with a standard deviation of 16.
      expect(Math.abs(counts.get('0'.repeat(qubits))! - 500)).toBeLessThan(80);
      const state = new SparseState(qubits, 2);
      walkOnce(circuitOf(qubits, qubits, body.slice(0, qubits)), state, 1n);
      expect(state.entries).toBe(2);
      expect(state.expectation(factors)).toBeCloseTo(1, 13);
    }
  });

  it('adds two numbers of 40 bits in superposition', () => {
    // The adder of Cuccaro et al. (quant-ph/0410184): b becomes a + b; qubit 0 carries in, the last out.
    const width = 40;
    const a = (k: number): number => 1 + 2 * k;
    const b = (k: number): number => 2 + 2 * k;
    const carry = 1 + 2 * width;
    const majority = (x: number, y: number, z: number) => [
      gate('cx', [z, y]),
      gate('cx', [z, x]),
      gate('ccx', [x, y, z]),
    ];
    const unmajority = (x: number, y: number, z: number) => [
      gate('ccx', [x, y, z]),
      gate('cx', [z, x]),
      gate('cx', [x, y]),
    ];
    const before = (k: number): number => (k === 0 ? 0 : a(k - 1));
    const adder = [
      ...range(width).flatMap((k) => majority(before(k), b(k), a(k))),
      gate('cx', [a(width - 1), carry]),
      ...range(width)
        .toReversed()
        .flatMap((k) => unmajority(before(k), b(k), a(k))),
    ];
    const [x, y] = [0xab_cdef_0123n, 0x98_7654_3210n];
    const put = (value: bigint, at: (k: number) => number) =>
      range(width).flatMap((k) => (((value >> BigInt(k)) & 1n) === 1n ? [gate('x', [at(k)])] : []));
    const body = [
      ...put(x & ~7n, a),
      ...put(y, b),
      // The lowest three bits of a are every number at once.
      ...range(3).map((k) => gate('h', [a(k)])),
      ...adder,
      ...range(width).map((k) => measure(b(k), k)),
      measure(carry, width),
      ...range(3).map((k) => measure(a(k), width + 1 + k)),
    ];
    const circuit = circuitOf(2 * width + 2, width + 4, body);
    const { counts } = runSparse({ circuit, shots: 400, seed: 3n }, { entriesMax: 8 });
    expect(counts.size).toBe(8);
    for (const key of counts.keys()) {
      const low = BigInt(`0b${key.slice(0, 3)}`);
      expect(BigInt(`0b${key.slice(3)}`)).toBe((x & ~7n) + low + y);
    }
  });

  it('is refused with the numbers where too many amplitudes are not 0', () => {
    const body = range(12).map((k) => gate('h', [k]));
    expect(() =>
      runSparse({ circuit: circuitOf(12, 0, body), shots: 1, seed: 1n }, { entriesMax: 1_000 }),
    ).toThrow(/More than 1000 amplitudes of 12 qubits are not 0, which take \d+ bytes/);
  });
});
