import { describe, expect, it } from 'vitest';
import { DenseState } from '../../src/dense/denseState.ts';
import { MpsState } from '../../src/mps/index.ts';
import { circuitOf } from '../building.ts';
import { brickwork, range } from './brickwork.ts';
import { difference, walkOnce } from '../oracle.ts';

describe('a matrix product state of 20 qubits', () => {
  it('equals the state vector to 1e-10 at full bonds', () => {
    // Each pair of layers multiplies the middle bond by 4 at most, 256 after eight; what is 0 but for rounding
    // is cut off.
    const circuit = circuitOf(20, 0, brickwork(20, 8, 7n));
    const twin = walkOnce(circuit, new DenseState(20), 1n).state;
    const mps = walkOnce(circuit, MpsState.zero(20, { bondMax: 1_024, cutOff: 1e-26 }), 1n).state;
    expect(mps.bond).toBeGreaterThan(200);
    expect(mps.bond).toBeLessThanOrEqual(256);
    for (const qubits of [
      [9, 10, 11],
      [0, 19],
      [4, 12],
    ])
      expect(difference(mps.reduced(qubits), twin.reduced(qubits))).toBeLessThan(1e-10);
    const factors = range(20).map((qubit) => ({
      qubit,
      pauli: (['X', 'Y', 'Z'] as const)[qubit % 3]!,
    }));
    expect(Math.abs(mps.expectation(factors) - twin.expectation(factors))).toBeLessThan(1e-10);
  }, 600_000);
});
