import { CHANNELS, GATES, type Circuit, type Expression, type Instruction } from '@anarq/circuit';
import fc from 'fast-check';
import { binary, bit, bits, circuitOf, gate, literal, variable, when } from './building.ts';

/** What may stand in a generated circuit. */
export interface Ingredients {
  readonly gates?: readonly string[];
  readonly controls?: boolean;
  readonly measurement?: boolean;
  readonly control?: boolean;
  readonly channels?: readonly string[];
}

const ALL_GATES = [...GATES.keys()];
const UNIT = { min: 0, max: 1, noNaN: true } as const;

/** Circuits on 1 to `qubitsMax` qubits with as many bits, and one variable of four bits. */
export const someCircuits = (
  qubitsMax: number,
  lengthMax: number,
  ingredients: Ingredients = {},
): fc.Arbitrary<Circuit> =>
  fc
    .integer({ min: 1, max: qubitsMax })
    .chain((qubits) =>
      fc
        .array(someInstruction(qubits, ingredients, 2), { maxLength: lengthMax, minLength: 1 })
        .map((body) =>
          circuitOf(qubits, qubits, body.flat(), [{ name: 'v', type: { kind: 'uint', width: 4 } }]),
        ),
    );

const qubitOf = (qubits: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: qubits - 1 });

function someInstruction(
  qubits: number,
  ingredients: Ingredients,
  depth: number,
): fc.Arbitrary<Instruction[]> {
  const some: fc.WeightedArbitrary<Instruction[]>[] = [
    { weight: 8, arbitrary: someGate(qubits, ingredients).map((one) => [one]) },
  ];
  const channels = (ingredients.channels ?? []).flatMap((name) => {
    const channel = CHANNELS.get(name)!;
    return channel.qubits <= qubits ? [channel] : [];
  });
  if (channels.length > 0)
    some.push({
      weight: 3,
      arbitrary: fc
        .record({
          channel: fc.constantFrom(...channels),
          params: fc.array(fc.double(UNIT), { minLength: 15, maxLength: 15 }),
          order: shuffled(qubits),
        })
        .map(({ channel, params, order }): Instruction[] => [
          {
            kind: 'noise',
            channel: channel.name,
            params: paramsOf(channel.name, params.slice(0, channel.params.length)),
            qubits: order.slice(0, channel.qubits),
          },
        ]),
    });
  if (ingredients.measurement === true)
    some.push(
      {
        weight: 2,
        arbitrary: fc
          .record({
            qubit: qubitOf(qubits),
            bit: fc.option(qubitOf(qubits), { nil: undefined }),
            flip: fc.option(fc.double(UNIT), { nil: undefined }),
            inverted: fc.boolean(),
          })
          .map(({ qubit, bit: to, flip, inverted }): Instruction[] => [
            {
              kind: 'measure',
              qubit,
              inverted,
              ...(to === undefined ? {} : { bit: to }),
              ...(flip === undefined ? {} : { flip }),
            },
          ]),
      },
      {
        weight: 1,
        arbitrary: qubitOf(qubits).map((qubit): Instruction[] => [{ kind: 'reset', qubit }]),
      },
    );
  if (ingredients.control === true && depth > 0)
    some.push({ weight: 3, arbitrary: someControl(qubits, ingredients, depth - 1) });
  return fc.oneof(...some);
}

/** Probabilities of disjoint events sum to at most 1; times of relaxation are such that t2 <= 2 t1. */
function paramsOf(name: string, params: readonly number[]): readonly number[] {
  if (name === 'thermal_relaxation') return [1, 2 * Math.max(0.1, params[1]!), params[2]!];
  const sum = params.reduce((total, value) => total + value, 0);
  return params.map((value) => (sum > 1 ? value / sum / 1.000_001 : value));
}

const shuffled = (qubits: number): fc.Arbitrary<number[]> =>
  fc.shuffledSubarray(
    Array.from({ length: qubits }, (_, qubit) => qubit),
    { minLength: qubits },
  );

function someGate(qubits: number, ingredients: Ingredients): fc.Arbitrary<Instruction> {
  const names = (ingredients.gates ?? ALL_GATES).filter(
    (name) => GATES.get(name)!.qubits <= qubits,
  );
  return fc
    .record({
      name: fc.constantFrom(...names),
      angles: fc.array(fc.double({ min: -4, max: 4, noNaN: true }), { minLength: 4, maxLength: 4 }),
      order: shuffled(qubits),
      values: fc.array(fc.constantFrom(0 as const, 1 as const), {
        maxLength: ingredients.controls === false ? 0 : 2,
      }),
    })
    .map(({ name, angles, order, values }) => {
      const { qubits: count, params } = GATES.get(name)!;
      const controls = values
        .slice(0, qubits - count)
        .map((value, k) => ({ qubit: order[count + k]!, value }));
      return gate(name, order.slice(0, count), angles.slice(0, params.length), controls);
    });
}

function someCondition(qubits: number): fc.Arbitrary<Expression> {
  return fc.oneof(
    qubitOf(qubits).map(bit),
    fc
      .integer({ min: 0, max: 3 })
      .map((value) => binary(bits(0, qubits), '==', literal(BigInt(value)))),
    fc.integer({ min: 0, max: 3 }).map((value) => binary(variable(0), '<', literal(BigInt(value)))),
  );
}

function someControl(
  qubits: number,
  ingredients: Ingredients,
  depth: number,
): fc.Arbitrary<Instruction[]> {
  const body = fc
    .array(someInstruction(qubits, ingredients, depth), { maxLength: 3 })
    .map((found) => found.flat());
  const counted: Instruction = {
    kind: 'assign',
    to: { kind: 'variable', variable: 0 },
    value: binary(variable(0), '+', literal(1n)),
  };
  return fc.oneof(
    fc
      .tuple(someCondition(qubits), body, body)
      .map(([condition, yes, no]) => [when(condition, yes, no)]),
    fc
      .tuple(fc.integer({ min: 0, max: 3 }), body)
      .map(([times, inside]): Instruction[] => [{ kind: 'repeat', times, body: inside }]),
    // Ends at the latest when the variable has gone on to 3: it wraps, so `break` is certain.
    body.map((inside): Instruction[] => [
      {
        kind: 'while',
        condition: bit(0),
        body: [
          counted,
          ...inside,
          when(binary(variable(0), '>=', literal(2n)), [{ kind: 'break' }]),
        ],
      },
    ]),
    fc.constant<Instruction[]>([counted]),
    qubitOf(qubits).map((to): Instruction[] => [
      {
        kind: 'assign',
        to: { kind: 'bit', bit: to },
        value: { kind: 'unary', op: '!', of: bit(to) },
      },
    ]),
  );
}
