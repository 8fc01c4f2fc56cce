import { GATES } from '@anarq/circuit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { simulate } from '../../src/automatic/index.ts';
import { DenseState } from '../../src/dense/denseState.ts';
import {
  interpret,
  originalPositions,
  PASS,
  planSteps,
  readPlan,
  type Executor,
  type RunProgress,
} from '../../src/index.ts';
import type { Reals } from '../../src/stateVector/layout.ts';
import { partsOf } from '../../src/stateVector/planWriter.ts';
import { ExecutorState, executorOf, plainExecutor } from '../../src/vector/index.ts';
import { bit, circuitOf, gate, measure, noise, when } from '../building.ts';
import { someCircuits } from '../circuits.ts';
import { difference, walkOnce } from '../oracle.ts';

describe('a state on an executor', () => {
  it('tells how far a run is, by passes of an executor or by gates, then by shots', () => {
    const qubits = 12;
    const body = [
      ...Array.from({ length: qubits }, (_, k) => gate('ry', [k], [0.3 + k])),
      ...Array.from({ length: qubits }, (_, k) => gate('crx', [k, (k + 5) % qubits], [0.7])),
      ...Array.from({ length: qubits }, (_, k) => measure(k)),
    ];
    const task = { circuit: circuitOf(qubits, qubits, body), shots: 10_000, seed: 3n };
    const parts = (executor?: Executor): string[] => {
      const told: RunProgress[] = [];
      const limits = { method: 'statevector', memoryLimit_bytes: 2 ** 24 } as const;
      const options = { ...limits, ...(executor === undefined ? {} : { executor }) };
      const { outcome } = simulate(task, { ...options, progress: (one) => void told.push(one) });
      expect(outcome).toEqual(simulate(task, options).outcome);
      for (const [k, { part, done, total }] of told.entries()) {
        expect(done).toBeLessThanOrEqual(total);
        if (told[k - 1]?.part === part) expect(done).toBeGreaterThan(told[k - 1]!.done);
      }
      return [...new Set(told.map(({ part }) => part))];
    };
    expect(parts()).toEqual(['gates', 'shots']);
    expect(parts(plainExecutor('f64'))).toEqual(['passes', 'shots']);
  });

  it('is the same where a plan is run in parts', () => {
    const steps = Array.from({ length: 40 }, (_, k) => ({
      matrix: GATES.get('rx')!.matrix(0.3 + k),
      qubits: [(k * 5) % 16],
      controls: [{ qubit: (k * 5 + 8) % 16, value: 1 as const }],
    }));
    const plan = planSteps(steps, originalPositions(16), { tileQubits: 10, rowQubits: 6 });
    const [whole, parted] = [new Float64Array(2 ** 17), new Float64Array(2 ** 17)];
    whole[0] = parted[0] = 1;
    interpret(whole, plan);
    const told = partsOf(plan, 2).map(({ part, done, total }) => {
      interpret(parted, part);
      return `${done} of ${total}`;
    });
    const passes = readPlan(plan).filter(({ op }) => op === PASS).length;
    expect(told.length).toBe(Math.ceil(passes / 2));
    expect(told.length).toBeGreaterThan(1);
    expect(told.at(-1)).toBe(`${passes} of ${passes}`);
    expect(parted).toEqual(whole);
  });

  it('has the expectation values, parts and samples of the plain state vector, in f64 and f32', () => {
    const paulis = fc.array(fc.constantFrom('X', 'Y', 'Z', 'I'), { minLength: 7, maxLength: 7 });
    const below = fc.double({ min: 0, max: 0.999, noNaN: true });
    fc.assert(
      fc.property(someCircuits(7, 16), paulis, below, (circuit, product, uniform) => {
        const { qubits } = circuit;
        const twin = walkOnce(circuit, new DenseState(qubits), 1n).state;
        const factors = product
          .slice(0, qubits)
          .flatMap((pauli, qubit) => (pauli === 'I' ? [] : [{ qubit, pauli }]));
        for (const [precision, tolerance] of [
          ['f64', 1e-11],
          ['f32', 1e-4],
        ] as const) {
          const state = ExecutorState.zero(plainExecutor(precision), qubits);
          walkOnce(circuit, state, 1n);
          const some = [qubits - 1, 0].slice(0, Math.min(2, qubits));
          expect(difference(state.reduced(some), twin.reduced(some))).toBeLessThan(tolerance);
          expect(Math.abs(state.expectation(factors) - twin.expectation(factors))).toBeLessThan(
            tolerance,
          );
          if (precision === 'f32') continue;
          // Swaps move names, so another amplitude may be looked up than in the twin, but none that is 0.
          const bits = new Uint8Array(qubits);
          state.sampler()(() => uniform, bits);
          expect(probabilityOf(twin, bits)).toBeGreaterThan(0);
        }
      }),
      { seed: 16, numRuns: 120 },
    );
  });

  it('draws shots with the probabilities of the state', () => {
    const body = [
      gate('ry', [0], [1]),
      gate('swap', [0, 3]),
      gate('cry', [3, 1], [2]),
      gate('h', [2]),
      measure(0),
      measure(1),
      measure(2),
      measure(3),
    ];
    const shots = 10_000;
    const { outcome } = simulate(
      { circuit: circuitOf(4, 4, body), shots, seed: 17n },
      { method: 'statevector', memoryLimit_bytes: 2 ** 20, executor: plainExecutor('f64') },
    );
    const one = Math.sin(0.5) ** 2;
    let chiSquared = 0;
    for (const [key, p] of Object.entries({
      '0000': 1 - one,
      '1000': one * Math.cos(1) ** 2,
      '1010': one * Math.sin(1) ** 2,
    })) {
      for (const half of [key, `${key[0]}1${key.slice(2)}`])
        chiSquared += ((outcome.counts.get(half) ?? 0) - (shots * p) / 2) ** 2 / ((shots * p) / 2);
    }
    expect(outcome.counts.size).toBe(6);
    // 5 degrees of freedom: above 30 once in 65,000 seeds.
    expect(chiSquared).toBeLessThan(30);
  });

  it('gives back the memory of every state, and holds no more than it was allowed', () => {
    const held = new Set<Reals>();
    let most = 0;
    const plain = plainExecutor('f64');
    const executor = executorOf({
      name: 'counting',
      allocate: (qubits) => {
        const state = plain.allocate(qubits);
        state.fill(0);
        held.add(state);
        most = Math.max(most, held.size);
        return state;
      },
      release: (state) => void held.delete(state),
      run: (state, plan) => plain.run(state, plan),
    });
    const body = [
      gate('h', [0]),
      measure(0),
      when(bit(0), [gate('h', [1])]),
      noise('depolarizing1', [0.5], [1]),
      noise('amplitude_damping', [0.5], [1]),
      measure(1),
    ];
    const circuit = circuitOf(2, 2, body);
    const bytes = 16 * 2 ** 6;
    const { copies } = simulate(
      { circuit, shots: 500, seed: 18n },
      { method: 'trajectories', memoryLimit_bytes: 10 * bytes, executor },
    );
    expect(copies).toBe(5);
    expect(most).toBeLessThanOrEqual(5);
    expect(most).toBeGreaterThan(2);
    expect(held.size).toBe(0);
  });

  it('applies matrices on more qubits than a plan takes', () => {
    const size = 2 ** 5;
    const cycle = new Float64Array(2 * size * size);
    for (let column = 0; column < size; column += 1)
      cycle[2 * (((column + 1) % size) * size + column)] = 1;
    const state = ExecutorState.zero(plainExecutor('f64'), 7);
    const twin = new DenseState(7);
    for (const one of [state, twin]) {
      one.apply(Float64Array.of(0.6, 0, 0.8, 0, 0.8, 0, -0.6, 0), [4], []);
      one.apply(cycle, [6, 0, 4, 2, 3], [{ qubit: 1, value: 0 }]);
    }
    expect(difference(state.reduced([0, 6, 4]), twin.reduced([0, 6, 4]))).toBeLessThan(1e-12);
  });
});

function probabilityOf(state: DenseState, bits: Uint8Array): number {
  const index = bits.reduce((sum, value, qubit) => sum + value * 2 ** qubit, 0);
  return state.amplitudes[2 * index]! ** 2 + state.amplitudes[2 * index + 1]! ** 2;
}
