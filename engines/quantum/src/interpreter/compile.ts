import {
  channelOf,
  CircuitError,
  evaluateAngle,
  expandCustomGates,
  GATES,
  INSTRUCTIONS_MAX,
  NESTING_MAX,
  qubitsOf,
  WHILE_ROUNDS_MAX,
  type Circuit,
  type Control,
  type Expression,
  type GateInstruction,
  type Instruction,
  type NoiseInstruction,
} from '@anarq/circuit';
import { noiseChannel, type NoiseChannel } from './channel.ts';
import { keyOrderOf } from './key.ts';
import type { Operation, Program } from './program.ts';

/** A place in the code that is known only later. */
interface Label {
  at: number;
}

/** An operation whose jump goes to a label until all labels are known. */
type Draft = (end: (label: Label) => number) => Operation;

interface Loop {
  readonly start: Label;
  readonly exit: Label;
}

/**
 * Makes a circuit into a program.
 * @throws CircuitError SEMANTICS for what means nothing (an unknown gate, a qubit that is not there, a
 * probability of 2), LIMIT for code that is too long or nests too deep
 */
export function compile(circuit: Circuit): Program {
  return new Compiler(expandCustomGates(circuit)).program();
}

class Compiler {
  readonly #circuit: Circuit;
  readonly #channels = new Map<string, NoiseChannel>();
  readonly #drafts: Draft[] = [];
  /** 1 for qubits that something acted on, or may have. */
  readonly #touched: Uint8Array;
  #loops = 0;
  #lookback = 0;

  constructor(circuit: Circuit) {
    this.#circuit = circuit;
    this.#touched = new Uint8Array(circuit.qubits);
  }

  program(): Program {
    const { qubits, bits, variables, bitRegisters, body } = this.#circuit;
    const end: Label = { at: 0 };
    this.#body(body, undefined, end, 0);
    end.at = this.#drafts.length;
    return {
      qubits,
      bits,
      variables,
      code: this.#drafts.map((draft) => draft((label) => label.at)),
      loops: this.#loops,
      lookback: this.#lookback,
      keyOrder: keyOrderOf(bitRegisters),
    };
  }

  #emit(operation: Operation): void {
    this.#draft(() => operation);
  }

  #draft(draft: Draft): void {
    if (this.#drafts.length >= INSTRUCTIONS_MAX)
      throw new CircuitError('LIMIT', `A circuit has at most ${INSTRUCTIONS_MAX} operations.`);
    this.#drafts.push(draft);
  }

  #body(body: readonly Instruction[], loop: Loop | undefined, end: Label, depth: number): void {
    if (depth > NESTING_MAX)
      throw new CircuitError('LIMIT', `Blocks nest at most ${NESTING_MAX} deep.`);
    for (const one of body) this.#instruction(one, loop, end, depth);
  }

  #instruction(one: Instruction, loop: Loop | undefined, end: Label, depth: number): void {
    switch (one.kind) {
      case 'gate':
        return this.#gate(one);
      case 'unitary':
        this.#checkQubits(one.qubits, qubitsOf(one.matrix), one.controls);
        return this.#emit({ op: 'apply', ...one, controls: one.controls ?? [] });
      case 'measure': {
        const { qubit, bit, flip = 0, inverted = false } = one;
        this.#checkQubits([qubit], 1, [], false);
        if (!(flip >= 0 && flip <= 1))
          throw new CircuitError('SEMANTICS', `A result flips with probability ${flip}.`);
        if (bit !== undefined) this.#checkBits(bit, 1);
        return this.#emit({ op: 'measure', qubit, bit, flip, inverted });
      }
      case 'reset':
        this.#checkQubits([one.qubit], 1, [], false);
        // What nothing has acted on is |0> already.
        if (depth === 0 && this.#touched[one.qubit] === 0) return undefined;
        return this.#emit({ op: 'reset', qubit: one.qubit });
      case 'barrier':
      case 'coordinates':
        return undefined;
      case 'noise':
        return this.#noise(one);
      case 'assign':
        if (one.to.kind === 'bit') this.#checkBits(one.to.bit, 1);
        if (one.to.kind === 'bits') this.#checkBits(one.to.start, one.to.size);
        this.#checkExpression(one.value);
        return this.#emit({ op: 'assign', to: one.to, value: one.value });
      case 'break':
      case 'continue':
      case 'end': {
        const target = one.kind === 'end' ? end : one.kind === 'break' ? loop?.exit : loop?.start;
        if (target === undefined)
          throw new CircuitError('SEMANTICS', `${one.kind} stands outside of a loop.`);
        return this.#draft((at) => ({ op: 'jump', target: at(target) }));
      }
      case 'detector':
      case 'observable':
        for (const record of one.records) this.#checkRecord(record);
        return this.#emit(
          one.kind === 'detector'
            ? { op: 'detector', records: one.records }
            : { op: 'observable', index: one.index, records: one.records },
        );
      case 'if':
        return this.#if(one, loop, end, depth);
      case 'while':
        return this.#loop(one.condition, WHILE_ROUNDS_MAX, one.body, end, depth);
      case 'repeat':
        return this.#loop(undefined, one.times, one.body, end, depth);
    }
  }

  #if(
    one: Instruction & { readonly kind: 'if' },
    loop: Loop | undefined,
    end: Label,
    depth: number,
  ): void {
    this.#checkExpression(one.condition);
    const otherwise: Label = { at: 0 };
    const after: Label = { at: 0 };
    this.#draft((at) => ({ op: 'unless', condition: one.condition, target: at(otherwise) }));
    this.#body(one.then, loop, end, depth + 1);
    if (one.else.length > 0) this.#draft((at) => ({ op: 'jump', target: at(after) }));
    otherwise.at = this.#drafts.length;
    this.#body(one.else, loop, end, depth + 1);
    after.at = this.#drafts.length;
  }

  #loop(
    condition: Expression | undefined,
    times: number,
    body: readonly Instruction[],
    end: Label,
    depth: number,
  ): void {
    if (condition !== undefined) this.#checkExpression(condition);
    const loop = this.#loops;
    this.#loops += 1;
    const exit: Label = { at: 0 };
    this.#emit({ op: 'enter', loop });
    const start: Label = { at: this.#drafts.length };
    this.#draft((at) => ({ op: 'round', loop, condition, times, exit: at(exit) }));
    this.#body(body, { start, exit }, end, depth + 1);
    this.#emit({ op: 'jump', target: start.at });
    exit.at = this.#drafts.length;
  }

  #gate({ gate: name, params, qubits, controls = [] }: GateInstruction): void {
    const gate = GATES.get(name);
    if (gate === undefined)
      throw new CircuitError('SEMANTICS', `There is no gate ${JSON.stringify(name.slice(0, 40))}.`);
    if (params.length !== gate.params.length)
      throw new CircuitError(
        'SEMANTICS',
        `${name} takes ${gate.params.length} parameters, not ${params.length}.`,
      );
    this.#checkQubits(qubits, gate.qubits, controls);
    for (const param of params) this.#checkExpression(param);
    if (!params.every(isConstant))
      return this.#emit({ op: 'gate', gate, params, qubits, controls });
    const matrix = gate.matrix(...params.map((param) => evaluateAngle(param)));
    this.#emit({ op: 'apply', matrix, qubits, controls });
  }

  #noise({ channel: name, params, qubits }: NoiseInstruction): void {
    const key = `${name} ${params.join(' ')}`;
    const channel = this.#channels.get(key) ?? noiseChannel(channelOf(name, params), params);
    this.#channels.set(key, channel);
    if (qubits.length % channel.qubits !== 0)
      throw new CircuitError(
        'SEMANTICS',
        `${name} acts on ${channel.qubits} qubits at a time, not on ${qubits.length}.`,
      );
    for (let at = 0; at < qubits.length; at += channel.qubits) {
      const acted = qubits.slice(at, at + channel.qubits);
      this.#checkQubits(acted, channel.qubits);
      this.#emit({ op: 'noise', channel, qubits: acted });
    }
  }

  #checkQubits(
    qubits: readonly number[],
    count: number,
    controls: readonly Control[] = [],
    isActing = true,
  ): void {
    if (qubits.length !== count)
      throw new CircuitError('SEMANTICS', `A gate acts on ${count} qubits, not ${qubits.length}.`);
    const all = [...qubits, ...controls.map(({ qubit }) => qubit)];
    for (const qubit of all)
      if (!(Number.isInteger(qubit) && qubit >= 0 && qubit < this.#circuit.qubits))
        throw new CircuitError('SEMANTICS', `There is no qubit ${qubit}.`);
    if (all.length > 1 && new Set(all).size !== all.length)
      throw new CircuitError('SEMANTICS', 'A qubit stands twice in one operation.');
    if (isActing) for (const qubit of all) this.#touched[qubit] = 1;
  }

  #checkBits(start: number, size: number): void {
    if (!(Number.isInteger(start) && start >= 0 && start + size <= this.#circuit.bits))
      throw new CircuitError('SEMANTICS', `There is no bit ${start + size - 1}.`);
  }

  /** What an expression reads has to be there. */
  #checkExpression(expression: Expression): void {
    switch (expression.kind) {
      case 'bit':
        return this.#checkBits(expression.bit, 1);
      case 'bits':
        return this.#checkBits(expression.start, expression.size);
      case 'variable':
        if (this.#circuit.variables[expression.variable] === undefined)
          throw new CircuitError('SEMANTICS', `There is no variable ${expression.variable}.`);
        return undefined;
      case 'record':
        return this.#checkRecord(expression.offset);
      case 'unary':
        return this.#checkExpression(expression.of);
      case 'binary':
        this.#checkExpression(expression.left);
        return this.#checkExpression(expression.right);
      case 'call':
        return expression.of.forEach((one) => this.#checkExpression(one));
      default:
        return undefined;
    }
  }

  #checkRecord(record: number): void {
    if (!Number.isInteger(record) || record >= 0)
      throw new CircuitError('SEMANTICS', `rec[${record}] points to no result.`);
    this.#lookback = Math.max(this.#lookback, -record);
  }
}

/** Whether an expression reads nothing that changes while the circuit runs. */
function isConstant(expression: Expression): boolean {
  switch (expression.kind) {
    case 'literal':
    case 'parameter':
      return true;
    case 'unary':
      return isConstant(expression.of);
    case 'binary':
      return isConstant(expression.left) && isConstant(expression.right);
    case 'call':
      return expression.of.every(isConstant);
    default:
      return false;
  }
}
