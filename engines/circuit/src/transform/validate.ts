import {
  BITS_MAX,
  INSTRUCTIONS_MAX,
  QUBITS_MAX,
  type Circuit,
  type ClassicalType,
  type Register,
} from '../circuit.ts';
import { CircuitError } from '../error.ts';
import { CLASSICAL_BITS_MAX } from '../evaluate.ts';
import { GATES } from '../gates.ts';
import { checkBody, type Checked } from './validateBody.ts';

/**
 * Refuses a circuit that breaks a rule of circuit.ts: what is out of range, named twice, unknown, not
 * finite, nested too deep, or beyond a limit. Simulators and writers take for granted that it passed.
 * @throws CircuitError SEMANTICS or LIMIT, with the path of the instruction
 */
export function validate(circuit: Circuit): void {
  within('qubits', circuit.qubits, QUBITS_MAX);
  within('bits', circuit.bits, BITS_MAX);
  covers('qubit', circuit.qubitRegisters, circuit.qubits);
  covers('bit', circuit.bitRegisters, circuit.bits);
  distinct('register', [...circuit.qubitRegisters, ...circuit.bitRegisters].map(nameOf));
  distinct('variable', circuit.variables.map(nameOf));
  distinct('parameter', circuit.parameters);
  for (const { name, type } of circuit.variables) checkType(name, type);
  const gates = new Map<string, { readonly qubits: number; readonly params: number }>();
  for (const { name, qubits, params } of GATES.values())
    gates.set(name, { qubits, params: params.length });
  let instructions = 0;
  const counted = (): void => {
    instructions += 1;
    if (instructions > INSTRUCTIONS_MAX)
      refuse('LIMIT', `A circuit has at most ${INSTRUCTIONS_MAX} instructions.`);
  };
  distinct('gate', circuit.customGates.map(nameOf));
  for (const custom of circuit.customGates) {
    within(`qubits of the gate ${custom.name}`, custom.qubits, QUBITS_MAX);
    distinct(`parameter of the gate ${custom.name}`, custom.parameters);
    const inside: Checked = {
      qubits: custom.qubits,
      bits: 0,
      variables: [],
      parameters: new Set([...circuit.parameters, ...custom.parameters]),
      gates,
      counted,
    };
    checkBody(custom.body, inside, `gate ${custom.name}, `);
    gates.set(custom.name, { qubits: custom.qubits, params: custom.parameters.length });
  }
  const { qubits, bits, variables } = circuit;
  const parameters = new Set(circuit.parameters);
  checkBody(circuit.body, { qubits, bits, variables, parameters, gates, counted }, '');
}

function refuse(code: 'SEMANTICS' | 'LIMIT', message: string): never {
  throw new CircuitError(code, message);
}

const nameOf = ({ name }: { readonly name: string }): string => name;

function within(what: string, count: number, limit: number): void {
  if (!Number.isSafeInteger(count) || count < 0)
    refuse('SEMANTICS', `The number of ${what} is a whole number, not ${count}.`);
  if (count > limit) refuse('LIMIT', `There are at most ${limit} ${what}, not ${count}.`);
}

function covers(what: string, registers: readonly Register[], total: number): void {
  let end = 0;
  for (const { name, start, size } of registers) {
    if (start !== end || !Number.isSafeInteger(size) || size < 0)
      refuse('SEMANTICS', `The ${what} register ${name} begins at ${start}, not at ${end}.`);
    end += size;
  }
  if (end !== total)
    refuse('SEMANTICS', `The ${what} registers hold ${end} together, not the ${total} there are.`);
}

function distinct(what: string, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name))
      refuse('SEMANTICS', `There are two of the ${what} ${JSON.stringify(name.slice(0, 40))}.`);
    seen.add(name);
  }
}

function checkType(name: string, type: ClassicalType): void {
  if (!('width' in type)) return;
  if (!Number.isSafeInteger(type.width) || type.width < 1)
    refuse('SEMANTICS', `The width of ${name} is at least 1, not ${type.width}.`);
  if (type.width > CLASSICAL_BITS_MAX)
    refuse('LIMIT', `The width of ${name} is at most ${CLASSICAL_BITS_MAX}, not ${type.width}.`);
}
