import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import {
  type Circuit,
  type CustomGate,
  type Expression,
  GATES,
  type GateInstruction,
  type Instruction,
  parseQasm,
  type Register,
  validate,
  writeQasm,
} from '../../src/index.ts';

const literal = (value: number | bigint | boolean): Expression => ({ kind: 'literal', value });

/** Numbers of all sizes, and multiples of pi. */
const angle = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc
    .tuple(fc.integer({ min: -40, max: 40 }), fc.constantFrom(1, 2, 3, 4, 16))
    .map(([n, d]) => (n * Math.PI) / d),
);

/** Angles that are computed from parameters. */
const formula = (names: readonly string[]): fc.Arbitrary<Expression> =>
  fc.letrec<{ expression: Expression }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(...names).map((name): Expression => ({ kind: 'parameter', name })),
      fc
        .constantFrom(...names)
        .map((name): Expression => ({ kind: 'unary', op: '-', of: { kind: 'parameter', name } })),
      fc
        .tuple(
          fc.constantFrom('+', '-', '*', '/', '**'),
          tie('expression'),
          fc.oneof(tie('expression'), angle.map(literal)),
        )
        .map(([op, left, right]): Expression => ({ kind: 'binary', op, left, right })),
      fc
        .tuple(fc.constantFrom('sin', 'cos', 'sqrt', 'exp', 'arctan'), tie('expression'))
        .map(([name, of]): Expression => ({ kind: 'call', name, of: [of] })),
    ),
  })).expression;

const registers = (names: readonly string[], max: number): fc.Arbitrary<Register[]> =>
  fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: max }).map((sizes) => {
    let start = 0;
    return sizes.map((size, at) => {
      const register = { name: names[at]!, start, size };
      start += size;
      return register;
    });
  });

const total = (all: readonly Register[]): number => all.reduce((sum, { size }) => sum + size, 0);

/** Different qubits, `count` of them, from a shuffled list. */
const some = (shuffled: readonly number[], count: number): number[] => shuffled.slice(0, count);

/** u2 and u3 stand for themselves only where their global phase is not seen. */
const PLAIN = [...GATES.values()].filter(({ name }) => name !== 'u2' && name !== 'u3');

function gates(
  qubits: number,
  custom: readonly CustomGate[],
  params: fc.Arbitrary<Expression>,
): fc.Arbitrary<GateInstruction> {
  const shapes = [
    ...PLAIN.map(({ name, params: names, qubits: own }) => ({ name, count: names.length, own })),
    ...custom.map(({ name, parameters, qubits: own }) => ({ name, count: parameters.length, own })),
  ].filter(({ own }) => own <= qubits);
  return fc
    .record({
      shape: fc.constantFrom(...shapes),
      shuffled: fc.shuffledSubarray(
        Array.from({ length: qubits }, (_, at) => at),
        { minLength: qubits },
      ),
      values: fc.array(params, { minLength: 4, maxLength: 4 }),
      controls: fc.array(fc.constantFrom(0 as const, 1 as const), { maxLength: 3 }),
    })
    .map(({ shape, shuffled, values, controls }): GateInstruction => {
      const rest = shuffled.slice(shape.own, shape.own + controls.length);
      return {
        kind: 'gate',
        gate: shape.name,
        params: values.slice(0, shape.count),
        qubits: some(shuffled, shape.own),
        ...(rest.length === 0
          ? {}
          : { controls: rest.map((qubit, at) => ({ qubit, value: controls[at]! })) }),
      };
    });
}

const customGates: fc.Arbitrary<CustomGate[]> = fc
  .tuple(
    gates(3, [], formula(['a', 'theta'])),
    fc.array(gates(3, [], angle.map(literal)), { maxLength: 3 }),
  )
  .map(([first, rest]) => [
    { name: 'mine', parameters: ['a', 'theta'], qubits: 3, body: [first, ...rest] },
    {
      name: 'twice',
      parameters: [],
      qubits: 3,
      body: [0, 1].map((at) => ({
        kind: 'gate' as const,
        gate: 'mine',
        params: [literal(at + 0.5), literal(Math.PI)],
        qubits: [2, 0, 1],
      })),
    },
  ]);

/** Whole numbers from the bits and variables of `circuits`. */
const whole = (bits: number): fc.Arbitrary<Expression> =>
  fc.letrec<{ expression: Expression }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 3 },
      fc.bigInt({ min: -(2n ** 40n), max: 2n ** 40n }).map(literal),
      fc.constantFrom(0, 1).map((variable): Expression => ({ kind: 'variable', variable })),
      fc.tuple(fc.nat(bits - 1), fc.nat(bits - 1)).map(([a, b]): Expression => ({
        kind: 'call',
        name: 'uint',
        of: [
          { kind: 'bits', start: Math.min(a, b), size: Math.abs(a - b) + 1 },
          literal(BigInt(Math.abs(a - b) + 1)),
        ],
      })),
      fc
        .tuple(
          fc.constantFrom('+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>'),
          // A constant is computed when it is read.
          fc.constantFrom(0, 1).map((variable): Expression => ({ kind: 'variable', variable })),
          tie('expression'),
        )
        .map(([op, left, right]): Expression => ({ kind: 'binary', op, left, right })),
      fc.constantFrom(0, 1).map((variable): Expression => ({
        kind: 'unary',
        op: '~',
        of: { kind: 'variable', variable },
      })),
    ),
  })).expression;

const conditions = (bits: number): fc.Arbitrary<Expression> =>
  fc.oneof(
    fc.nat(bits - 1).map((bit): Expression => ({ kind: 'bit', bit })),
    fc
      .tuple(fc.constantFrom('==', '!=', '<', '<=', '>', '>='), fc.constantFrom(0, 1), whole(bits))
      .map(([op, variable, right]): Expression => ({
        kind: 'binary',
        op,
        left: { kind: 'variable', variable },
        right,
      })),
    fc
      .tuple(fc.constantFrom('&&', '||'), fc.nat(bits - 1), fc.nat(bits - 1))
      .map(([op, a, b]): Expression => ({
        kind: 'binary',
        op,
        left: { kind: 'unary', op: '!', of: { kind: 'bit', bit: a } },
        right: { kind: 'bit', bit: b },
      })),
  );

function bodies(
  qubits: number,
  bits: number,
  custom: readonly CustomGate[],
  inLoop = false,
  depth = 2,
): fc.Arbitrary<Instruction[]> {
  const qubit = fc.nat(qubits - 1);
  const params = fc.oneof(
    { weight: 4, arbitrary: angle.map(literal) },
    { weight: 1, arbitrary: formula(['given']) },
    { weight: 1, arbitrary: fc.constant<Expression>({ kind: 'variable', variable: 2 }) },
  );
  const inner = (loop: boolean) =>
    depth === 0 ? fc.constant<Instruction[]>([]) : bodies(qubits, bits, custom, loop, depth - 1);
  const flat: fc.Arbitrary<Instruction>[] = [
    gates(qubits, custom, params),
    fc
      .tuple(qubit, fc.nat(bits - 1))
      .map(([q, bit]) => ({ kind: 'measure' as const, qubit: q, bit })),
    qubit.map((q) => ({ kind: 'measure' as const, qubit: q })),
    qubit.map((q) => ({ kind: 'reset' as const, qubit: q })),
    fc
      .shuffledSubarray(
        Array.from({ length: qubits }, (_, at) => at),
        { minLength: 1 },
      )
      .map((list) => ({ kind: 'barrier' as const, qubits: list })),
    fc.tuple(fc.constantFrom(0, 1), whole(bits)).map(([variable, value]) => ({
      kind: 'assign' as const,
      to: { kind: 'variable' as const, variable },
      value,
    })),
    fc.tuple(fc.nat(bits - 1), conditions(bits)).map(([bit, value]) => ({
      kind: 'assign' as const,
      to: { kind: 'bit' as const, bit },
      value,
    })),
    fc.constant<Instruction>({ kind: 'end' }),
  ];
  const jumps: fc.Arbitrary<Instruction>[] = inLoop
    ? [fc.constantFrom<Instruction>({ kind: 'break' }, { kind: 'continue' })]
    : [];
  const nested: fc.Arbitrary<Instruction>[] =
    depth === 0
      ? []
      : [
          fc
            .record({ condition: conditions(bits), then: inner(inLoop), else: inner(inLoop) })
            .map((one): Instruction => ({ kind: 'if', ...one })),
          fc
            .record({ condition: conditions(bits), body: inner(true) })
            .map((one): Instruction => ({ kind: 'while', ...one })),
          fc
            .record({ times: fc.integer({ min: 1, max: 9 }), body: inner(true) })
            .map((one): Instruction => ({ kind: 'repeat', ...one })),
        ];
  return fc.array(fc.oneof(...flat, ...jumps, ...nested), { maxLength: 6 });
}

/** Circuits of all that OpenQASM 3 can say. */
const circuits: fc.Arbitrary<Circuit> = fc
  .record({
    qubitRegisters: registers(['q', 'β', 'anc'], 3),
    bitRegisters: registers(['c', 'flags', 'd'], 3),
    internal: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    custom: customGates,
  })
  .chain(({ qubitRegisters, bitRegisters, internal, custom }) =>
    bodies(total(qubitRegisters), total(bitRegisters), custom).map((body): Circuit => ({
      qubits: total(qubitRegisters),
      qubitRegisters,
      bits: total(bitRegisters),
      bitRegisters: bitRegisters.map((one, at) =>
        internal[at] === true ? { ...one, internal: true } : one,
      ),
      variables: [
        { name: 'n', type: { kind: 'int', width: 32 } },
        { name: 'm', type: { kind: 'uint', width: 8 } },
        { name: 'f', type: { kind: 'float' } },
        { name: 'turn', type: { kind: 'angle', width: 16 } },
        { name: 'b', type: { kind: 'bool' } },
      ],
      parameters: ['given'],
      customGates: custom,
      body,
    })),
  );

/** A circuit written as OpenQASM 3 is the same when it is read again, and so is its text. */
export const writtenAndRead: fc.IProperty<[Circuit]> = fc.property(circuits, (circuit) => {
  const text = writeQasm(circuit);
  const read = parseQasm(text);
  validate(read);
  deepStrictEqual(read, circuit);
  deepStrictEqual(writeQasm(read), text);
});
