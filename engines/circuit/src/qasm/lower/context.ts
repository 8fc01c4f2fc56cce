import {
  BITS_MAX,
  type Circuit,
  type ClassicalType,
  type CustomGate,
  INSTRUCTIONS_MAX,
  type Instruction,
  NESTING_MAX,
  QUBITS_MAX,
  type Register,
  type Variable,
} from '../../circuit.ts';
import type { CircuitErrorCode } from '../../error.ts';
import type { Value } from '../../expression.ts';
import { GATES } from '../../gates.ts';
import { refuse, type Source } from '../source.ts';
import type {
  Assigned,
  Expr,
  MeasureExpression,
  Name,
  QuantumCall,
  Span,
  Statement,
} from '../syntax.ts';
import type { GateMeaning, Step } from './gateMeaning.ts';
import { type Cell, type Certainty, Scope, type Symbol } from './scope.ts';
import type { Call, Places } from './places.ts';
import { CONSTANTS, type Typed } from './types.ts';
import { span, type Wires } from './wires.ts';

/** Limits of a text; each is at most the one of circuits in general. */
export interface QasmLimits {
  readonly qubits?: number;
  readonly bits?: number;
  /** Instructions when loops and subroutines are unrolled and gates of the text are taken apart. */
  readonly instructions?: number;
}

const EXPANSION_MAX = 2_000_000;

/** Parts of the lowering that others call back, since expressions and statements contain each other. */
export interface Parts {
  readonly expression: (context: Context, expr: Expr) => Typed;
  /** The value of a call of a subroutine. */
  readonly call: (context: Context, expr: Expr & { kind: 'call' }) => Typed;
  readonly quantumCall: (context: Context, call: QuantumCall) => Typed;
  readonly statements: (context: Context, body: Iterable<Statement>) => void;
}

/** What lowering a text has come to. */
export class Context {
  source: Source;
  version: 2 | 3;
  readonly parts: Parts;
  readonly includes: ReadonlyMap<string, string>;
  readonly limits: Required<QasmLimits>;
  readonly qubitRegisters: Register[] = [];
  readonly bitRegisters: Register[] = [];
  readonly variables: Variable[] = [];
  readonly parameters: string[] = [];
  /** Names of the registers that are declared as output. */
  readonly outputs = new Set<string>();
  /** Variables changed inside of each `uncertain` that is open. */
  readonly changes: Set<Cell>[] = [];
  readonly certainty: Certainty = { now: 0, floor: 0 };
  readonly #places = new Map<Source, Places>();
  readonly #locals = new Set<string>();
  readonly #variableNames = new Set<string>();
  qubits = 0;
  bits = 0;
  /** Instructions so far, those of gates counted as often as they are used. */
  instructions = 0;
  body: Instruction[] = [];
  /** How deep `body` is inside of `if` and loops of the circuit. */
  nesting = 0;
  readonly globals: Scope;
  scope: Scope;
  /** Whether `body` is the one of a gate: it is made of gates only. */
  gateBody = false;
  /** Whether a gate is being defined: its parameters have no values yet. */
  defining = false;
  /** Whether what is being defined needs them (see gateMeaning.ts, `inline`). */
  needsParameters = false;
  readonly custom: Map<string, CustomGate>;
  readonly weights: Map<string, number>;
  /** Gates of the circuit that undo others. */
  readonly inverses: Map<string, string>;
  readonly gates: Map<string, GateMeaning>;
  /** Subroutines of the text, and those of them that are called. */
  readonly subroutines: (Symbol & { kind: 'def' })[] = [];
  readonly called = new Set<Statement>();
  /** Qubits of hardware by name, `$0` and so on, in the order in which the text names them. */
  readonly hardware = new Map<string, { readonly wires: Wires; readonly isRegister: false }>();
  /** The loop around, if any: one of the circuit, or an unrolled one with the variable that says it is left. */
  loop: 'real' | { readonly left: number } | undefined;
  /** Subroutines being inlined, the outermost first. */
  readonly calls: Call[] = [];
  /** Files being included, the outermost first. */
  readonly open: string[] = [];
  /** Characters of the text, and of all that it includes. */
  length: number;
  /** Instructions made so far, rounds of loops and calls. */
  made = 0;

  constructor(
    source: Source,
    version: 2 | 3,
    includes: ReadonlyMap<string, string>,
    limits: QasmLimits,
    parts: Parts,
    of?: Context,
  ) {
    this.globals = of?.globals ?? new Scope();
    this.scope = this.globals;
    this.custom = of?.custom ?? new Map();
    this.weights = of?.weights ?? new Map();
    this.inverses = of?.inverses ?? new Map();
    this.gates = of?.gates ?? new Map();
    this.parts = parts;
    this.length = source.text.length;
    this.source = source;
    this.version = version;
    this.includes = includes;
    this.limits = {
      qubits: Math.min(limits.qubits ?? QUBITS_MAX, QUBITS_MAX),
      bits: Math.min(limits.bits ?? BITS_MAX, BITS_MAX),
      instructions: Math.min(limits.instructions ?? INSTRUCTIONS_MAX, INSTRUCTIONS_MAX),
    };
  }

  /** Another circuit with the names and gates of this one, where `made` instructions are made already. */
  fork(made: number): Context {
    const { source, version, includes, limits, parts } = this;
    const fork = new Context(source, version, includes, limits, parts, this);
    fork.made = made;
    fork.length = this.length;
    return fork;
  }

  /** The value of an expression. */
  lower(expr: Expr): Typed {
    return this.parts.expression(this, expr);
  }

  refuse(code: CircuitErrorCode, message: string, at: Span): never {
    return refuse(code, message, this.source, at.at);
  }

  wrong(message: string, at: Span): never {
    return this.refuse('SEMANTICS', message, at);
  }

  unsupported(message: string, at: Span): never {
    return this.refuse('UNSUPPORTED', message, at);
  }

  /** Appends an instruction that stands for `weight` of them. */
  emit(instruction: Instruction, at: Span, weight = 1): void {
    this.count(weight, at);
    this.make(1, at);
    this.body.push(instruction);
  }

  /** Refuses what comes to more than `make` allows, before any of it is made. */
  checkRoom(count: number, at: Span): void {
    this.make(count, at);
    this.made -= count;
  }

  /**
   * Counts what a text comes to by loops, calls, powers and registers, each of which says much in
   * few characters: no more than a long text that says it one by one, and so much besides.
   */
  make(count: number, at: Span): void {
    this.made += count;
    if (this.made > EXPANSION_MAX + this.length / 4)
      this.refuse(
        'LIMIT',
        `Loops, calls, powers and registers of a text come to at most ${EXPANSION_MAX} instructions when they are unrolled`,
        at,
      );
  }

  count(weight: number, at: Span): void {
    this.instructions += weight;
    if (this.instructions > this.limits.instructions)
      this.refuse(
        'LIMIT',
        `A circuit has at most ${this.limits.instructions} instructions, loops and gates unrolled`,
        at,
      );
  }

  /** What `read` emits, as a block of its own inside an instruction of the circuit. */
  block(at: Span, read: () => void): Instruction[] {
    const outer = this.body;
    const block: Instruction[] = [];
    this.nesting += 1;
    if (this.nesting > NESTING_MAX)
      this.refuse('LIMIT', `Control flow nests at most ${NESTING_MAX} deep`, at);
    this.body = block;
    read();
    this.body = outer;
    this.nesting -= 1;
    return block;
  }

  /** Runs `read` as the body of a loop. */
  inLoop<T>(loop: Context['loop'], read: () => T): T {
    const outer = this.loop;
    this.loop = loop;
    const result = read();
    this.loop = outer;
    return result;
  }

  /** Runs `read` with a scope of its own. */
  inScope<T>(scope: Scope, read: () => T): T {
    const outer = this.scope;
    this.scope = scope;
    const result = read();
    this.scope = outer;
    return result;
  }

  declare(name: Name, symbol: Symbol): void {
    const isConstant =
      this.version === 3 && this.scope === this.globals && CONSTANTS.has(name.name);
    const isGate = this.gates.get(name.name)?.isOwn ?? false;
    if (isConstant || isGate || this.scope.has(name.name))
      this.wrong(`'${name.name}' is declared already`, name);
    this.#locals.add(name.name);
    this.scope.set(name.name, symbol);
  }

  /** Says that values are needed which parameters of a definition do not have yet. */
  needValues(message: string, at: Span): void {
    if (!this.defining) this.unsupported(message, at);
    this.needsParameters = true;
  }

  /** Adds a gate to the circuit, under its name or one like it, and returns that. */
  addGate(gate: CustomGate): string {
    let { name } = gate;
    for (let number = 2; GATES.has(name) || this.custom.has(name); number += 1)
      name = `${gate.name}_${number}`;
    const made = { ...gate, name };
    this.custom.set(name, made);
    this.weights.set(
      name,
      gate.body.reduce((sum, step) => sum + this.weightOf(step), 0),
    );
    return name;
  }

  /** Gates that an instruction comes to when gates of the text are taken apart. */
  weightOf(step: { readonly kind: string; readonly gate?: string }): number {
    return step.gate === undefined ? 1 : (this.weights.get(step.gate) ?? 1);
  }

  /** What the body of a gate comes to; its qubits are 0 and so on. */
  gateSteps(scope: Scope, source: Source, body: readonly Statement[], defining = false): Step[] {
    const outer = [
      this.body,
      this.source,
      this.gateBody,
      this.defining,
      this.instructions,
    ] as const;
    const steps: Instruction[] = [];
    this.body = steps;
    this.source = source;
    this.gateBody = true;
    this.defining = defining;
    this.inScope(scope, () => this.parts.statements(this, body));
    [this.body, this.source, this.gateBody, this.defining, this.instructions] = outer;
    return steps.filter((step) => step.kind === 'gate' || step.kind === 'unitary');
  }

  /** The value on the right of `=` that is no measurement. */
  assigned(value: Exclude<Assigned, MeasureExpression>): Typed {
    return value.kind === 'quantumCall' ? this.parts.quantumCall(this, value) : this.lower(value);
  }

  /** Where variables of blocks are that were declared at some place of a source. */
  placesIn(source: Source): Places {
    let places = this.#places.get(source);
    if (places === undefined) {
      places = { bits: new Map(), variables: new Map() };
      this.#places.set(source, places);
    }
    return places;
  }

  /** Notes that a variable has a value from here on. */
  assign(cell: Cell, known: Value | undefined): void {
    cell.known = known;
    for (const changed of this.changes) changed.add(cell);
  }

  /**
   * Runs `read` for what happens any number of times while the circuit runs: what it assigns is not
   * known behind it, and in a loop, where nothing is known that may change, not in it either.
   */
  uncertain(isLoop: boolean, read: () => void): void {
    const { certainty } = this;
    const { floor } = certainty;
    const changed = new Set<Cell>();
    this.changes.push(changed);
    if (isLoop) {
      certainty.now += 1;
      certainty.floor = certainty.now;
    }
    read();
    certainty.floor = floor;
    this.changes.pop();
    for (const cell of changed) cell.known = undefined;
  }

  /** A name like this one for a variable of a block, which no other has. */
  localName(name: string): string {
    let unique = name;
    for (let number = 2; this.#locals.has(unique); number += 1) unique = `${name}_${number}`;
    this.#locals.add(unique);
    return unique;
  }

  /** A variable of the circuit; its name is another where one has it already. */
  addVariable(name: string, type: ClassicalType, at: Span): number {
    this.count(1, at);
    const unique = this.#variableNames.has(name) ? this.localName(name) : name;
    this.#variableNames.add(unique);
    this.variables.push({ name: unique, type });
    return this.variables.length - 1;
  }

  addQubits(name: Name, size: number, at: Span): Wires {
    if (this.qubits + size > this.limits.qubits)
      this.refuse(
        'LIMIT',
        `A circuit has at most ${this.limits.qubits} qubits, and this one comes to ${this.qubits + size}`,
        at,
      );
    const wires = span(this.qubits, size);
    this.qubitRegisters.push({ name: name.name, start: wires.start, size });
    this.qubits += size;
    return wires;
  }

  addBits(name: string, size: number, at: Span, isInternal = false): Wires {
    if (this.bits + size > this.limits.bits)
      this.refuse(
        'LIMIT',
        `A circuit has at most ${this.limits.bits} bits, and this one comes to ${this.bits + size}`,
        at,
      );
    const wires = span(this.bits, size);
    this.bitRegisters.push({
      name,
      start: wires.start,
      size,
      ...(isInternal ? { internal: true } : {}),
    });
    this.bits += size;
    return wires;
  }

  /** Bits of a block have another name where something declared behind it has theirs. */
  #uniqueRegisters(): readonly Register[] {
    const told = new Set(this.bitRegisters.filter((one) => !one.internal).map(({ name }) => name));
    return this.bitRegisters.map((one) =>
      one.internal && told.has(one.name) ? { ...one, name: this.localName(one.name) } : one,
    );
  }

  /** What the text came to. */
  circuit(): Circuit {
    const { outputs } = this;
    const named = this.#uniqueRegisters();
    const bitRegisters =
      outputs.size === 0
        ? named
        : named.map((one) => (outputs.has(one.name) ? one : { ...one, internal: true }));
    return {
      qubits: this.qubits,
      qubitRegisters: this.qubitRegisters,
      bits: this.bits,
      bitRegisters,
      variables: this.variables,
      parameters: this.parameters,
      customGates: [...this.custom.values()],
      body: this.body,
    };
  }
}
