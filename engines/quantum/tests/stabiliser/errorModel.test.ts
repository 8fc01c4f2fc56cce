import {
  CircuitError,
  repetitionCode,
  surfaceCode,
  type Circuit,
  type Instruction,
} from '@anarq/circuit';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/index.ts';
import { errorModelOf } from '../../src/stabiliser/analyse.ts';
import { compile } from '../../src/stabiliser/compile.ts';
import {
  readErrorModel,
  writeErrorModel,
  type ErrorComponent,
  type ErrorModel,
} from '../../src/stabiliser/errorModel.ts';
import { independentErrors } from '../../src/stabiliser/independent.ts';
import { Sampler } from '../../src/stabiliser/sampler.ts';
import { hitsOf } from '../../src/stabiliser/shots.ts';
import { circuitOf, gate, measure, when } from './circuits.ts';

const noise = (channel: string, params: number[], ...qubits: number[]): Instruction => ({
  kind: 'noise',
  channel,
  params,
  qubits,
});
const detector = (...records: number[]): Instruction => ({
  kind: 'detector',
  records,
  coordinates: [],
});
const modelOf = (circuit: Circuit): ErrorModel => errorModelOf(compile(circuit));
/** What all components of a mechanism change together, as text. */
const together = (components: readonly ErrorComponent[]): string => {
  const symptoms = new Set<string>();
  for (const { detectors, observables } of components)
    for (const name of [...detectors.map((d) => `D${d}`), ...observables.map((l) => `L${l}`)])
      if (!symptoms.delete(name)) symptoms.add(name);
  return [...symptoms].toSorted().join(' ');
};

describe('an error model', () => {
  it('has the errors of a circuit with their probabilities, as the text of a .dem file', () => {
    const circuit = circuitOf(2, 0, [
      noise('x_error', [0.125], 0),
      gate('cx', 0, 1),
      noise('z_error', [0.1], 0, 1),
      { kind: 'measure', qubit: 0, flip: 0.25 },
      measure(1),
      { kind: 'coordinates', qubits: [], coordinates: [0, 3] },
      { kind: 'detector', records: [-1, -2], coordinates: [1, 2] },
      { kind: 'detector', records: [-1], coordinates: [4] },
      { kind: 'observable', index: 1, records: [-2] },
    ]);
    const text = [
      'error(0.25) D0 L1',
      'error(0.125) D1 L1',
      'detector(1, 5) D0',
      'detector(4) D1',
      'logical_observable L0',
      'logical_observable L1',
      '',
    ].join('\n');
    expect(writeErrorModel(modelOf(circuit))).toBe(text);
    expect(readErrorModel(text)).toEqual(modelOf(circuit));
  });

  it('knows what any Pauli error anywhere in a code does, as a run with just this error shows', () => {
    for (const code of [
      surfaceCode({ distance: 3, rounds: 2, basis: 'X' }),
      repetitionCode({ distance: 3, rounds: 3 }),
    ]) {
      const random = new Random(9n);
      for (let trial = 0; trial < 150; trial += 1) {
        const at = random.below(code.body.length);
        const error = noise(
          ['x_error', 'y_error', 'z_error'][trial % 3]!,
          [1],
          random.below(code.qubits),
        );
        const program = compile({ ...code, body: code.body.toSpliced(at, 0, error) });
        const { errors } = errorModelOf(program);
        const { detectors, observables } = new Sampler(program).detections(1n, 0, 1);
        const fired = hitsOf(detectors, 0, []) > 0 || hitsOf(observables, 0, []) > 0;
        const names: string[] = [];
        for (const [letter, shots] of [
          ['D', detectors],
          ['L', observables],
        ] as const) {
          const hits: number[] = [];
          hits.length = hitsOf(shots, 0, hits);
          names.push(...hits.map((hit) => letter + hit));
        }
        expect(errors.map(({ components }) => together(components))).toEqual(
          fired ? [names.toSorted().join(' ')] : [],
        );
        expect(errors.every(({ probability }) => probability === 1)).toBe(true);
      }
    }
  });

  it('has the size, probabilities and graph that Stim 1.16 gives for the same surface code', () => {
    // From `detector_error_model(decompose_errors=True)` of the .stim text of these circuits.
    const expected = [
      [3, 219, 78],
      [5, 1677, 502],
    ] as const;
    for (const [distance, mechanisms, edges] of expected) {
      const { errors } = modelOf(surfaceCode({ distance, rounds: distance, noise: 0.001 }));
      expect(errors).toHaveLength(mechanisms);
      const components = errors.flatMap((error) => error.components);
      expect(components.every(({ detectors }) => detectors.length <= 2)).toBe(true);
      expect(new Set(components.map((component) => together([component]))).size).toBe(edges);
    }
    const { errors } = modelOf(surfaceCode({ distance: 3, rounds: 3, noise: 0.001 }));
    const probability = (symptoms: string): number | undefined =>
      errors.find(({ components }) => together(components) === symptoms)?.probability;
    expect(probability('D0 D2')).toBeCloseTo(0.001931182734310662, 12);
    expect(probability('D0 L0')).toBeCloseTo(0.004119587852145607, 12);
    expect(probability('D3 D5 D6 D9')).toBeCloseTo(0.00020006670521209946, 12);
  });

  it('makes of a channel the independent errors that together are it', () => {
    const random = new Random(2n);
    for (let trial = 0; trial < 200; trial += 1) {
      const arity = trial % 2 === 0 ? 1 : 2;
      const size = 4 ** arity;
      // A channel that is a product of independent errors, some of them absent.
      const given = Array.from({ length: size }, (_, pauli) =>
        pauli === 0 || random.below(3) === 0 ? 0 : random.uniform() * 0.1,
      );
      let channel = Array.from({ length: size }, (_, pauli) => Number(pauli === 0));
      for (const [error, q] of given.entries())
        channel = channel.map((p, pauli) => p * (1 - q) + channel[pauli ^ error]! * q);
      const errors = channel
        .map((probability, pauli) => ({ pauli, probability }))
        .filter(({ pauli }) => pauli > 0);
      const found = independentErrors({ arity, errors });
      for (let pauli = 1; pauli < size; pauli += 1) {
        const probability = found.find((error) => error.pauli === pauli)?.probability ?? 0;
        expect(probability).toBeCloseTo(given[pauli]!, 10);
      }
    }
  });

  it('follows errors through Pauli gates that depend on results, and through loops', () => {
    // The flip of the first result puts an X on qubit 1, which the second result shows.
    const circuit = circuitOf(2, 1, [
      noise('x_error', [0.1], 0),
      { kind: 'measure', qubit: 0, bit: 0, flip: 0.2 },
      { kind: 'repeat', times: 3, body: [when(0, gate('x', 1))] },
      measure(1),
      detector(-1),
      detector(-2),
    ]);
    const { errors } = modelOf(circuit);
    expect(errors).toHaveLength(1);
    expect(errors[0]!.components).toEqual([{ detectors: [0, 1], observables: [] }]);
    expect(errors[0]!.probability).toBeCloseTo(0.1 * 0.8 + 0.2 * 0.9, 12);
  });

  it.each([
    [
      'a result that is random',
      [gate('h', 0), measure(0), detector(-1)],
      /Detector 0 is not the same.*beginning/,
    ],
    [
      'the state before a reset',
      [measure(0), { kind: 'reset', qubit: 0 }, gate('h', 0), measure(0), detector(-1)],
      /resetting qubit 0/,
    ],
    [
      'another basis',
      [gate('h', 0), measure(0), gate('h', 0), measure(0), detector(-1)],
      /measuring qubit 0/,
    ],
    [
      'an observable',
      [gate('h', 0), measure(0), { kind: 'observable', index: 4, records: [-1] }],
      /Observable 4/,
    ],
  ] as [string, Instruction[], RegExp][])(
    'refuses a detector that is not certain: %s',
    (_, body, message) => {
      expect(() => modelOf(circuitOf(1, 0, body))).toThrow(message);
    },
  );

  it('refuses an error that does not come apart', () => {
    const body = [
      noise('x_error', [0.1], 0),
      ...[1, 2, 3].map((q) => gate('cx', 0, q)),
      ...[1, 2, 3].flatMap((q) => [measure(q), detector(-1)]),
    ];
    expect(() => modelOf(circuitOf(4, 0, body))).toThrow(/detectors 0, 1, 2 at once/);
    const apart = [
      ...body.slice(0, -2),
      noise('x_error', [0.1], 3),
      ...body.slice(-2),
      noise('x_error', [0.1], 1),
    ];
    apart.splice(
      4,
      0,
      noise('x_error', [0.2], 1),
      gate('cx', 1, 2),
      gate('cx', 1, 2),
      noise('depolarizing2', [0.1], 1, 2),
    );
    const { errors } = modelOf(circuitOf(4, 0, apart));
    expect(
      errors.every(({ components }) => components.every(({ detectors }) => detectors.length <= 2)),
    ).toBe(true);
    expect(
      errors
        .find(({ components }) => components.length > 1)!
        .components.flatMap(({ detectors }) => detectors)
        .toSorted(),
    ).toEqual([0, 1, 2]);
  });

  it.each([
    ['error(0.1) D1 X2', 'line 1'],
    ['\nerror(2) D1', 'line 2'],
    ['error D1', 'one probability'],
    ['repeat 5 {', 'repeat is not read'],
    ['what(3) D1', 'no what'],
    ['error(0.1) D99999999', 'no target'],
  ])('is not read from %j', (text, message) => {
    expect(() => readErrorModel(text)).toThrow(message);
    expect(() => readErrorModel(text)).toThrow(CircuitError);
  });
});
