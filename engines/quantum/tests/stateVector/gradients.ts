import { GATES, type Circuit, type Expression } from '@anarq/circuit';
import fc from 'fast-check';
import { gradientOf, plainExecutor, type Executor, type Observable } from '../../src/index.ts';
import { circuitOf, gate } from '../building.ts';

const NAMES = ['a', 'b', 'c'];

/** A circuit with three parameters, values for them, and what is observed of it. */
export interface Sloped {
  readonly circuit: Circuit;
  readonly values: readonly number[];
  readonly observable: Observable;
}

const operands = (qubits: number) =>
  fc.shuffledSubarray(
    Array.from({ length: qubits }, (_, qubit) => qubit),
    { minLength: qubits },
  );

/** Not `fc.double`, half of whose numbers are so small that no angle turns. */
const hundredths = (min: number, max: number): fc.Arbitrary<number> =>
  fc.integer({ min: 100 * min, max: 100 * max }).map((value) => value / 100);

const angle: fc.Arbitrary<Expression> = fc
  .tuple(fc.constantFrom(...NAMES), hundredths(-2, 2))
  .map(([name, value]) => ({
    kind: 'binary',
    op: '*',
    left: { kind: 'literal', value },
    right: { kind: 'parameter', name },
  }));

/** Gates of up to four qubits, those with angles turned by parameters, with a control here and there. */
export const someSloped = (qubits: number): fc.Arbitrary<Sloped> =>
  fc.record({
    circuit: fc
      .array(
        fc
          .record({
            of: fc.constantFrom(...[...GATES.values()].filter((one) => one.qubits <= 4)),
            angles: fc.array(angle, { minLength: 4, maxLength: 4 }),
            order: operands(qubits),
            control: fc.constantFrom(undefined, 0 as const, 1 as const),
          })
          .map(({ of, angles, order, control }) =>
            gate(
              of.name,
              order.slice(0, of.qubits),
              angles.slice(0, of.params.length),
              control === undefined ? [] : [{ qubit: order[of.qubits] ?? 0, value: control }],
            ),
          ),
        { minLength: 5, maxLength: 25 },
      )
      .map((body) => {
        // Without a direction that all amplitudes have, most gates would do nothing to |0...0>.
        const turned = Array.from({ length: qubits }, (_, k) =>
          gate('u3', [k], [0.9 + k, 0.4, 1.7]),
        );
        return { ...circuitOf(qubits, 0, [...turned, ...body]), parameters: NAMES };
      }),
    values: fc.array(hundredths(-3, 3), { minLength: 3, maxLength: 3 }),
    observable: fc.array(
      fc.record({
        coefficient: hundredths(-1, 1),
        factors: operands(qubits).chain((order) =>
          fc
            .array(fc.constantFrom('X' as const, 'Y' as const, 'Z' as const), { maxLength: 4 })
            .map((paulis) => paulis.map((pauli, at) => ({ qubit: order[at] ?? 0, pauli }))),
        ),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  });

/** How far value and gradient on an executor are from those on plain TypeScript in f64, the farthest number. */
export function gradientApart(executor: Executor, { circuit, values, observable }: Sloped): number {
  const given = gradientOf(executor, circuit, values, observable);
  const wanted = gradientOf(plainExecutor('f64'), circuit, values, observable);
  let far = Math.abs(given.value - wanted.value);
  for (const [at, slope] of wanted.slopes.entries()) {
    const difference = Math.abs((given.slopes[at] ?? NaN) - slope);
    if (!(difference <= far)) far = difference;
  }
  return far;
}
