import { bodiesOf } from '../../transform/walk.ts';
import type {
  Circuit,
  Instruction,
  ClassicalType,
  CustomGate,
  GateInstruction,
  Register,
} from '../../circuit.ts';
import { CircuitError } from '../../error.ts';
import { GATES } from '../../gates.ts';
import type { Namings } from './expression.ts';
import { definitionOf, portable } from '../portable.ts';
import { callText, STANDARD_NAMES, standardName, withoutControls } from './gateText.ts';
import { CONSTANTS, Names } from './names.ts';

/** Refuses what a text cannot say. */
export function cannot(message: string): never {
  throw new CircuitError('UNSUPPORTED', message);
}

/** A circuit that is being written: how everything is named, and what was defined for it. */
export class Writer {
  readonly circuit: Circuit;
  readonly version: 2 | 3;
  readonly namings: Namings;
  /** Definitions of gates, in the order in which the text needs them. */
  readonly definitions: string[] = [];
  /** Names for bits of several registers that are used together. */
  readonly aliases = new Map<string, string>();
  readonly #names: Names;
  readonly #gates = new Map<string, string>();
  readonly #custom: ReadonlyMap<string, CustomGate>;
  readonly #qubitRegisters: readonly string[];
  readonly #bitRegisters: readonly string[];
  readonly #variables: readonly string[];
  readonly #parameters: ReadonlyMap<string, string>;
  readonly #qubitTexts: readonly string[];

  constructor(circuit: Circuit, version: 2 | 3) {
    this.circuit = circuit;
    this.version = version;
    const reserved = [...STANDARD_NAMES[version].keys(), 'u2', 'u3', '_', ...CONSTANTS];
    // A definition of a gate of the table keeps its name.
    this.#names = new Names(version, [...reserved, ...gatesUsed(circuit)]);
    const named = (things: readonly { readonly name: string }[]): readonly string[] =>
      things.map(({ name }) => this.#names.add(name));
    this.#parameters = new Map(circuit.parameters.map((name) => [name, this.#names.add(name)]));
    this.#qubitRegisters = circuit.qubitRegisters.map((register) =>
      isHardware(register) && version === 3 ? register.name : this.#names.add(register.name),
    );
    this.#bitRegisters = named(circuit.bitRegisters);
    this.#variables = named(circuit.variables);
    this.#custom = new Map(circuit.customGates.map((gate) => [gate.name, gate]));
    this.#qubitTexts = circuit.qubitRegisters.flatMap((register, index) => {
      const name = this.#qubitRegisters[index]!;
      if (isHardware(register) && version === 3) return [name];
      return Array.from({ length: register.size }, (_, at) => `${name}[${at}]`);
    });
    this.namings = {
      parameter: (name) =>
        this.#parameters.get(name) ?? cannot(`Parameter ${name} is not declared`),
      variable: (variable) => this.#variables[variable]!,
      bit: (bit) => this.bit(bit),
      bits: (start, size) => this.bits(start, size),
      isAngle: (variable) => circuit.variables[variable]?.type.kind === 'angle',
    };
  }

  qubit = (qubit: number): string => this.#qubitTexts[qubit]!;

  variable = (variable: number): string => this.#variables[variable]!;

  /** The register that qubits are, in its order. */
  wholeRegister(qubits: readonly number[]): string | undefined {
    const index = this.circuit.qubitRegisters.findIndex(
      ({ start, size }) => start === qubits[0] && size === qubits.length,
    );
    const register = this.circuit.qubitRegisters[index];
    if (register === undefined || isHardware(register)) return undefined;
    return qubits.every((qubit, at) => qubit === register.start + at)
      ? this.#qubitRegisters[index]
      : undefined;
  }

  bit(bit: number): string {
    const index = registerOf(this.circuit.bitRegisters, bit);
    return `${this.#bitRegisters[index]!}[${bit - this.circuit.bitRegisters[index]!.start}]`;
  }

  /** Bits that are used together: a register, a part of one, or parts that are joined by an alias. */
  bits(start: number, size: number): string {
    const parts: string[] = [];
    for (let from = start; from < start + size;) {
      const index = registerOf(this.circuit.bitRegisters, from);
      const register = this.circuit.bitRegisters[index]!;
      const end = Math.min(register.start + register.size, start + size);
      const name = this.#bitRegisters[index]!;
      const isWhole = from === register.start && end === register.start + register.size;
      parts.push(isWhole ? name : `${name}[${from - register.start}:${end - 1 - register.start}]`);
      from = end;
    }
    const [only] = parts;
    if (parts.length === 1 && only !== undefined) return only;
    if (this.version === 2) cannot('OpenQASM 2 compares whole registers only');
    const text = parts.join(' ++ ');
    const alias = this.aliases.get(text) ?? this.#names.add('joined');
    this.aliases.set(text, alias);
    return alias;
  }

  /** Declarations, in the order of the circuit. */
  *declarations(): Generator<string> {
    const { circuit, version } = this;
    if (version === 2 && (circuit.variables.length > 0 || circuit.parameters.length > 0))
      cannot('OpenQASM 2 has neither variables nor parameters: give the parameters values first');
    for (const name of this.#parameters.values()) yield `input float[64] ${name};`;
    for (const [index, register] of circuit.qubitRegisters.entries()) {
      const name = this.#qubitRegisters[index]!;
      if (register.size === 0 || (isHardware(register) && version === 3)) continue;
      yield version === 2 ? `qreg ${name}[${register.size}];` : `qubit[${register.size}] ${name};`;
    }
    const isTold = circuit.bitRegisters.some((one) => one.internal !== true);
    const isAllTold = circuit.bitRegisters.every((one) => one.internal !== true);
    for (const [index, register] of circuit.bitRegisters.entries()) {
      const name = this.#bitRegisters[index]!;
      if (register.size === 0) continue;
      if (version === 2) yield `creg ${name}[${register.size}];`;
      else if (isAllTold || (isTold && register.internal === true))
        yield `bit[${register.size}] ${name};`;
      else if (isTold) yield `output bit[${register.size}] ${name};`;
      else yield `@internal\nbit[${register.size}] ${name};`;
    }
    for (const [index, { type }] of circuit.variables.entries())
      yield `${typeText(type)} ${this.#variables[index]!};`;
  }

  /** A call of a gate, its definition written before if the text needs one. */
  *gate(step: GateInstruction): Generator<string> {
    const isPhaseSeen = (step.controls ?? []).length > 0;
    const direct = this.#gateName(this.version === 2 ? withoutControls(step) : step, isPhaseSeen);
    if (direct !== undefined)
      return yield callText(direct.name, direct.step, this.namings, this.qubit);
    for (const part of portable(this.version, step)) {
      const named = this.#gateName(part, true) ?? cannot(`Gate ${part.gate} is unknown`);
      yield callText(named.name, named.step, this.namings, this.qubit);
    }
    return undefined;
  }

  /** The name of a gate in the text, and the call with it; none for what stands for several gates. */
  #gateName(
    step: GateInstruction,
    isPhaseSeen: boolean,
  ): { readonly name: string; readonly step: GateInstruction } | undefined {
    const custom = this.#custom.get(step.gate);
    if (custom !== undefined) return { name: this.#customName(custom), step };
    const standard = standardName(this.version, step.gate, isPhaseSeen);
    if (standard !== undefined) return { name: standard, step };
    const [first, second] = portable(this.version, step);
    if (second !== undefined || first !== step) return undefined;
    return { name: this.#tableName(step.gate), step };
  }

  /** The name of a gate of the table that the standard file lacks: it is defined in the text. */
  #tableName(name: string): string {
    const known = this.#gates.get(name);
    if (known !== undefined) return known;
    const gate = GATES.get(name) ?? cannot(`Gate ${name} is unknown`);
    if (gate.qubits === 0) cannot(`OpenQASM ${this.version} has no gate ${name}`);
    this.#gates.set(name, name);
    this.#define(name, gate.params, gate.qubits, definitionOf(this.version, gate));
    return name;
  }

  #customName(gate: CustomGate): string {
    const known = this.#gates.get(gate.name);
    if (known !== undefined) return known;
    if (gate.qubits === 0) cannot(`OpenQASM has no gates without qubits, as ${gate.name} is one`);
    const name = this.#names.add(gate.name);
    this.#gates.set(gate.name, name);
    const body = gate.body.flatMap((step) =>
      standardName(this.version, step.gate, true) === undefined
        ? portable(this.version, step)
        : [step],
    );
    this.#define(name, gate.parameters, gate.qubits, body);
    return name;
  }

  /** Definitions of all gates of the circuit, also of those it does not use. */
  customDefinitions(): void {
    for (const gate of this.circuit.customGates) this.#customName(gate);
  }

  #define(
    name: string,
    parameters: readonly string[],
    qubits: number,
    body: readonly GateInstruction[],
  ): void {
    const own = this.#names.inside();
    const params = new Map(parameters.map((one) => [one, own.add(one)]));
    const operands = Array.from({ length: qubits }, (_, at) => own.add(`q${at}`));
    const namings: Namings = {
      ...this.namings,
      parameter: (one) =>
        params.get(one) ?? cannot(`A gate does not see ${one}, which is given to the circuit`),
    };
    const lines = body.map((step) => {
      const plain = this.version === 2 ? withoutControls(step) : step;
      const named = this.#gateName(plain, true) ?? cannot(`Gate ${plain.gate} is unknown`);
      return `  ${callText(named.name, named.step, namings, (qubit) => operands[qubit]!)}`;
    });
    const list = params.size === 0 ? '' : `(${[...params.values()].join(', ')})`;
    const head = `gate ${name}${list} ${operands.join(', ')} {`;
    this.definitions.push([head, ...lines, '}'].join('\n'));
  }
}

/** Gates of the table that a circuit uses, and those that they are made of. */
function gatesUsed(circuit: Circuit): ReadonlySet<string> {
  const used = new Set<string>();
  const walk = (body: readonly Instruction[]): void => {
    for (const instruction of body) {
      if (instruction.kind === 'gate') {
        if (used.has(instruction.gate)) continue;
        const gate = GATES.get(instruction.gate);
        if (gate === undefined) continue;
        used.add(gate.name);
        walk(gate.decomposition ?? []);
      } else for (const inner of bodiesOf(instruction)) walk(inner);
    }
  };
  walk(circuit.body);
  for (const gate of circuit.customGates) walk(gate.body);
  return used;
}

const isHardware = ({ name, size }: Register): boolean => size === 1 && /^\$\d+$/.test(name);

/** The index of the register that a bit or qubit is in. */
function registerOf(registers: readonly Register[], at: number): number {
  let low = 0;
  let high = registers.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (registers[middle]!.start <= at) low = middle;
    else high = middle - 1;
  }
  // A register without bits begins where its neighbour does.
  while (registers[low] !== undefined && registers[low]!.size === 0) low -= 1;
  return low;
}

function typeText(type: ClassicalType): string {
  if (type.kind === 'bool') return 'bool';
  return type.kind === 'float' ? 'float[64]' : `${type.kind}[${type.width}]`;
}
