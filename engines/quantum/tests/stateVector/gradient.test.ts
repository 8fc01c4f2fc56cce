import {
  CircuitError,
  GATES,
  type Circuit,
  type Expression,
  type Instruction,
} from '@anarq/circuit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gradientOf, plainExecutor, type Observable } from '../../src/index.ts';
import { circuitOf, gate, literal } from '../building.ts';

const executor = plainExecutor('f64');
const named = (name: string): Expression => ({ kind: 'parameter', name });
const scaled = (by: number, name: string): Expression => ({
  kind: 'binary',
  op: '*',
  left: literal(by),
  right: named(name),
});

const circuitWith = (
  qubits: number,
  parameters: readonly string[],
  body: readonly Instruction[],
): Circuit => ({ ...circuitOf(qubits, 0, body), parameters });

const observable: Observable = [
  { coefficient: 0.3, factors: [] },
  {
    coefficient: -0.7,
    factors: [
      { qubit: 0, pauli: 'Z' },
      { qubit: 2, pauli: 'Y' },
    ],
  },
  { coefficient: 1.1, factors: [{ qubit: 1, pauli: 'X' }] },
  { coefficient: 0.4, factors: [0, 1, 2, 3].map((qubit) => ({ qubit, pauli: 'Y' as const })) },
];

/** Central differences, good to about 1e-9. */
function differences(circuit: Circuit, values: readonly number[]): number[] {
  const step = 1e-5;
  const valueAt = (k: number, by: number): number =>
    gradientOf(executor, circuit, values.with(k, values[k]! + by), observable).value;
  return values.map((_, k) => (valueAt(k, step) - valueAt(k, -step)) / (2 * step));
}

describe('the gradient of an expectation value', () => {
  const parametrised = [...GATES.values()].filter(
    ({ qubits, params }) => params.length > 0 && qubits > 0 && qubits <= 4,
  );

  it.each(parametrised)('is that of central differences for $name', ({ name, qubits, params }) => {
    const names = params.map((_, k) => `a${k}`);
    const circuit = circuitWith(4, names, [
      ...[0, 1, 2, 3].map((qubit) => gate('u3', [qubit], [0.4, 1.3, 0.2 + qubit])),
      gate('cx', [0, 3]),
      gate(name, [3, 1, 0, 2].slice(0, qubits), names.map(named)),
      gate('swap', [1, 2]),
      gate('ch', [2, 0]),
    ]);
    const values = names.map((_, k) => 0.9 - 0.7 * k);
    const { slopes } = gradientOf(executor, circuit, values, observable);
    for (const [k, slope] of differences(circuit, values).entries())
      expect(slopes[k]).toBeCloseTo(slope, 7);
  });

  it('adds up what a parameter does in several gates, through expressions and controls', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 2, maxLength: 2 }),
        (values) => {
          const square: Expression = { kind: 'call', name: 'sin', of: [scaled(0.5, 'b')] };
          const circuit = circuitWith(
            4,
            ['a', 'b'],
            [
              gate('h', [0]),
              gate('ry', [1], [named('a')]),
              gate('rx', [2], [scaled(-2, 'a')], [{ qubit: 0, value: 0 }]),
              gate('fsim', [1, 3], [scaled(1.5, 'a'), square]),
              gate('rzz', [2, 3], [named('b')]),
              gate('cu3', [0, 1], [named('a'), named('b'), square]),
            ],
          );
          const { slopes } = gradientOf(executor, circuit, values, observable);
          for (const [k, slope] of differences(circuit, values).entries())
            expect(slopes[k]).toBeCloseTo(slope, 6);
        },
      ),
      { numRuns: 20, seed: 21 },
    );
  });

  it('is refused where the circuit measures, or an angle has no derivative', () => {
    const measuring = circuitWith(4, ['a'], [{ kind: 'measure', qubit: 0 }]);
    expect(() => gradientOf(executor, measuring, [1], observable)).toThrow(CircuitError);
    const floored: Expression = { kind: 'call', name: 'floor', of: [named('a')] };
    const stepped = circuitWith(4, ['a'], [gate('rx', [0], [floored])]);
    expect(() => gradientOf(executor, stepped, [1.5], observable)).toThrow('floor');
  });

  it('leads to the ground state of H2: -1.137306035753 Ha at 0.735 Å', () => {
    // Parity mapping with two qubits less, STO-3G; the nuclei repel each other with 0.719968994449 Ha.
    const z = (qubit: number) => ({ qubit, pauli: 'Z' as const });
    const x = (qubit: number) => ({ qubit, pauli: 'X' as const });
    const hydrogen: Observable = [
      { coefficient: -1.052373245772859 + 0.719968994449, factors: [] },
      { coefficient: 0.39793742484318045, factors: [z(0)] },
      { coefficient: -0.39793742484318045, factors: [z(1)] },
      { coefficient: -0.01128010425623538, factors: [z(0), z(1)] },
      { coefficient: 0.18093119978423156, factors: [x(0), x(1)] },
    ];
    const names = ['a', 'b', 'c', 'd'];
    const ansatz = circuitWith(2, names, [
      gate('ry', [0], [named('a')]),
      gate('ry', [1], [named('b')]),
      gate('cx', [0, 1]),
      gate('ry', [0], [named('c')]),
      gate('ry', [1], [named('d')]),
    ]);
    let values = [0.3, 2.5, 0.2, 0.4];
    let energy = 0;
    for (let round = 0; round < 400; round += 1) {
      const { value, slopes } = gradientOf(executor, ansatz, values, hydrogen);
      energy = value;
      values = values.map((angle, k) => angle - 0.8 * slopes[k]!);
    }
    expect(energy).toBeCloseTo(-1.137306035753, 9);
  });
});
