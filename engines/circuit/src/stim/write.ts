import { CHANNELS } from '../channels.ts';
import type { Circuit, GateInstruction, Instruction, MeasureInstruction } from '../circuit.ts';
import { CircuitError } from '../error.ts';
import type { Expression } from '../expression.ts';
import { controlled } from '../matrix.ts';
import { expandCustomGates } from '../transform/expand.ts';
import { checkNesting } from '../transform/walk.ts';
import { stimUseOf, stimUsesOf, type StimUse } from './names.ts';

/**
 * Writes a circuit in Stim's circuit format. What is alike and follows one another shares a line;
 * reading it again gives the same instructions where the circuit was read from such a text. Global
 * phases, names of bits, and barriers on some of the qubits have no place there and are left away.
 * @throws CircuitError UNSUPPORTED for what the format cannot say: a gate that is no Clifford or has
 * many controls, a channel that is no mixture of Paulis, assignments, `while`, and conditions other
 * than a single result before X, Y or Z
 */
export function writeStim(circuit: Circuit): string {
  const expanded = expandCustomGates(circuit);
  const writer = new StimWriter(expanded);
  writer.body(expanded.body, 0);
  // A qubit that nothing is done to is named by what does nothing.
  if (writer.highest < circuit.qubits - 1) writer.line('I_ERROR', [String(circuit.qubits - 1)]);
  return writer.text();
}

function unsupported(message: string): never {
  throw new CircuitError('UNSUPPORTED', message);
}

/** The Paulis a result can bring about, by the gate it controls in Stim. */
const FEEDBACK: Readonly<Record<string, string>> = { x: 'CX', y: 'CY', z: 'CZ' };
/** Targets that share a line. */
const LINE_TARGETS_MAX = 64;

class StimWriter {
  highest = -1;
  readonly #circuit: Circuit;
  readonly #lines: string[] = [];
  #indent = '';
  #head = '';
  #targets: string[] = [];
  /** Results so far, and where each bit was measured, counted in the block that is written. */
  #records = 0;
  #bits = new Map<number, number>();

  constructor(circuit: Circuit) {
    this.#circuit = circuit;
  }

  text(): string {
    this.#flush();
    return this.#lines.map((line) => `${line}\n`).join('');
  }

  body(body: readonly Instruction[], depth: number): void {
    checkNesting(depth);
    for (const instruction of body) this.#instruction(instruction, depth);
  }

  /** Adds targets to the line before where that begins the same. */
  line(head: string, targets: readonly string[]): void {
    if (this.#head !== head || this.#targets.length + targets.length > LINE_TARGETS_MAX)
      this.#flush();
    this.#head = head;
    this.#targets.push(...targets);
  }

  /** A line of its own. */
  #single(head: string, targets: readonly string[] = []): void {
    this.#flush();
    this.#lines.push([this.#indent + head, ...targets].join(' '));
  }

  #flush(): void {
    if (this.#head !== '')
      this.#lines.push([this.#indent + this.#head, ...this.#targets].join(' '));
    this.#head = '';
    this.#targets = [];
  }

  #qubits(qubits: readonly number[]): readonly string[] {
    for (const qubit of qubits) if (qubit > this.highest) this.highest = qubit;
    return qubits.map(String);
  }

  #instruction(instruction: Instruction, depth: number): void {
    switch (instruction.kind) {
      case 'gate':
        return this.#gate(instruction);
      case 'unitary': {
        let { matrix } = instruction;
        const controls = instruction.controls ?? [];
        for (const { value } of controls.toReversed()) matrix = controlled(matrix, value);
        const qubits = [...controls.map(({ qubit }) => qubit), ...instruction.qubits];
        return this.#uses(
          stimUseOf(matrix, qubits) ?? unsupported('Stim has no gate for this matrix.'),
        );
      }
      case 'measure':
        return this.#measure(instruction);
      case 'reset':
        return this.line('R', this.#qubits([instruction.qubit]));
      case 'noise':
        return this.#noise(instruction);
      case 'barrier':
        return this.#barrier(instruction.qubits);
      case 'coordinates': {
        const { qubits, coordinates } = instruction;
        if (qubits.length > 0)
          return this.#single(`QUBIT_COORDS${args(coordinates)}`, this.#qubits(qubits));
        return this.#single(`SHIFT_COORDS${args(coordinates)}`);
      }
      case 'detector':
        return this.#single(
          `DETECTOR${args(instruction.coordinates)}`,
          instruction.records.map(record),
        );
      case 'observable':
        return this.#single(
          `OBSERVABLE_INCLUDE(${instruction.index})`,
          instruction.records.map(record),
        );
      case 'repeat':
        return this.#repeat(instruction, depth);
      case 'if':
        return this.#feedback(instruction);
      default:
        return unsupported(`A .stim file has no ${instruction.kind}.`);
    }
  }

  #uses(uses: readonly StimUse[]): void {
    for (const { name, qubits } of uses) this.line(name, this.#qubits(qubits));
  }

  #gate(instruction: GateInstruction): void {
    const controls = instruction.controls?.length ?? 0;
    this.#uses(
      stimUsesOf(instruction) ??
        unsupported(
          `Stim has no gate for ${instruction.gate}${controls > 0 ? ` with ${controls} controls` : ''}; it has Cliffords of one and two qubits.`,
        ),
    );
  }

  #measure({ qubit, flip = 0, inverted = false, bit }: MeasureInstruction): void {
    const [name] = this.#qubits([qubit]);
    this.line(flip === 0 ? 'M' : `M(${flip})`, [inverted ? `!${name}` : name!]);
    if (bit !== undefined) this.#bits.set(bit, this.#records);
    this.#records += 1;
  }

  #noise({ channel, params, qubits }: Extract<Instruction, { kind: 'noise' }>): void {
    const entry = CHANNELS.get(channel);
    const [name] = entry?.stim ?? [];
    if (name !== undefined) return this.line(name + args(params), this.#qubits(qubits));
    if (entry?.pauliProbabilities === undefined)
      return unsupported(`Stim has no channel for ${channel}; it has mixtures of Paulis.`);
    const probabilities = entry.pauliProbabilities(...params).slice(1);
    this.line(`PAULI_CHANNEL_${entry.qubits}${args(probabilities)}`, this.#qubits(qubits));
  }

  #barrier(qubits: readonly number[]): void {
    if (qubits.length === 0 || qubits.length === this.#circuit.qubits) this.#single('TICK');
  }

  #repeat({ times, body }: Extract<Instruction, { kind: 'repeat' }>, depth: number): void {
    this.#single(`REPEAT ${times} {`);
    const outside = { indent: this.#indent, records: this.#records, bits: this.#bits };
    this.#indent += '    ';
    this.#records = 0;
    this.#bits = new Map();
    this.body(body, depth + 1);
    this.#flush();
    const inside = { records: this.#records, bits: this.#bits };
    this.#indent = outside.indent;
    this.#records = outside.records + times * inside.records;
    this.#bits = outside.bits;
    for (const [bit, at] of inside.bits) this.#bits.set(bit, this.#records - inside.records + at);
    this.#single('}');
  }

  /** X, Y or Z where a result is 1. */
  #feedback({ condition, then, else: otherwise }: Extract<Instruction, { kind: 'if' }>): void {
    if (otherwise.length > 0) unsupported('A .stim file has no else.');
    const control = record(this.#offsetOf(condition));
    for (const instruction of then) {
      const name = instruction.kind === 'gate' ? FEEDBACK[instruction.gate] : undefined;
      if (instruction.kind !== 'gate' || name === undefined || instruction.controls !== undefined)
        return unsupported('In a .stim file a result brings about X, Y or Z.');
      this.line(name, [control, ...this.#qubits(instruction.qubits)]);
    }
  }

  #offsetOf(condition: Expression): number {
    if (condition.kind === 'record') return condition.offset;
    const at = condition.kind === 'bit' ? this.#bits.get(condition.bit) : undefined;
    if (at === undefined || !Number.isSafeInteger(this.#records))
      return unsupported(
        'In a .stim file the condition is a single result that was measured before.',
      );
    return at - this.#records;
  }
}

const args = (values: readonly number[]): string =>
  values.length === 0 ? '' : `(${values.map(String).join(', ')})`;

const record = (offset: number): string => `rec[${offset}]`;
