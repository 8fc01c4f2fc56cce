import {
  CircuitError,
  INSTRUCTIONS_MAX,
  NESTING_MAX,
  type Circuit,
  type Expression,
  type Instruction,
  type NoiseInstruction,
} from '@anarq/circuit';
import { flowOf, totalsOf } from './flow.ts';
import { GateSteps } from './gateSteps.ts';
import { noiseOf } from './noise.ts';
import {
  DO,
  JUMP,
  STRIDE,
  type Assignment,
  type Detector,
  type Measure,
  type Noise,
  type ObservablePart,
  type Program,
} from './program.ts';

/**
 * Makes a program of a circuit.
 * @throws CircuitError UNSUPPORTED where a gate is not Clifford or a channel no mixture of Pauli errors,
 *   SEMANTICS where a detector points before the first result, LIMIT
 */
export function compile(circuit: Circuit): Program {
  const compiler = new Compiler(circuit);
  compiler.block(circuit.body, 0);
  return compiler.program();
}

class Compiler {
  readonly #circuit: Circuit;
  readonly #gates: GateSteps;
  #code: Int32Array;
  #length = 0;
  readonly #measures: Measure[] = [];
  readonly #plain = new Map<string, number>();
  readonly #noises: Noise[] = [];
  readonly #detectors: Detector[] = [];
  readonly #observables: ObservablePart[] = [];
  readonly #shifts: (readonly number[])[] = [];
  readonly #conditions: Expression[] = [];
  readonly #assignments: Assignment[] = [];
  /** Neighbours of one channel become one operation. */
  #pendingNoise: { instruction: NoiseInstruction; qubits: number[] } | undefined;

  constructor(circuit: Circuit) {
    this.#circuit = circuit;
    // Most gates are one operation: then this is all the memory that is taken.
    this.#code = new Int32Array(STRIDE * Math.ceil(1024 + 1.1 * circuit.body.length));
    this.#gates = new GateSteps(circuit);
  }

  program(): Program {
    const parts = {
      qubits: this.#circuit.qubits,
      bits: this.#circuit.bits,
      variables: this.#circuit.variables,
      code: this.#code.slice(0, this.#length),
      measures: this.#measures,
      noises: this.#noises,
      detectors: this.#detectors,
      observables: this.#observables,
      shifts: this.#shifts,
      conditions: this.#conditions,
      assignments: this.#assignments,
    };
    const flow = flowOf(parts);
    return { ...parts, flow, total: totalsOf(parts, flow) };
  }

  block(body: readonly Instruction[], depth: number): void {
    if (depth > NESTING_MAX)
      throw new CircuitError('LIMIT', `Blocks are nested more than ${NESTING_MAX} deep.`);
    for (const instruction of body) {
      if (instruction.kind === 'noise') this.#noise(instruction);
      else {
        this.#endNoise();
        this.#instruction(instruction, depth);
      }
    }
    this.#endNoise();
  }

  #instruction(instruction: Exclude<Instruction, NoiseInstruction>, depth: number): void {
    switch (instruction.kind) {
      case 'gate':
        this.#gates.gate(instruction, this.#emitStep);
        return;
      case 'unitary':
        this.#gates.unitary(instruction, this.#emitStep);
        return;
      case 'barrier':
        return;
      case 'measure': {
        const { bit = -1, flip = 0, inverted = false } = instruction;
        if (!(flip >= 0 && flip <= 1))
          throw new CircuitError('SEMANTICS', `A readout error of ${flip} is no probability.`);
        const measure = { bit, flip, inverted: inverted ? 1 : 0 } as const;
        this.#emit(DO.MEASURE, instruction.qubit, this.#measure(measure));
        return;
      }
      case 'reset':
        this.#emit(DO.RESET, instruction.qubit, 0);
        return;
      case 'detector':
        this.#emit(DO.DETECTOR, this.#detectors.push(instruction) - 1, 0);
        return;
      case 'observable':
        this.#emit(DO.OBSERVABLE, this.#observables.push(instruction) - 1, 0);
        return;
      case 'coordinates':
        if (instruction.qubits.length === 0)
          this.#emit(DO.SHIFT, this.#shifts.push(instruction.coordinates) - 1, 0);
        return;
      case 'assign':
        this.#emit(DO.ASSIGN, this.#assignments.push(instruction) - 1, 0);
        return;
      default:
        this.#control(instruction, depth);
    }
  }

  #control(
    instruction: Extract<
      Instruction,
      { kind: 'if' | 'while' | 'repeat' | 'break' | 'continue' | 'end' }
    >,
    depth: number,
  ): void {
    switch (instruction.kind) {
      case 'repeat': {
        const { times } = instruction;
        if (!Number.isSafeInteger(times) || times < 0 || times > 2 ** 31 - 1)
          throw new CircuitError(
            'LIMIT',
            `A block is repeated at most ${2 ** 31 - 1} times, not ${times}.`,
          );
        this.#nested(DO.REPEAT, times, instruction.body, depth);
        return;
      }
      case 'while':
        this.#nested(
          DO.WHILE,
          this.#conditions.push(instruction.condition) - 1,
          instruction.body,
          depth,
        );
        return;
      case 'if': {
        const condition = this.#conditions.push(instruction.condition) - 1;
        const at = this.#nested(DO.IF, condition, instruction.then, depth);
        if (instruction.else.length === 0) return;
        this.#nested(DO.ELSE, 0, instruction.else, depth);
        this.#code[at + 2]! += 1;
        return;
      }
      case 'break':
        this.#emit(DO.JUMP, JUMP.BREAK, 0);
        return;
      case 'continue':
        this.#emit(DO.JUMP, JUMP.CONTINUE, 0);
        return;
      case 'end':
        this.#emit(DO.JUMP, JUMP.END, 0);
    }
  }

  /** An operation on the block after it, whose length it names last. Returns where it stands. */
  #nested(what: number, a: number, body: readonly Instruction[], depth: number): number {
    const at = this.#length;
    this.#emit(what, a, 0);
    this.block(body, depth + 1);
    this.#code[at + 2] = (this.#length - at) / STRIDE - 1;
    return at;
  }

  #measure(measure: Measure): number {
    if (measure.bit >= 0) return this.#measures.push(measure) - 1;
    const key = `${measure.flip} ${measure.inverted}`;
    const known = this.#plain.get(key) ?? this.#measures.push(measure) - 1;
    this.#plain.set(key, known);
    return known;
  }

  #noise(instruction: NoiseInstruction): void {
    const pending = this.#pendingNoise;
    if (
      pending !== undefined &&
      pending.instruction.channel === instruction.channel &&
      pending.instruction.params.length === instruction.params.length &&
      pending.instruction.params.every((param, at) => param === instruction.params[at])
    )
      for (const qubit of instruction.qubits) pending.qubits.push(qubit);
    else {
      this.#endNoise();
      this.#pendingNoise = { instruction, qubits: [...instruction.qubits] };
    }
  }

  #endNoise(): void {
    if (this.#pendingNoise === undefined) return;
    const { instruction, qubits } = this.#pendingNoise;
    this.#pendingNoise = undefined;
    const noise = noiseOf({ ...instruction, qubits });
    if (noise.total > 0) this.#emit(DO.NOISE, this.#noises.push(noise) - 1, 0);
  }

  readonly #emitStep = (op: number, a: number, b: number): void => this.#emit(op, a, b);

  #emit(what: number, a: number, b: number): void {
    if (this.#length === this.#code.length) {
      if (this.#length >= STRIDE * INSTRUCTIONS_MAX)
        throw new CircuitError('LIMIT', `A program has at most ${INSTRUCTIONS_MAX} operations.`);
      const longer = new Int32Array(2 * this.#length);
      longer.set(this.#code);
      this.#code = longer;
    }
    this.#code[this.#length] = what;
    this.#code[this.#length + 1] = a;
    this.#code[this.#length + 2] = b;
    this.#length += STRIDE;
  }
}
