import type { Circuit, GateInstruction, Instruction, UnitaryInstruction } from '../circuit.ts';
import { CircuitError } from '../error.ts';
import type { Expression } from '../expression.ts';
import { GATES } from '../gates.ts';
import { bodiesOf, checkNesting } from '../transform/walk.ts';
import { angleLabel, expressionLabel, numberLabel, placeLabel, shortened } from './labels.ts';

/** What is drawn of one operand. */
export interface DrawnCell {
  readonly row: number;
  /** A sign, a box with text, the end of a measurement's arrow or a condition on a classical wire, or a piece of a barrier. */
  readonly sign: '●' | '○' | '⊕' | '×' | 'box' | 'arrow' | 'condition' | 'barrier';
  readonly text: string;
}

interface DrawnLine {
  readonly from: number;
  readonly to: number;
  readonly classical: boolean;
}

interface DrawnItem {
  readonly cells: readonly DrawnCell[];
  readonly lines: readonly DrawnLine[];
}

export interface DrawnColumn {
  readonly items: DrawnItem[];
  /** What stands above the wires: where a block begins or ends, a global phase. */
  header: string;
  /** Whether the header divides the circuit: what stands before it and after it does not mix. */
  divides: boolean;
}

export interface DrawnRow {
  readonly label: string;
  readonly classical: boolean;
}

export interface Layout {
  readonly rows: readonly DrawnRow[];
  readonly columns: readonly DrawnColumn[];
}

/** What is drawn at most; a drawing beyond is of no use to anybody. */
export const DRAWN_QUBITS_MAX = 200;
export const DRAWN_INSTRUCTIONS_MAX = 5_000;

/**
 * Places the instructions of a circuit in columns, each as far left as the wires it crosses allow.
 * Detectors, observables and coordinates are not drawn.
 * @throws CircuitError LIMIT for more qubits or instructions than a drawing holds
 */
export function layoutOf(circuit: Circuit): Layout {
  if (circuit.qubits > DRAWN_QUBITS_MAX)
    tooMuch(`${circuit.qubits} qubits`, `${DRAWN_QUBITS_MAX} qubits`);
  if (countOf(circuit.body, 0) > DRAWN_INSTRUCTIONS_MAX)
    tooMuch('more instructions', `${DRAWN_INSTRUCTIONS_MAX} instructions`);
  const registers = circuit.bitRegisters.filter(({ size }) => size > 0);
  if (registers.length > DRAWN_QUBITS_MAX)
    tooMuch(`${registers.length} registers of bits`, `${DRAWN_QUBITS_MAX} of them`);
  const rows: DrawnRow[] = [
    ...Array.from({ length: circuit.qubits }, (_, qubit) => ({
      label: shortened(placeLabel(circuit.qubitRegisters, qubit), 24),
      classical: false,
    })),
    ...registers.map(({ name, size }) => ({
      label: shortened(`${name}[${size}]`, 24),
      classical: true,
    })),
  ];
  const placer = new Placer(circuit, rows.length);
  placer.body(circuit.body, 0);
  return { rows, columns: placer.columns };
}

function tooMuch(has: string, limit: string): never {
  throw new CircuitError('LIMIT', `A drawing holds at most ${limit}; this circuit has ${has}.`);
}

function countOf(body: readonly Instruction[], depth: number): number {
  checkNesting(depth);
  let count = body.length;
  for (const instruction of body)
    for (const inner of bodiesOf(instruction))
      if (count <= DRAWN_INSTRUCTIONS_MAX) count += countOf(inner, depth + 1);
  return count;
}

class Placer {
  readonly columns: DrawnColumn[] = [];
  readonly #circuit: Circuit;
  /** The first column that is free on each wire. */
  readonly #free: number[];

  constructor(circuit: Circuit, rows: number) {
    this.#circuit = circuit;
    this.#free = Array.from({ length: rows }, () => 0);
  }

  body(body: readonly Instruction[], depth: number): void {
    checkNesting(depth);
    for (const instruction of body) this.#instruction(instruction, depth);
  }

  #instruction(instruction: Instruction, depth: number): void {
    switch (instruction.kind) {
      case 'gate':
      case 'unitary':
        return this.#operation(instruction);
      case 'measure':
        return this.#measure(instruction);
      case 'reset':
        return this.#place([box(instruction.qubit, '|0⟩')]);
      case 'noise': {
        const text = `${instruction.channel}(${shortened(instruction.params.map(numberLabel).join(','), 24)})`;
        const cells = instruction.qubits.map((qubit, at) => box(qubit, at === 0 ? text : '~'));
        return this.#place(cells, joined(cells));
      }
      case 'barrier':
        return this.#barrier(instruction.qubits);
      case 'assign':
        return this.#header(`${this.#label(instruction.to)} = ${this.#label(instruction.value)}`);
      case 'if':
        return this.#conditional(instruction, depth);
      case 'while':
        return this.#block(
          `while ${this.#label(instruction.condition)}:`,
          [instruction.body],
          depth,
        );
      case 'repeat':
        return this.#block(`repeat ${instruction.times}:`, [instruction.body], depth);
      case 'break':
      case 'continue':
      case 'end':
        return this.#header(instruction.kind);
      default:
        return;
    }
  }

  #label(expression: Expression): string {
    return expressionLabel(this.#circuit, expression);
  }

  /** Puts cells into the first column that all wires between them have free. */
  #place(cells: readonly DrawnCell[], lines: readonly DrawnLine[] = []): void {
    const touched = cells.map(({ row }) => row);
    const from = Math.min(...touched);
    const to = Math.max(...touched);
    let column = 0;
    for (let row = from; row <= to; row += 1) column = Math.max(column, this.#free[row]!);
    for (let row = from; row <= to; row += 1) this.#free[row] = column + 1;
    this.#column(column).items.push({ cells, lines });
  }

  #column(at: number): DrawnColumn {
    while (this.columns.length <= at) this.columns.push({ items: [], header: '', divides: false });
    return this.columns[at]!;
  }

  /** A column of its own with a text above the wires. */
  #header(text: string, divides = true): void {
    const column = Math.max(0, ...this.#free);
    const at = this.#column(column);
    at.header = shortened(text);
    at.divides = divides;
    this.#free.fill(column + 1);
  }

  #operation(
    instruction: GateInstruction | UnitaryInstruction,
    condition: readonly DrawnCell[] = [],
  ): void {
    const controls = (instruction.controls ?? []).map(({ qubit, value }): DrawnCell => ({
      row: qubit,
      sign: value === 1 ? '●' : '○',
      text: '',
    }));
    const symbols = this.#symbols(instruction);
    const params =
      instruction.kind === 'gate' && instruction.params.length > 0
        ? `(${shortened(instruction.params.map((param) => this.#angle(param)).join(','), 32)})`
        : '';
    let labelled = false;
    const targets = instruction.qubits.map((qubit, at): DrawnCell => {
      const symbol = symbols[at] ?? '';
      if (isSign(symbol)) return { row: qubit, sign: symbol, text: '' };
      const text = labelled ? symbol : symbol + params;
      labelled = true;
      return box(qubit, text);
    });
    const cells = [...controls, ...targets];
    if (cells.length === 0) return this.#header(`phase ${params}`, false);
    // A global phase under controls is a phase of the last of them.
    if (targets.length === 0) cells[cells.length - 1] = box(cells.at(-1)!.row, `P${params}`);
    const lines = joined(cells);
    const lowest = Math.max(...cells.map(({ row }) => row));
    const wires = condition.map(({ row }) => ({ from: lowest, to: row, classical: true }));
    this.#place([...cells, ...condition], [...lines, ...wires]);
  }

  #angle(param: Expression): string {
    return param.kind === 'literal' && typeof param.value === 'number'
      ? angleLabel(param.value)
      : this.#label(param);
  }

  #symbols(instruction: GateInstruction | UnitaryInstruction): readonly string[] {
    const name = instruction.kind === 'gate' ? instruction.gate : (instruction.label ?? 'unitary');
    const custom = this.#circuit.customGates.some((gate) => gate.name === name);
    const known = instruction.kind === 'gate' && !custom ? GATES.get(name)?.symbols : undefined;
    if (known !== undefined) return known;
    const short = shortened(name, 24);
    return instruction.qubits.map((_, at) =>
      instruction.qubits.length === 1 ? short : `${short}:${at}`,
    );
  }

  #measure(instruction: Extract<Instruction, { kind: 'measure' }>): void {
    const { qubit, bit, flip = 0, inverted = false } = instruction;
    const text = `${inverted ? '!' : ''}M${flip === 0 ? '' : `(${numberLabel(flip)})`}`;
    const target = bit === undefined ? undefined : this.#bit(bit);
    if (target === undefined) return this.#place([box(qubit, text)]);
    this.#place(
      [box(qubit, text), { row: target.row, sign: 'arrow', text: String(target.place) }],
      [{ from: qubit, to: target.row, classical: true }],
    );
  }

  /** The row of a bit and its place in its register. */
  #bit(bit: number): { readonly row: number; readonly place: number } | undefined {
    const registers = this.#circuit.bitRegisters.filter(({ size }) => size > 0);
    const at = registers.findIndex(({ start, size }) => bit >= start && bit < start + size);
    if (at === -1) return undefined;
    return { row: this.#circuit.qubits + at, place: bit - registers[at]!.start };
  }

  #barrier(qubits: readonly number[]): void {
    const rows =
      qubits.length === 0 ? Array.from({ length: this.#circuit.qubits }, (_, k) => k) : qubits;
    const cells = rows.map((row): DrawnCell => ({ row, sign: 'barrier', text: '' }));
    if (cells.length > 0) this.#place(cells);
  }

  /** One gate under a condition hangs on the classical wire; more are a block. */
  #conditional(instruction: Extract<Instruction, { kind: 'if' }>, depth: number): void {
    const { condition, then, else: otherwise } = instruction;
    const [only] = then;
    const row = this.#conditionRow(condition);
    if (
      then.length === 1 &&
      otherwise.length === 0 &&
      only?.kind === 'gate' &&
      only.qubits.length > 0 &&
      row !== undefined
    )
      return this.#operation(only, [{ row, sign: 'condition', text: this.#label(condition) }]);
    this.#block(
      `if ${this.#label(condition)}:`,
      otherwise.length > 0 ? [then, otherwise] : [then],
      depth,
    );
  }

  /** The classical wire that a condition looks at, where it is one. */
  #conditionRow(condition: Expression): number | undefined {
    if (condition.kind === 'bit') return this.#bit(condition.bit)?.row;
    if (condition.kind === 'bits') return this.#bit(condition.start)?.row;
    if (condition.kind === 'unary') return this.#conditionRow(condition.of);
    if (condition.kind === 'binary' && condition.right.kind === 'literal')
      return this.#conditionRow(condition.left);
    return undefined;
  }

  #block(header: string, bodies: readonly (readonly Instruction[])[], depth: number): void {
    for (const [at, body] of bodies.entries()) {
      this.#header(at === 0 ? header : 'else:');
      this.body(body, depth + 1);
    }
    this.#header('done');
  }
}

const isSign = (symbol: string): symbol is '●' | '○' | '⊕' | '×' =>
  ['●', '○', '⊕', '×'].includes(symbol);

const box = (row: number, text: string): DrawnCell => ({ row, sign: 'box', text });

/** One line from the highest to the lowest of several cells. */
function joined(cells: readonly DrawnCell[]): readonly DrawnLine[] {
  if (cells.length < 2) return [];
  const rows = cells.map(({ row }) => row);
  return [{ from: Math.min(...rows), to: Math.max(...rows), classical: false }];
}
