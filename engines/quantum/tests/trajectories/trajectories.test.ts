import { CHANNELS } from '@anarq/circuit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactDistribution, runDensity } from '../../src/density/index.ts';
import { ReferenceState } from '../../src/interpreter/index.ts';
import { runTrajectories } from '../../src/trajectories/index.ts';
import { bit, circuitOf, gate, measure, noise, when } from '../building.ts';
import { someCircuits } from '../circuits.ts';

const everything = { measurement: true, control: true, channels: [...CHANNELS.keys()] };
const zs = (qubit: number) => [{ coefficient: 1, factors: [{ qubit, pauli: 'Z' as const }] }];
const xs = (qubit: number) => [{ coefficient: 1, factors: [{ qubit, pauli: 'X' as const }] }];

describe('trajectories', () => {
  it('have the mean of the density matrix, within four of the standard errors that they tell', () => {
    const beyond: number[] = [];
    let compared = 0;
    fc.assert(
      fc.property(someCircuits(3, 10, everything), (circuit) => {
        const observables = [zs(0), xs(circuit.qubits - 1)];
        const exact = runDensity({ circuit, shots: 0, seed: 1n, observables }, 2 ** 24);
        const { expectations } = runTrajectories(
          { circuit, shots: 0, seed: 2n, observables },
          { trajectories: 400 },
        );
        for (const [k, { value, standardError }] of expectations.entries()) {
          compared += 1;
          const off = Math.abs(value - exact.expectations[k]!.value);
          // Rare ways that no walk took are in no standard error: 400 walks miss what happens once in 100.
          if (off > 4 * standardError + 1e-9) beyond.push(off);
        }
      }),
      { seed: 10, numRuns: 40 },
    );
    expect(compared).toBe(80);
    // Beyond 4 sigma: once in 16,000 for normal errors; skewed ones of 400 walks a few times more often.
    expect(beyond.length).toBeLessThanOrEqual(1);
    expect(Math.max(0, ...beyond)).toBeLessThan(0.05);
  });

  it('end with each outcome as often as its probability says', () => {
    const body = [
      gate('h', [0]),
      noise('amplitude_damping', [0.3], [0]),
      measure(0, 0, 0.05),
      when(bit(0), [gate('ry', [1], [1.2])], [gate('h', [1])]),
      noise('depolarizing2', [0.2], [0, 1]),
      measure(1, 1),
    ];
    const circuit = circuitOf(2, 2, body);
    const shots = 10_000;
    const { counts } = runTrajectories({ circuit, shots, seed: 3n });
    let chiSquared = 0;
    for (const [key, p] of exactDistribution({ circuit }))
      chiSquared += ((counts.get(key) ?? 0) - shots * p) ** 2 / (shots * p);
    // 3 degrees of freedom: above 25 once in 65,000 seeds.
    expect(chiSquared).toBeLessThan(25);
  });

  it('tell a standard error that falls with the root of their number', () => {
    const circuit = circuitOf(1, 0, [gate('h', [0]), noise('depolarizing1', [0.3], [0])]);
    // X is 1 or -1, with mean m = 1 - 4 p / 3 and variance 1 - m^2.
    const sigma = Math.sqrt(1 - 0.6 ** 2);
    for (const trajectories of [400, 6_400]) {
      const { expectations } = runTrajectories(
        { circuit, shots: 0, seed: 4n, observables: [xs(0)] },
        { trajectories },
      );
      const expected = sigma / Math.sqrt(trajectories);
      expect(expectations[0]!.standardError / expected).toBeCloseTo(1, 0);
      expect(Math.abs(expectations[0]!.value - 0.6)).toBeLessThan(4 * expected);
    }
  });

  it('need no walks where nothing is random, and give exact values', () => {
    const circuit = circuitOf(2, 2, [gate('h', [0]), gate('cx', [0, 1]), measure(0), measure(1)]);
    const zz = [
      {
        coefficient: 2,
        factors: [
          { qubit: 0, pauli: 'Z' as const },
          { qubit: 1, pauli: 'Z' as const },
        ],
      },
    ];
    const { counts, expectations } = runTrajectories({
      circuit,
      shots: 100_000,
      seed: 5n,
      observables: [zz, xs(0)],
    });
    expect(expectations[0]!.value).toBeCloseTo(2, 13);
    expect(expectations[0]!.standardError).toBe(0);
    // The final state is the one after the measurements, over all that they may show.
    expect(expectations[1]).toEqual({ value: 0, standardError: 0 });
    // 50,000 expected, standard deviation 158.
    expect(Math.abs(counts.get('00')! - 50_000)).toBeLessThan(800);
    expect([...counts.keys()].toSorted()).toEqual(['00', '11']);
  });

  it('come out the same whether they walk together or each by itself', () => {
    fc.assert(
      fc.property(someCircuits(3, 12, everything), (circuit) => {
        const task = { circuit, shots: 24, seed: 7n, observables: [zs(0)] };
        const alone = runTrajectories(task, { copiesMax: 1 });
        const together = runTrajectories(task, { copiesMax: 6 });
        expect(Object.fromEntries(together.counts)).toEqual(Object.fromEntries(alone.counts));
        const [a, b] = [alone.expectations[0]!, together.expectations[0]!];
        expect(b.value).toBeCloseTo(a.value, 12);
        expect(b.standardError).toBeCloseTo(a.standardError, 12);
      }),
      { seed: 15, numRuns: 60 },
    );
  });

  it('run on any state vector that is given', () => {
    const body = [gate('h', [0]), noise('amplitude_damping', [0.4], [0]), measure(0)];
    const task = { circuit: circuitOf(1, 1, body), shots: 200, seed: 6n };
    const own = runTrajectories(task);
    const given = runTrajectories(task, { makeState: (qubits) => new ReferenceState(qubits) });
    expect([...given.counts]).toEqual([...own.counts]);
  });
});
