import type { Circuit, GateInstruction, Instruction } from '../circuit.ts';
import { CircuitError } from '../error.ts';
import type { Expression, Value } from '../expression.ts';
import { substituted, substitutedAngle } from './substitute.ts';
import { changedBody } from './walk.ts';

/**
 * A circuit with values in place of all its parameters; none is left.
 * @throws CircuitError SEMANTICS for a parameter without a value, a value without a parameter, or an
 * angle that becomes no finite number
 */
export function bind(circuit: Circuit, values: Readonly<Record<string, Value>>): Circuit {
  const missing = circuit.parameters.filter((name) => !Object.hasOwn(values, name));
  if (missing.length > 0)
    throw new CircuitError('SEMANTICS', `No value is given for ${quoted(missing)}.`);
  const known = new Set(circuit.parameters);
  const unknown = Object.keys(values).filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw new CircuitError(
      'SEMANTICS',
      `The circuit has no parameter ${quoted(unknown)}; it has ${quoted(circuit.parameters) || 'none'}.`,
    );
  const literals = new Map(
    circuit.parameters.map((name) => [name, { kind: 'literal', value: values[name]! } as const]),
  );
  const given = (name: string): Expression | undefined => literals.get(name);
  return {
    ...circuit,
    parameters: [],
    customGates: circuit.customGates.map((custom) => {
      // A gate's own parameters hide those of the circuit.
      const own = new Set(custom.parameters);
      const outside = (name: string) => (own.has(name) ? undefined : given(name));
      return { ...custom, body: custom.body.map((step) => boundGate(step, outside)) };
    }),
    body: changedBody(circuit.body, (instruction) => [bound(instruction, given)]),
  };
}

const quoted = (names: readonly string[]): string =>
  names
    .slice(0, 5)
    .map((name) => JSON.stringify(name.slice(0, 40)))
    .join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '');

type Given = (name: string) => Expression | undefined;

const boundGate = (instruction: GateInstruction, given: Given): GateInstruction =>
  instruction.params.every((param) => param.kind === 'literal')
    ? instruction
    : {
        ...instruction,
        params: instruction.params.map((param) => substitutedAngle(param, given)),
      };

function bound(instruction: Instruction, given: Given): Instruction {
  switch (instruction.kind) {
    case 'gate':
      return boundGate(instruction, given);
    case 'assign':
      return { ...instruction, value: substituted(instruction.value, given) };
    case 'if':
    case 'while':
      return { ...instruction, condition: substituted(instruction.condition, given) };
    default:
      return instruction;
  }
}
