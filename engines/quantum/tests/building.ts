import {
  type Circuit,
  type Control,
  type Expression,
  type Instruction,
  type Value,
  type Variable,
} from '@anarq/circuit';

/** Short words to write circuits with in tests. */
export const literal = (value: Value): Expression => ({ kind: 'literal', value });
export const bit = (at: number): Expression => ({ kind: 'bit', bit: at });
export const bits = (start: number, size: number): Expression => ({ kind: 'bits', start, size });
export const variable = (at: number): Expression => ({ kind: 'variable', variable: at });
export const binary = (
  left: Expression,
  op: (Expression & { kind: 'binary' })['op'],
  right: Expression,
): Expression => ({ kind: 'binary', op, left, right });

export const gate = (
  name: string,
  qubits: readonly number[],
  params: readonly (number | Expression)[] = [],
  controls: readonly Control[] = [],
): Instruction => ({
  kind: 'gate',
  gate: name,
  qubits,
  params: params.map((param) => (typeof param === 'number' ? literal(param) : param)),
  controls,
});
export const measure = (qubit: number, to = qubit, flip?: number): Instruction => ({
  kind: 'measure',
  qubit,
  bit: to,
  ...(flip === undefined ? {} : { flip }),
});
export const reset = (qubit: number): Instruction => ({ kind: 'reset', qubit });
export const noise = (
  channel: string,
  params: readonly number[],
  qubits: readonly number[],
): Instruction => ({ kind: 'noise', channel, params, qubits });
export const when = (
  condition: Expression,
  then: readonly Instruction[],
  otherwise: readonly Instruction[] = [],
): Instruction => {
  // oxlint-disable-next-line unicorn/no-thenable -- a circuit is never awaited
  return { kind: 'if', condition, then, else: otherwise };
};

/** A circuit with one register of qubits and one of bits. */
export const circuitOf = (
  qubits: number,
  bitCount: number,
  body: readonly Instruction[],
  variables: readonly Variable[] = [],
): Circuit => ({
  qubits,
  qubitRegisters: [{ name: 'q', start: 0, size: qubits }],
  bits: bitCount,
  bitRegisters: [{ name: 'c', start: 0, size: bitCount }],
  variables,
  parameters: [],
  customGates: [],
  body,
});
