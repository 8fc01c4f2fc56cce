import {
  INSTRUCTIONS_MAX,
  NESTING_MAX,
  QUBITS_MAX,
  type Circuit,
  type Instruction,
} from '../circuit.ts';
import { COORDINATES_MAX, OBSERVABLE_MAX } from '../transform/validateBody.ts';
import { lowered, type Lowering } from './lower.ts';
import { StimScanner, type StimLine, type StimTarget } from './scan.ts';

type Line = Extract<StimLine, { kind: 'instruction' }>;

interface Block {
  readonly body: Instruction[];
  readonly times: number;
  readonly at: number;
  /** Results of one round of this block so far. */
  records: number;
}

/**
 * Reads a circuit in Stim's circuit format. Its results are the measurement record, so the circuit
 * has no bits; it has as many qubits as the highest that is named. Measurements and resets in other
 * bases, products of Paulis, and errors of three qubits and more become gates around the same in Z.
 * Tags and comments are left away.
 * @throws CircuitError with line and column: SYNTAX, SEMANTICS, LIMIT, and UNSUPPORTED for
 * ELSE_CORRELATED_ERROR, the heralded errors, MPAD, sweep bits, and observables of Pauli targets
 */
export function parseStim(text: string): Circuit {
  const reader = new StimReader(text);
  const body = reader.read();
  const qubits = reader.qubits;
  return {
    qubits,
    qubitRegisters: qubits === 0 ? [] : [{ name: 'q', start: 0, size: qubits }],
    bits: 0,
    bitRegisters: [],
    variables: [],
    parameters: [],
    customGates: [],
    body,
  };
}

class StimReader implements Lowering {
  qubits = 0;
  readonly #scanner: StimScanner;
  readonly #blocks: Block[] = [{ body: [], times: 1, at: 0, records: 0 }];
  #instructions = 0;

  constructor(text: string) {
    this.#scanner = new StimScanner(text);
  }

  read(): readonly Instruction[] {
    for (let line = this.#scanner.next(); line !== undefined; line = this.#scanner.next())
      if (line.kind === 'end') this.#close(line.at);
      else if (line.name === 'REPEAT') this.#open(line);
      else {
        if (line.opens) this.refuse('SYNTAX', 'Only REPEAT begins a block.', line.at);
        this.#instruction(line);
      }
    const open = this.#innermost;
    if (this.#blocks.length > 1) this.refuse('SYNTAX', 'This block is not ended by "}".', open.at);
    return open.body;
  }

  refuse(
    code: 'SYNTAX' | 'SEMANTICS' | 'LIMIT' | 'UNSUPPORTED',
    message: string,
    at: number,
  ): never {
    return this.#scanner.refuse(code, message, at);
  }

  push(instruction: Instruction, at: number): void {
    this.#instructions += 1;
    if (this.#instructions > INSTRUCTIONS_MAX)
      this.refuse('LIMIT', `A circuit has at most ${INSTRUCTIONS_MAX} instructions.`, at);
    if (instruction.kind === 'measure') this.#innermost.records += 1;
    this.#innermost.body.push(instruction);
  }

  qubit(target: StimTarget): number {
    if (target.kind !== 'qubit')
      return this.refuse('SEMANTICS', 'A qubit is expected here.', target.at);
    return this.named(target.qubit, target.at);
  }

  named(qubit: number, at: number): number {
    if (qubit >= QUBITS_MAX)
      this.refuse('LIMIT', `Qubits are numbered to ${QUBITS_MAX - 1}, not ${qubit}.`, at);
    if (qubit >= this.qubits) this.qubits = qubit + 1;
    return qubit;
  }

  /** A result that there is by now, in the first round of the loops around. */
  record(target: StimTarget): number {
    if (target.kind !== 'record')
      return this.refuse('SEMANTICS', 'A result such as rec[-1] is expected here.', target.at);
    let before = 0;
    for (const { records } of this.#blocks) before += records;
    if (-target.offset > before)
      this.refuse('SEMANTICS', `There are only ${before} results before this.`, target.at);
    return target.offset;
  }

  get #innermost(): Block {
    return this.#blocks.at(-1)!;
  }

  #open(line: Line): void {
    const [target] = line.targets;
    if (!line.opens) this.refuse('SYNTAX', 'REPEAT is followed by a block: REPEAT 5 {', line.at);
    if (
      line.targets.length !== 1 ||
      line.args.length > 0 ||
      target?.kind !== 'qubit' ||
      target.inverted
    )
      return this.refuse('SYNTAX', 'REPEAT takes how often, such as REPEAT 5 {', line.at);
    if (target.qubit < 1) this.refuse('SEMANTICS', 'A block is repeated at least once.', target.at);
    if (!Number.isSafeInteger(target.qubit))
      this.refuse(
        'LIMIT',
        `A block is repeated at most ${Number.MAX_SAFE_INTEGER} times.`,
        target.at,
      );
    if (this.#blocks.length > NESTING_MAX)
      this.refuse('LIMIT', `Blocks stand in one another at most ${NESTING_MAX} deep.`, line.at);
    this.#blocks.push({ body: [], times: target.qubit, at: line.at, records: 0 });
  }

  #close(at: number): void {
    if (this.#blocks.length === 1) this.refuse('SYNTAX', 'There is no block to end here.', at);
    const { body, times, records } = this.#blocks.pop()!;
    this.push({ kind: 'repeat', times, body }, at);
    this.#innermost.records += times * records;
  }

  #instruction(line: Line): void {
    switch (line.name) {
      case 'DETECTOR':
        return this.push(
          {
            kind: 'detector',
            coordinates: this.#coordinates(line),
            records: line.targets.map((target) => this.record(target)),
          },
          line.at,
        );
      case 'OBSERVABLE_INCLUDE':
        return this.#observable(line);
      case 'SHIFT_COORDS':
        this.#nothing(line.targets.length, 'targets', line);
        return this.push(
          { kind: 'coordinates', qubits: [], coordinates: this.#coordinates(line) },
          line.at,
        );
      case 'QUBIT_COORDS':
        if (line.targets.length === 0) this.refuse('SYNTAX', 'Which qubits?', line.at);
        return this.push(
          {
            kind: 'coordinates',
            qubits: [...new Set(line.targets.map((target) => this.qubit(target)))],
            coordinates: this.#coordinates(line),
          },
          line.at,
        );
      case 'TICK':
        this.#nothing(line.targets.length, 'targets', line);
        this.#nothing(line.args.length, 'arguments', line);
        return this.push({ kind: 'barrier', qubits: [] }, line.at);
      default:
        return lowered(line, this);
    }
  }

  #observable(line: Line): void {
    const [index] = line.args;
    if (line.args.length !== 1 || !Number.isInteger(index) || index! < 0)
      return this.refuse(
        'SEMANTICS',
        'OBSERVABLE_INCLUDE takes the number of the observable.',
        line.at,
      );
    if (index! >= OBSERVABLE_MAX)
      this.refuse('LIMIT', `Observables are numbered below ${OBSERVABLE_MAX}.`, line.at);
    const pauli = line.targets.find(({ kind }) => kind === 'pauli');
    if (pauli !== undefined)
      this.refuse('UNSUPPORTED', 'Observables of Pauli targets are not supported.', pauli.at);
    const records = line.targets.map((target) => this.record(target));
    this.push({ kind: 'observable', index: index!, records }, line.at);
  }

  #coordinates({ args, at }: Line): readonly number[] {
    if (args.length > COORDINATES_MAX)
      this.refuse('LIMIT', `There are at most ${COORDINATES_MAX} coordinates.`, at);
    return args;
  }

  #nothing(count: number, what: string, line: Line): void {
    if (count > 0) this.refuse('SEMANTICS', `${line.name} takes no ${what}.`, line.at);
  }
}
