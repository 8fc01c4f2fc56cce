import { evaluateAngle, GATES, type Instruction } from '@anarq/circuit';
import { describe, expect, it } from 'vitest';
import { chooseMethod, simulate, type Method } from '../src/automatic/index.ts';
import { interpret, originalPositions, paddedQubits, planSteps, realAt } from '../src/index.ts';
import type { Observable } from '../src/task.ts';
import { plainExecutor } from '../src/vector/index.ts';
import { circuitOf, gate, measure } from './building.ts';

const range = (count: number): number[] => Array.from({ length: count }, (_, k) => k);
const limits = { shots: 1_000, memoryLimit_bytes: 2 ** 28 };

/** The outcome of a circuit by each method that can run it exactly, and by the plans of executors. */
function byEveryMethod(
  qubits: number,
  body: readonly Instruction[],
  more: { readonly observables?: readonly Observable[]; readonly shots?: number } = {},
) {
  const circuit = circuitOf(qubits, qubits, body);
  const task = {
    circuit,
    shots: more.shots ?? limits.shots,
    seed: 19n,
    observables: more.observables ?? [],
  };
  const { method, alternatives } = chooseMethod(circuit, limits);
  const methods: Method[] = [
    method,
    ...alternatives.flatMap((one) => (one.possible && one.isExact ? [one.method] : [])),
  ];
  const executor = plainExecutor('f64');
  return [
    ...methods.map((by) => ({ by, ...simulate(task, { ...limits, method: by }).outcome })),
    { by: 'plans', ...simulate(task, { ...limits, method: 'statevector', executor }).outcome },
  ];
}

/** Amplitudes that a plan of gates comes to, by the index in the circuit. */
function amplitudesOf(
  qubits: number,
  body: readonly Instruction[],
): { readonly re: number; readonly im: number }[] {
  const steps = body.flatMap((one) =>
    one.kind !== 'gate'
      ? []
      : [
          {
            matrix: GATES.get(one.gate)!.matrix(...one.params.map((angle) => evaluateAngle(angle))),
            qubits: one.qubits,
            controls: one.controls ?? [],
          },
        ],
  );
  const plan = planSteps(steps, originalPositions(qubits));
  const state = new Float64Array(2 ** (paddedQubits(qubits) + 1));
  state[0] = 1;
  interpret(state, plan);
  return Array.from({ length: 2 ** qubits }, (_, index) => {
    const place = plan.positions.reduce(
      (sum, position, qubit) => sum + ((index >> qubit) & 1) * 2 ** position,
      0,
    );
    return { re: state[realAt(place, 8)]!, im: state[realAt(place, 8) + 8]! };
  });
}

const measureAll = (qubits: number): Instruction[] => range(qubits).map((k) => measure(k));
/** The Fourier transform over `qubits` with the lowest first, without swaps. */
const fourier = (qubits: readonly number[], sign: 1 | -1): Instruction[] => {
  const gates = qubits.toReversed().flatMap((qubit, k) => [
    gate('h', [qubit]),
    ...qubits
      .slice(0, qubits.length - 1 - k)
      .toReversed()
      .map((other, j) => gate('cp', [other, qubit], [(sign * Math.PI) / 2 ** (j + 1)])),
  ]);
  return sign === 1 ? gates : gates.toReversed();
};

describe('a known answer', () => {
  it.each([1, 2, 3, 5, 8])('of the Fourier transform on %i qubits: the matrix of it', (qubits) => {
    const size = 2 ** qubits;
    const swaps = range(qubits >> 1).map((low) => gate('swap', [low, qubits - 1 - low]));
    for (const given of new Set([0, 1, size >> 1, size - 1])) {
      const prepared = range(qubits).flatMap((k) => ((given >> k) & 1 ? [gate('x', [k])] : []));
      const body = [...prepared, ...fourier(range(qubits), 1), ...swaps];
      for (const [index, { re, im }] of amplitudesOf(qubits, body).entries()) {
        const angle = (2 * Math.PI * ((index * given) % size)) / size;
        expect(re).toBeCloseTo(Math.cos(angle) / Math.sqrt(size), 12);
        expect(im).toBeCloseTo(Math.sin(angle) / Math.sqrt(size), 12);
      }
    }
  });

  it.each([0.1, 0.2, 1 / 3, 0.71])(
    'of phase estimation: the nearest of 32 for a phase of %d, with more than 4 / pi^2',
    (phase) => {
      const body = [
        ...range(5).map((k) => gate('h', [k])),
        gate('x', [5]),
        ...range(5).map((k) => gate('cp', [k, 5], [2 * Math.PI * phase * 2 ** (4 - k)])),
        ...fourier(range(5), -1),
      ];
      const { re, im } = amplitudesOf(6, body)[32 + Math.round(phase * 32)]!;
      expect(re * re + im * im).toBeGreaterThan(4 / Math.PI ** 2);
    },
  );

  it('of phase estimation: 5/32 on five bits, always', () => {
    const counting = range(5);
    const body = [
      ...counting.map((k) => gate('h', [k])),
      gate('x', [5]),
      // Qubit k turns by 2 pi 5/32 to the power of 2^(4 - k), as the transform of |5> does.
      ...counting.map((k) => gate('cp', [k, 5], [(2 * Math.PI * 5 * 2 ** (4 - k)) / 32])),
      ...fourier(counting, -1),
      ...counting.map((k) => measure(k)),
    ];
    for (const { by, counts } of byEveryMethod(6, body))
      expect([by, Object.fromEntries(counts)]).toEqual([by, { '000101': 1_000 }]);
  });

  it('of the Fourier transform: an evenly turning phase, for every state of four qubits', () => {
    for (const x of range(16)) {
      const body = [
        ...range(4).flatMap((k) => (((x >> k) & 1) === 1 ? [gate('x', [k])] : [])),
        ...fourier(range(4), 1),
      ];
      // Qubit k points along 2 pi x / 2^(k + 1) in the plane of X and Y.
      const observables: Observable[] = range(4).map((qubit) => {
        const angle = (2 * Math.PI * x) / 2 ** (qubit + 1);
        return [
          { coefficient: Math.cos(angle), factors: [{ qubit, pauli: 'X' }] },
          { coefficient: Math.sin(angle), factors: [{ qubit, pauli: 'Y' }] },
        ];
      });
      for (const { expectations } of byEveryMethod(4, body, { observables, shots: 0 }))
        for (const { value } of expectations) expect(value).toBeCloseTo(1, 12);
    }
  });

  it('of Bernstein and Vazirani: the hidden string, in one go', () => {
    const hidden = 0b1011001;
    const body = [
      gate('x', [7]),
      ...range(8).map((k) => gate('h', [k])),
      ...range(7).flatMap((k) => (((hidden >> k) & 1) === 1 ? [gate('cx', [k, 7])] : [])),
      ...range(7).map((k) => gate('h', [k])),
      ...range(7).map((k) => measure(k)),
    ];
    for (const { by, counts } of byEveryMethod(8, body))
      expect([by, Object.fromEntries(counts)]).toEqual([by, { '01011001': 1_000 }]);
  });

  it('of Grover: sin^2((2k + 1) theta) after k rounds, on six qubits', () => {
    const qubits = 6;
    const all = range(qubits);
    const marked = 0b101101;
    const controls = all.slice(1).map((qubit) => ({ qubit, value: 1 as const }));
    const flip = gate('z', [0], [], controls);
    const sandwich = (inside: readonly Instruction[], around: readonly Instruction[]) => [
      ...around,
      ...inside,
      ...around,
    ];
    const zeros = all.filter((k) => ((marked >> k) & 1) === 0).map((k) => gate('x', [k]));
    const round = [
      ...sandwich([flip], zeros),
      ...sandwich(
        sandwich(
          [flip],
          all.map((k) => gate('x', [k])),
        ),
        all.map((k) => gate('h', [k])),
      ),
    ];
    const theta = Math.asin(2 ** (-qubits / 2));
    // The projector on the marked state, as a sum of products of Z.
    const projector: Observable = range(2 ** qubits).map((subset) => {
      const factors = all
        .filter((k) => ((subset >> k) & 1) === 1)
        .map((qubit) => ({ qubit, pauli: 'Z' as const }));
      const negative = factors.filter(({ qubit }) => ((marked >> qubit) & 1) === 1).length % 2;
      return { coefficient: (1 - 2 * negative) / 2 ** qubits, factors };
    });
    for (const rounds of [0, 1, 3, 6]) {
      const body = [...all.map((k) => gate('h', [k])), ...range(rounds).flatMap(() => round)];
      for (const { by, expectations } of byEveryMethod(qubits, body, {
        observables: [projector],
        shots: 0,
      })) {
        const off = expectations[0]!.value - Math.sin((2 * rounds + 1) * theta) ** 2;
        expect([by, Math.abs(off) < 1e-10]).toEqual([by, true]);
      }
    }
  });

  it('of Bell: 2 sqrt 2 where nothing classical comes above 2', () => {
    const along = (qubit: number, angle: number) => [
      { coefficient: Math.cos(angle), pauli: 'Z' as const, qubit },
      { coefficient: Math.sin(angle), pauli: 'X' as const, qubit },
    ];
    const correlation = (a: number, b: number, sign: number): Observable =>
      along(0, a).flatMap((left) =>
        along(1, b).map((right) => ({
          coefficient: sign * left.coefficient * right.coefficient,
          factors: [
            { qubit: 0, pauli: left.pauli },
            { qubit: 1, pauli: right.pauli },
          ],
        })),
      );
    const quarter = Math.PI / 4;
    const chsh = [
      ...correlation(0, quarter, 1),
      ...correlation(0, -quarter, 1),
      ...correlation(2 * quarter, quarter, 1),
      ...correlation(2 * quarter, -quarter, -1),
    ];
    const outcomes = byEveryMethod(2, [gate('h', [0]), gate('cx', [0, 1])], {
      observables: [chsh],
      shots: 0,
    });
    expect(outcomes.map(({ by }) => by)).toContain('stabiliser');
    for (const { expectations } of outcomes)
      expect(expectations[0]!.value).toBeCloseTo(2 * Math.SQRT2, 12);
  });

  it('of Mermin: 4 in a GHZ state of three qubits', () => {
    const product = (letters: string, coefficient: number) => ({
      coefficient,
      factors: [...letters].map((pauli, qubit) => ({ qubit, pauli: pauli as 'X' | 'Y' })),
    });
    const mermin = [product('XXX', 1), product('XYY', -1), product('YXY', -1), product('YYX', -1)];
    const body = [gate('h', [0]), gate('cx', [0, 1]), gate('cx', [1, 2])];
    for (const { expectations } of byEveryMethod(3, body, { observables: [mermin], shots: 0 }))
      expect(expectations[0]!.value).toBeCloseTo(4, 12);
  });

  it('of superdense coding: both bits arrive', () => {
    for (const [a, b] of [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ] as const) {
      const body = [
        gate('h', [0]),
        gate('cx', [0, 1]),
        ...(b === 1 ? [gate('x', [0])] : []),
        ...(a === 1 ? [gate('z', [0])] : []),
        gate('cx', [0, 1]),
        gate('h', [0]),
        ...measureAll(2),
      ];
      for (const { counts } of byEveryMethod(2, body))
        expect(Object.fromEntries(counts)).toEqual({ [`${b}${a}`]: 1_000 });
    }
  });
});
