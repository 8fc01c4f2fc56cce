import type { Instruction } from '@anarq/circuit';
import { describe, expect, it } from 'vitest';
import {
  chooseMethod,
  simulate,
  SPEEDS_DEFAULT,
  speedsOn,
  type ChoiceOptions,
} from '../../src/automatic/index.ts';
import { executorOf, plainExecutor } from '../../src/vector/index.ts';
import { bit, circuitOf, gate, measure, noise, when } from '../building.ts';

const GIB = 2 ** 30;
const options: ChoiceOptions = { shots: 1_000, memoryLimit_bytes: 4 * GIB };
const range = (count: number): number[] => Array.from({ length: count }, (_, k) => k);
const measureAll = (qubits: number): Instruction[] => range(qubits).map((k) => measure(k));
const choose = (qubits: number, body: readonly Instruction[], more: Partial<ChoiceOptions> = {}) =>
  chooseMethod(circuitOf(qubits, qubits, [...body, ...measureAll(qubits)]), {
    ...options,
    ...more,
  });

const ghz = (qubits: number): Instruction[] => [
  gate('h', [0]),
  ...range(qubits - 1).map((k) => gate('cx', [k, k + 1])),
];
/** Layers of rotations and of pairs at every distance: entangled as much as can be. */
const scrambled = (qubits: number, layers: number): Instruction[] =>
  range(layers).flatMap((layer) => [
    ...range(qubits).map((k) => gate('rx', [k], [0.3 + k + layer])),
    ...range(qubits).map((k) => gate('cp', [k, (k + layer + 1) % qubits], [0.7])),
  ]);

describe('the method of a circuit', () => {
  it('is the stabiliser method for Clifford gates and Pauli noise', () => {
    const { method, why } = choose(1_000, [...ghz(1_000), noise('depolarizing2', [0.01], [0, 1])]);
    expect(method).toBe('stabiliser');
    expect(why).toMatch(
      /^All 1,000 gates are Clifford .* 1,000 qubits \(\d+ KiB\) is enough; about/,
    );
    expect(choose(1, [gate('h', [0])]).why).toMatch(/^The one gate is Clifford and all noise/);
    expect(choose(1, []).why).toMatch(/^There are no gates and all noise/);
  });

  it('is the state vector where it fits and everything is entangled', () => {
    const { method, why, memory_bytes, alternatives } = choose(20, scrambled(20, 12));
    expect(method).toBe('statevector');
    expect(memory_bytes).toBe(16 * 2 ** 20);
    expect(why).toMatch(/20 qubits takes 16 MiB/);
    const others = Object.fromEntries(alternatives.map((one) => [one.method, one]));
    expect(others['stabiliser']).toMatchObject({
      possible: false,
      why: expect.stringMatching(/Clifford/),
    });
    expect(others['density']).toMatchObject({
      possible: false,
      why: expect.stringMatching(/at most 13 qubits, not 20/),
    });
    expect(others['trajectories']).toMatchObject({ possible: false });
    expect(others['mps']).toMatchObject({ possible: true, isExact: false });
    expect(others['sparse']).toMatchObject({ possible: true });
  });

  it('is a density matrix where noise is on few qubits and shots are many, else trajectories', () => {
    const noisy = (qubits: number): Instruction[] => [
      ...scrambled(qubits, 4),
      ...range(qubits).map((k) => noise('amplitude_damping', [0.1], [k])),
    ];
    expect(choose(5, noisy(5), { shots: 10_000 }).method).toBe('density');
    expect(choose(10, noisy(10), { shots: 5 }).method).toBe('trajectories');
    expect(choose(20, noisy(20), { shots: 100 }).method).toBe('trajectories');
  });

  it('is sparse where few gates branch, whatever the width', () => {
    const body = [
      ...range(5).map((k) => gate('h', [k])),
      ...range(60).map((k) => gate('ccx', [k, k + 1, k + 2])),
    ];
    const { method, why } = choose(64, body);
    expect(method).toBe('sparse');
    expect(why).toMatch(/at most 32 amplitudes of 64 qubits/i);
  });

  it('is a matrix product state where little is entangled across any bond', () => {
    const body = range(60).flatMap((k) => [
      gate('ry', [k], [0.4 + k]),
      ...(k > 0 ? [gate('cx', [k - 1, k])] : []),
    ]);
    const { method, why } = choose(60, body);
    expect(method).toBe('mps');
    expect(why).toMatch(/bonds between neighbours need at most 2/i);
  });

  it('cuts bonds only where nothing exact fits, and says so', () => {
    const { method, why, memory_bytes } = choose(60, scrambled(60, 12));
    expect(method).toBe('mps');
    expect(why).toMatch(/may need up to 2\^30; they are cut at 128/);
    expect(memory_bytes).toBeLessThan(GIB);
  });

  it('is refused with the numbers of every method where none fits', () => {
    expect(() => choose(60, scrambled(60, 12), { memoryLimit_bytes: 2 ** 20 })).toThrow(
      /No method can simulate this circuit of 60 qubits\. stabiliser: .*statevector: .*16 EiB, and the limit is 1 MiB.*mps: /,
    );
    expect(() => choose(40, scrambled(40, 4), { method: 'statevector' })).toThrow(
      /statevector cannot .* 40 qubits .*16 TiB, and the limit is 4 GiB/,
    );
    expect(() => choose(4, scrambled(4, 1), { method: 'stabiliser' })).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    );
  });

  it('counts what loops repeat, without running them', () => {
    const once = scrambled(16, 1);
    const looped: Instruction = { kind: 'repeat', times: 1_000_000, body: once };
    const one = choose(16, once);
    const many = choose(16, [looped]);
    expect(many.duration_ms / one.duration_ms).toBeGreaterThan(100_000);
  });

  it('expects shots that go ways of their own to take longer than those that go together', () => {
    const duration = (p: number): number =>
      choose(
        12,
        [
          ...scrambled(12, 2),
          ...range(12).map((k) => noise('depolarizing1', [p], [k])),
          ...scrambled(12, 2),
        ],
        { method: 'trajectories' },
      ).duration_ms;
    const still = choose(12, scrambled(12, 4)).duration_ms;
    expect(duration(0.000_001)).toBeLessThan(3 * still);
    expect(duration(0.5)).toBeGreaterThan(20 * still);
  });

  it('knows that results which nothing follows from part no shots', () => {
    const asked = (end: readonly Instruction[]): number =>
      choose(12, [...scrambled(12, 2), measure(0), when(bit(0), [gate('t', [1])]), ...end])
        .duration_ms;
    // One result in the middle is two ways, whatever is measured at the end.
    expect(asked([])).toBeLessThan(4 * choose(12, scrambled(12, 2)).duration_ms);
  });
});

describe('simulating', () => {
  it('answers the same distribution by every method that can run the circuit', () => {
    const body = [...ghz(4), noise('depolarizing1', [0.3], [2]), ...measureAll(4)];
    const circuit = circuitOf(4, 4, body);
    const p = 0.3 * (2 / 3);
    const expected: Record<string, number> = {
      '0000': (1 - p) / 2,
      '1111': (1 - p) / 2,
      '0100': p / 2,
      '1011': p / 2,
    };
    const shots = 4_000;
    for (const method of ['stabiliser', 'density', 'trajectories', 'mps', 'sparse'] as const) {
      const { outcome, method: used } = simulate(
        { circuit, shots, seed: 12n },
        { ...options, method },
      );
      expect(used).toBe(method);
      let chiSquared = 0;
      for (const [key, probability] of Object.entries(expected))
        chiSquared +=
          ((outcome.counts.get(key) ?? 0) - shots * probability) ** 2 / (shots * probability);
      expect([...outcome.counts.keys()].every((key) => key in expected)).toBe(true);
      // 3 degrees of freedom: above 25 once in 65,000 seeds.
      expect(chiSquared).toBeLessThan(25);
    }
  });

  it('runs wide circuits by what fits, and says which and why', () => {
    const circuit = circuitOf(100, 100, [...ghz(100), gate('t', [0]), ...measureAll(100)]);
    const { outcome, method, why } = simulate({ circuit, shots: 100, seed: 1n }, options);
    expect(['sparse', 'mps']).toContain(method);
    expect(why).toMatch(/100 qubits/);
    expect([...outcome.counts.keys()].toSorted()).toEqual(['0'.repeat(100), '1'.repeat(100)]);
  });
});

describe('the speed of an executor', () => {
  it('is measured by the clock that is given, on states that are given back', () => {
    const held: number[] = [];
    const plain = plainExecutor('f32');
    const counting = executorOf({
      name: 'counting',
      allocate: (qubits) => (held.push(1), plain.allocate(qubits)),
      release: () => void held.pop(),
      run: () => undefined,
    });
    let now = 0;
    // A clock on which every piece of work takes 2 ms.
    const speeds = speedsOn(counting, () => (now += 2));
    expect(speeds).toEqual({ ...SPEEDS_DEFAULT, amplitudes: (8 * 19 * 2 ** 19) / 2 });
    expect(held).toHaveLength(0);
  });
});
