import { CHANNELS } from '@anarq/circuit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DensityMatrix, exactDistribution, runDensity } from '../../src/density/index.ts';
import { followBranches } from '../../src/density/branches.ts';
import { compile, Machine } from '../../src/interpreter/index.ts';
import { bit, circuitOf, gate, measure, noise, reset, when } from '../building.ts';
import { someCircuits } from '../circuits.ts';
import { difference, distance, enumerate, TooMany } from '../oracle.ts';

const channels = [...CHANNELS.keys()];
const MEMORY = 2 ** 26;

/** Rows for columns: the oracle counts them the other way round. */
const transposed = (rho: Float64Array, size: number): Float64Array =>
  rho.map((_, at) => {
    const index = Math.floor(at / 2);
    return rho[2 * (Math.floor(index / size) + size * (index % size)) + (at % 2)]!;
  });

/** The final state of a circuit that is not measured in the middle. */
function finalState(qubits: number, body: Parameters<typeof circuitOf>[2]): DensityMatrix {
  const machine = new Machine(compile(circuitOf(qubits, 0, body)));
  const state = new DensityMatrix(qubits);
  for (let one = machine.next(); one !== undefined; one = machine.next()) {
    if (one.op === 'apply') state.apply(one.matrix, one.qubits, one.controls);
    if (one.op === 'noise') state.applyChannel(one.channel, one.qubits);
    if (one.op === 'reset') state.reset(one.qubit);
  }
  return state;
}

describe('a density matrix', () => {
  it('has the outcomes and the final state of all ways a circuit may go', () => {
    const everything = { measurement: true, control: true, channels };
    let compared = 0;
    fc.assert(
      fc.property(someCircuits(3, 8, everything), (circuit) => {
        let twin: ReturnType<typeof enumerate>;
        try {
          twin = enumerate(circuit, 500);
        } catch (error) {
          if (error instanceof TooMany) return;
          throw error;
        }
        compared += 1;
        expect(distance(exactDistribution({ circuit }, MEMORY), twin.outcomes)).toBeLessThan(1e-12);
        const size = 2 ** circuit.qubits;
        const sum = new Float64Array(2 * size * size);
        followBranches(
          compile(circuit),
          { memoryLimit_bytes: MEMORY },
          ({ weight, state, measures }) => {
            for (const { qubit } of measures) state.dephase(qubit);
            for (const [at, entry] of state.entries.entries()) sum[at]! += weight * entry;
          },
        );
        expect(difference(transposed(sum, size), twin.rho)).toBeLessThan(1e-12);
      }),
      { seed: 1, numRuns: 300 },
    );
    expect(compared).toBeGreaterThan(200);
  });

  it('draws shots as its distribution says', () => {
    const body = [
      gate('h', [0]),
      measure(0, 0, 0.1),
      when(bit(0), [gate('ry', [1], [1])]),
      noise('depolarizing1', [0.2], [1]),
      measure(1, 1),
    ];
    const circuit = circuitOf(2, 2, body);
    const shots = 40_000;
    const { counts } = runDensity({ circuit, shots, seed: 5n });
    for (const [key, p] of exactDistribution({ circuit })) {
      const sigma = Math.sqrt(shots * p * (1 - p));
      // 5 sigma: wrong once in 400,000 seeds for each of the four outcomes.
      expect(Math.abs((counts.get(key) ?? 0) - shots * p)).toBeLessThan(5 * sigma);
    }
    expect(runDensity({ circuit, shots, seed: 5n }).counts).toEqual(counts);
  });

  it('shrinks under noise as the closed forms say', () => {
    const z = [{ qubit: 0, pauli: 'Z' }] as const;
    const x = [{ qubit: 0, pauli: 'X' }] as const;
    for (const p of [0, 0.1, 0.37, 1]) {
      const depolarised = finalState(1, [gate('h', [0]), noise('depolarizing1', [p], [0])]);
      expect(depolarised.expectation(x)).toBeCloseTo(1 - (4 * p) / 3, 13);
      const damped = finalState(1, [gate('x', [0]), noise('amplitude_damping', [p], [0])]);
      expect(damped.expectation(z)).toBeCloseTo(2 * p - 1, 13);
      const coherent = finalState(1, [gate('h', [0]), noise('amplitude_damping', [p], [0])]);
      expect(coherent.expectation(x)).toBeCloseTo(Math.sqrt(1 - p), 13);
      expect(coherent.expectation(z)).toBeCloseTo(p, 13);
      const dephased = finalState(1, [gate('h', [0]), noise('phase_damping', [p], [0])]);
      expect(dephased.expectation(x)).toBeCloseTo(Math.sqrt(1 - p), 13);
      const pair = finalState(2, [
        gate('h', [0]),
        gate('cx', [0, 1]),
        noise('depolarizing2', [p], [0, 1]),
      ]);
      const xx = [{ qubit: 0, pauli: 'X' } as const, { qubit: 1, pauli: 'X' } as const];
      expect(pair.expectation(xx)).toBeCloseTo(1 - (16 * p) / 15, 13);
      expect(pair.trace()).toBeCloseTo(1, 13);
    }
  });

  it('decays with T1 and T2', () => {
    const x = [{ qubit: 0, pauli: 'X' }] as const;
    const z = [{ qubit: 0, pauli: 'Z' }] as const;
    for (const [t1, t2] of [
      [50, 70],
      [50, 100],
      [80, 30],
    ] as const)
      for (const time of [0, 10, 55]) {
        const waits = noise('thermal_relaxation', [t1, t2, time], [0]);
        expect(finalState(1, [gate('x', [0]), waits]).expectation(z)).toBeCloseTo(
          1 - 2 * Math.exp(-time / t1),
          12,
        );
        expect(finalState(1, [gate('h', [0]), waits]).expectation(x)).toBeCloseTo(
          Math.exp(-time / t2),
          12,
        );
      }
  });

  it('knows what its parts are, how pure it is, and how close to another', () => {
    const bell = finalState(2, [gate('h', [0]), gate('cx', [0, 1])]);
    expect(bell.purity()).toBeCloseTo(1, 13);
    const half = bell.partialTrace([1]);
    expect(half.purity()).toBeCloseTo(0.5, 13);
    expect(half.probabilityOfOne(0)).toBeCloseTo(0.5, 13);
    const order = finalState(2, [gate('x', [0])]).partialTrace([1, 0]);
    expect(order.probabilityOf(2)).toBeCloseTo(1, 13);
    for (const p of [0.1, 0.5]) {
      const werner = finalState(2, [
        gate('h', [0]),
        gate('cx', [0, 1]),
        noise('depolarizing2', [p], [0, 1]),
      ]);
      expect(werner.fidelity(bell)).toBeCloseTo(1 - (4 * p) / 5, 6);
      expect(werner.fidelity(werner)).toBeCloseTo(1, 6);
    }
    // Two diagonal states: the squared sum of sqrt(p q).
    const a = finalState(1, [noise('x_error', [0.2], [0])]);
    const b = finalState(1, [noise('x_error', [0.4], [0])]);
    expect(a.fidelity(b)).toBeCloseTo((Math.sqrt(0.8 * 0.6) + Math.sqrt(0.2 * 0.4)) ** 2, 10);
  });

  it('is refused before it is made where it is too large, or parts too often', () => {
    const wide = circuitOf(13, 0, []);
    expect(() => runDensity({ circuit: wide, shots: 1, seed: 1n }, 2 ** 29)).toThrow(
      /13 qubits takes 1073741824 bytes; the limit is 536870912/,
    );
    expect(() => new DensityMatrix(14)).toThrow(/at most 13 qubits/);
    const parting = Array.from({ length: 20 }, () => [
      gate('h', [0]),
      measure(0, 0),
      reset(0),
    ]).flat();
    expect(() =>
      runDensity({ circuit: circuitOf(1, 1, parting), shots: 1, seed: 1n }, 640),
    ).toThrow(/branches/);
  });
});
