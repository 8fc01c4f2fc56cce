import type {
  Circuit,
  ClassicalType,
  CustomGate,
  GateInstruction,
  Instruction,
  Register,
  Target,
} from '../circuit.ts';
import { CircuitError } from '../error.ts';
import type { Expression, Value } from '../expression.ts';
import { GATES } from '../gates.ts';
import type { Matrix } from '../matrix.ts';
import { validate } from '../transform/validate.ts';
import { checkInstruction, type Checked } from '../transform/validateBody.ts';
import type { GateMethods } from './methods.ts';
import { angleOf, controlOf, operandOf, type Angle, type ControlOn } from './values.ts';

/** What a circuit has before it has instructions. A number stands for one register, `q` or `c`. */
export interface CircuitShape {
  readonly name?: string;
  readonly qubits: number | Readonly<Record<string, number>>;
  readonly bits?: number | Readonly<Record<string, number>>;
  readonly parameters?: readonly string[];
  readonly variables?: Readonly<Record<string, ClassicalType>>;
}

/** Builds a circuit call by call: a method for each gate of the table, and those of `Builder`. */
export interface CircuitBuilder extends Builder, GateMethods<CircuitBuilder> {}

type Inside = (inside: CircuitBuilder) => unknown;

/**
 * Begins a circuit: `circuitOf({ qubits: 2, bits: 2 }).h(0).cx(0, 1).measureAll().build()`. What is
 * wrong is refused by the call that is wrong.
 * @throws CircuitError SEMANTICS or LIMIT
 */
export function circuitOf(shape: CircuitShape): CircuitBuilder {
  const qubitRegisters = registersOf(shape.qubits, 'q');
  const bitRegisters = registersOf(shape.bits ?? 0, 'c');
  const circuit = {
    ...(shape.name === undefined ? {} : { name: shape.name }),
    qubits: sizeOf(qubitRegisters),
    qubitRegisters,
    bits: sizeOf(bitRegisters),
    bitRegisters,
    variables: Object.entries(shape.variables ?? {}).map(([name, type]) => ({ name, type })),
    parameters: shape.parameters ?? [],
    customGates: [],
    body: [],
  } satisfies Circuit;
  validate(circuit);
  return builderWith({ circuit, customGates: [], names: namesOf(circuit) });
}

function registersOf(
  sizes: number | Readonly<Record<string, number>>,
  name: string,
): readonly Register[] {
  const named = typeof sizes === 'number' ? (sizes === 0 ? {} : { [name]: sizes }) : sizes;
  let start = 0;
  return Object.entries(named).map(([of, size]) => {
    const register = { name: of, start, size };
    start += size;
    return register;
  });
}

const sizeOf = (registers: readonly Register[]): number =>
  registers.reduce((sum, { size }) => sum + size, 0);

const namesOf = (
  circuit: Circuit,
): Checked & { gates: Map<string, { qubits: number; params: number }> } => ({
  qubits: circuit.qubits,
  bits: circuit.bits,
  variables: circuit.variables,
  parameters: new Set(circuit.parameters),
  gates: new Map(
    [...GATES.values()].map(({ name, qubits, params }) => [
      name,
      { qubits, params: params.length },
    ]),
  ),
  counted: () => {},
});

interface Shared {
  readonly circuit: Circuit;
  readonly customGates: CustomGate[];
  readonly names: ReturnType<typeof namesOf>;
}

class Builder {
  readonly #shared: Shared;
  readonly #body: Instruction[] = [];
  readonly #inLoop: boolean;

  constructor(shared: Shared, inLoop = false) {
    this.#shared = shared;
    this.#inLoop = inLoop;
  }

  /** The circuit so far. */
  build(): Circuit {
    const { circuit, customGates } = this.#shared;
    const built = { ...circuit, customGates: [...customGates], body: [...this.#body] };
    validate(built);
    return built;
  }

  /** The number of a qubit in a register. */
  qubit(register: string, index = 0): number {
    return placeOf(this.#shared.circuit.qubitRegisters, register, index);
  }

  /** The number of a bit in a register. */
  bit(register: string, index = 0): number {
    return placeOf(this.#shared.circuit.bitRegisters, register, index);
  }

  /** A register of bits as a number, for conditions. */
  value(register: string): Expression {
    const { start, size } = registerOf(this.#shared.circuit.bitRegisters, register);
    return { kind: 'bits', start, size };
  }

  /** A classical variable, for expressions. */
  variable(name: string): Expression {
    return { kind: 'variable', variable: this.#variable(name) };
  }

  /** A gate of the table or one of the circuit's own, by name, with controls besides. */
  gate(
    name: string,
    params: readonly Angle[],
    qubits: readonly number[],
    controls: readonly ControlOn[] = [],
  ): CircuitBuilder {
    return this.#push({
      kind: 'gate',
      gate: name,
      params: params.map(angleOf),
      qubits,
      ...(controls.length === 0 ? {} : { controls: controls.map(controlOf) }),
    });
  }

  /** The gates that `inside` makes, each with these controls on top. */
  controlled(controls: readonly ControlOn[], inside: Inside): CircuitBuilder {
    for (const instruction of this.#inside(inside)) {
      if (instruction.kind !== 'gate' && instruction.kind !== 'unitary')
        throw new CircuitError('SEMANTICS', `Only gates have controls, not ${instruction.kind}.`);
      const all = [...controls.map(controlOf), ...(instruction.controls ?? [])];
      this.#push({ ...instruction, controls: all });
    }
    return this.#self();
  }

  /** A gate given by its matrix (see matrix.ts). */
  unitary(matrix: Matrix, qubits: readonly number[], label?: string): CircuitBuilder {
    return this.#push({
      kind: 'unitary',
      matrix,
      qubits,
      ...(label === undefined ? {} : { label }),
    });
  }

  /** Measures a qubit, into a bit where one is named; `flip` is the probability of a wrong result. */
  measure(qubit: number, bit?: number, options: { readonly flip?: number } = {}): CircuitBuilder {
    return this.#push({
      kind: 'measure',
      qubit,
      ...(bit === undefined ? {} : { bit }),
      ...options,
    });
  }

  /** Measures each qubit into the bit of its number. */
  measureAll(): CircuitBuilder {
    const { qubits, bits } = this.#shared.circuit;
    if (bits < qubits)
      throw new CircuitError(
        'SEMANTICS',
        `There are ${bits} bits for the results of ${qubits} qubits.`,
      );
    for (let qubit = 0; qubit < qubits; qubit += 1) this.measure(qubit, qubit);
    return this.#self();
  }

  reset(...qubits: readonly number[]): CircuitBuilder {
    for (const qubit of qubits) this.#push({ kind: 'reset', qubit });
    return this.#self();
  }

  /** Without qubits it goes across all. */
  barrier(...qubits: readonly number[]): CircuitBuilder {
    return this.#push({ kind: 'barrier', qubits });
  }

  /** A noise channel of the table. */
  noise(channel: string, params: readonly number[], ...qubits: readonly number[]): CircuitBuilder {
    return this.#push({ kind: 'noise', channel, params, qubits });
  }

  if(condition: Value | Expression, then: Inside, otherwise?: Inside): CircuitBuilder {
    return this.#push({
      kind: 'if',
      condition: operandOf(condition),
      then: this.#inside(then),
      else: otherwise === undefined ? [] : this.#inside(otherwise),
    });
  }

  while(condition: Value | Expression, body: Inside): CircuitBuilder {
    return this.#push({
      kind: 'while',
      condition: operandOf(condition),
      body: this.#inside(body, true),
    });
  }

  repeat(times: number, body: Inside): CircuitBuilder {
    return this.#push({ kind: 'repeat', times, body: this.#inside(body, true) });
  }

  break(): CircuitBuilder {
    return this.#jump('break');
  }

  continue(): CircuitBuilder {
    return this.#jump('continue');
  }

  /** Ends the shot. */
  end(): CircuitBuilder {
    return this.#push({ kind: 'end' });
  }

  /** Assigns to a bit by its number, or to a register of bits or a variable by its name. */
  assign(to: number | string, value: Value | Expression): CircuitBuilder {
    return this.#push({ kind: 'assign', to: this.#target(to), value: operandOf(value) });
  }

  detector(records: readonly number[], coordinates: readonly number[] = []): CircuitBuilder {
    return this.#push({ kind: 'detector', records, coordinates });
  }

  observable(index: number, records: readonly number[]): CircuitBuilder {
    return this.#push({ kind: 'observable', index, records });
  }

  /** Defines a gate: its body names its own qubits from 0 on, and its parameters by name. */
  define(
    name: string,
    shape: { readonly qubits: number; readonly parameters?: readonly string[] },
    body: Inside,
  ): CircuitBuilder {
    const { circuit, customGates, names } = this.#shared;
    const parameters = shape.parameters ?? [];
    const own: Circuit = {
      ...circuit,
      qubits: shape.qubits,
      qubitRegisters: registersOf(shape.qubits, 'q'),
      bits: 0,
      bitRegisters: [],
      variables: [],
      parameters: [...new Set([...circuit.parameters, ...parameters])],
    };
    const inside = new Builder({
      circuit: own,
      customGates,
      names: { ...namesOf(own), gates: names.gates },
    });
    body(inside.#self());
    const gates = inside.#body.filter((made): made is GateInstruction => made.kind === 'gate');
    if (gates.length < inside.#body.length)
      throw new CircuitError('SEMANTICS', `The body of the gate ${name} is made of gates only.`);
    const custom = { name, parameters, qubits: shape.qubits, body: gates };
    validate({ ...circuit, customGates: [...customGates, custom] });
    customGates.push(custom);
    names.gates.set(name, { qubits: shape.qubits, params: parameters.length });
    return this.#self();
  }

  #variable(name: string): number {
    const at = this.#shared.circuit.variables.findIndex((variable) => variable.name === name);
    if (at === -1)
      throw new CircuitError('SEMANTICS', `There is no variable ${JSON.stringify(name)}.`);
    return at;
  }

  #target(to: number | string): Target {
    if (typeof to === 'number') return { kind: 'bit', bit: to };
    const { variables, bitRegisters } = this.#shared.circuit;
    if (variables.some(({ name }) => name === to))
      return { kind: 'variable', variable: this.#variable(to) };
    const { start, size } = registerOf(bitRegisters, to);
    return { kind: 'bits', start, size };
  }

  #jump(kind: 'break' | 'continue'): CircuitBuilder {
    if (!this.#inLoop) throw new CircuitError('SEMANTICS', `There is no loop to ${kind}.`);
    return this.#push({ kind });
  }

  #inside(make: Inside, inLoop = this.#inLoop): readonly Instruction[] {
    const inside = new Builder(this.#shared, inLoop);
    make(inside.#self());
    return inside.#body;
  }

  #push(instruction: Instruction): CircuitBuilder {
    checkInstruction(instruction, this.#shared.names);
    this.#body.push(instruction);
    return this.#self();
  }

  #self(): CircuitBuilder {
    return withMethods(this);
  }
}

for (const { name, params } of GATES.values())
  Object.defineProperty(Builder.prototype, name, {
    value(this: Builder, ...args: readonly Angle[]): CircuitBuilder {
      // The types let only numbers through where qubits stand; others are refused as qubits.
      const qubits = args.slice(params.length) as readonly number[];
      return this.gate(name, args.slice(0, params.length), qubits);
    },
  });

/** Every object of the class has the methods of the table, which its type does not know. */
const withMethods = (builder: Builder): CircuitBuilder => builder as CircuitBuilder;

const builderWith = (shared: Shared): CircuitBuilder => withMethods(new Builder(shared));

function registerOf(registers: readonly Register[], name: string): Register {
  const found = registers.find((register) => register.name === name);
  if (found !== undefined) return found;
  throw new CircuitError('SEMANTICS', `There is no register ${JSON.stringify(name)}.`);
}

function placeOf(registers: readonly Register[], name: string, index: number): number {
  const { start, size } = registerOf(registers, name);
  if (Number.isInteger(index) && index >= 0 && index < size) return start + index;
  throw new CircuitError('SEMANTICS', `There is no ${name}[${index}] among its ${size}.`);
}
