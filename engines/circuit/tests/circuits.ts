import fc from 'fast-check';
import {
  GATES,
  type Circuit,
  type CustomGate,
  type Expression,
  type Gate,
  type GateInstruction,
  type Instruction,
} from '../src/index.ts';

/** A circuit of these instructions, with one register each. */
export const circuitWith = (
  qubits: number,
  body: readonly Instruction[],
  rest: Partial<Circuit> = {},
): Circuit => ({
  qubits,
  qubitRegisters: qubits === 0 ? [] : [{ name: 'q', start: 0, size: qubits }],
  bits: rest.bits ?? 0,
  bitRegisters: rest.bits === undefined ? [] : [{ name: 'c', start: 0, size: rest.bits }],
  variables: [],
  parameters: [],
  customGates: [],
  body,
  ...rest,
});

export const gateOn = (
  gate: string,
  qubits: readonly number[],
  ...params: readonly (number | Expression)[]
): GateInstruction => ({
  kind: 'gate',
  gate,
  qubits,
  params: params.map((param) =>
    typeof param === 'number' ? { kind: 'literal', value: param } : param,
  ),
});

const angle = fc.double({ min: -7, max: 7, noNaN: true });

/** A gate of the table on some of so many qubits, often with a control; its params numbers or these names. */
export const aGate = (
  qubits: number,
  names: readonly string[] = [],
  gates: readonly Pick<Gate, 'name' | 'qubits' | 'params'>[] = [...GATES.values()],
): fc.Arbitrary<GateInstruction> => {
  const param: fc.Arbitrary<Expression> = fc.oneof(
    angle.map((value): Expression => ({ kind: 'literal', value })),
    ...names.map((name) => fc.constant<Expression>({ kind: 'parameter', name })),
  );
  return fc
    .constantFrom(...gates.filter((gate) => gate.qubits <= qubits))
    .chain((gate) =>
      fc.record({
        gate: fc.constant(gate),
        order: fc.shuffledSubarray(
          Array.from({ length: qubits }, (_, k) => k),
          { minLength: qubits, maxLength: qubits },
        ),
        params: fc.tuple(...gate.params.map(() => param)),
        control: fc.constantFrom<(0 | 1 | undefined)[]>(undefined, undefined, 0, 1),
      }),
    )
    .map(({ gate, order, params, control }) => ({
      kind: 'gate',
      gate: gate.name,
      params,
      qubits: order.slice(0, gate.qubits),
      ...(control === undefined || gate.qubits === qubits
        ? {}
        : { controls: [{ qubit: order[gate.qubits]!, value: control }] }),
    }));
};

/** A circuit of gates with custom gates that use one another, and two parameters. */
export const aGateCircuit = (qubits: number): fc.Arbitrary<Circuit> => {
  const parameters = ['alpha', 'beta'];
  const inner = aGate(2, ['x']).map((step): readonly GateInstruction[] => [step]);
  const lower: fc.Arbitrary<CustomGate> = fc
    .array(inner, { minLength: 1, maxLength: 3 })
    .map((steps) => ({ name: 'lower', parameters: ['x'], qubits: 2, body: steps.flat() }));
  const shape = (name: string) => ({ name, qubits: 2, params: ['x'] });
  const upper: fc.Arbitrary<CustomGate> = fc
    .array(
      aGate(2, ['x'], [...GATES.values(), ...Array.from({ length: 60 }, () => shape('lower'))]),
      {
        minLength: 1,
        maxLength: 3,
      },
    )
    .map((body) => ({ name: 'upper', parameters: ['x'], qubits: 2, body }));
  const own = Array.from({ length: 30 }, (_, k) => shape(k % 2 === 0 ? 'lower' : 'upper'));
  const body = fc.array(aGate(qubits, parameters, [...GATES.values(), ...own]), {
    minLength: 1,
    maxLength: 8,
  });
  return fc
    .record({ lower, upper, body })
    .map((made) =>
      circuitWith(qubits, made.body, { customGates: [made.lower, made.upper], parameters }),
    );
};
