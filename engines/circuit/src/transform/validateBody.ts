import type { Control, Instruction, Variable } from '../circuit.ts';
import { channelOf } from '../channels.ts';
import { CircuitError } from '../error.ts';
import { EXPRESSION_DEPTH_MAX } from '../evaluate.ts';
import type { Expression } from '../expression.ts';
import { adjoint, identityMatrix, multiply, qubitsOf } from '../matrix.ts';
import { operandsOf } from './substitute.ts';
import { checkNesting } from './walk.ts';

/** The most qubits of a `unitary` instruction, controls not counted. */
export const UNITARY_QUBITS_MAX = 6;
/** The highest index of an observable, and the most numbers of coordinates (as in .stim files). */
export const OBSERVABLE_MAX = 1_000_000;
export const COORDINATES_MAX = 16;
const UNITARY_TOLERANCE = 1e-8;

/** What instructions may name. */
export interface Checked {
  readonly qubits: number;
  readonly bits: number;
  readonly variables: readonly Variable[];
  readonly parameters: ReadonlySet<string>;
  readonly gates: ReadonlyMap<string, { readonly qubits: number; readonly params: number }>;
  /** Is told of each instruction. */
  readonly counted: () => void;
}

/** Checks all instructions of a body; `path` says where it stands. */
export function checkBody(
  body: readonly Instruction[],
  names: Checked,
  path: string,
  depth = 0,
  inLoop = false,
): void {
  checkNesting(depth);
  for (const [at, instruction] of body.entries()) {
    names.counted();
    try {
      checkInstruction(instruction, names);
      if ((instruction.kind === 'break' || instruction.kind === 'continue') && !inLoop)
        refuse(`there is no loop to ${instruction.kind}`);
    } catch (error) {
      if (!(error instanceof CircuitError)) throw error;
      throw new CircuitError(
        error.code,
        `Instruction ${path}${at} (${labelOf(instruction)}): ${error.message}`,
      );
    }
    const inside = `${path}${at}.`;
    if (instruction.kind === 'if') {
      checkBody(instruction.then, names, `${inside}then.`, depth + 1, inLoop);
      checkBody(instruction.else, names, `${inside}else.`, depth + 1, inLoop);
    } else if (instruction.kind === 'while' || instruction.kind === 'repeat')
      checkBody(instruction.body, names, inside, depth + 1, true);
  }
}

function refuse(message: string): never {
  throw new CircuitError('SEMANTICS', message);
}

const labelOf = (instruction: Instruction): string =>
  instruction.kind === 'gate' ? instruction.gate.slice(0, 40) : instruction.kind;

/** @throws CircuitError for what breaks a rule in one instruction, without the bodies of a block */
export function checkInstruction(instruction: Instruction, names: Checked): void {
  switch (instruction.kind) {
    case 'gate': {
      const gate = names.gates.get(instruction.gate) ?? refuse('there is no gate of this name');
      if (instruction.params.length !== gate.params)
        refuse(`it takes ${gate.params} params, not ${instruction.params.length}`);
      for (const param of instruction.params) checkExpression(param, names);
      return checkQubits(instruction.qubits, names, gate.qubits, instruction.controls);
    }
    case 'unitary':
      checkUnitary(instruction.matrix);
      return checkQubits(
        instruction.qubits,
        names,
        qubitsOf(instruction.matrix),
        instruction.controls,
      );
    case 'measure':
      if (instruction.bit !== undefined) index('bit', instruction.bit, names.bits);
      if (instruction.flip !== undefined && !(instruction.flip >= 0 && instruction.flip <= 1))
        refuse(`flip is a probability from 0 to 1, not ${instruction.flip}`);
      return index('qubit', instruction.qubit, names.qubits);
    case 'reset':
      return index('qubit', instruction.qubit, names.qubits);
    case 'barrier':
      return checkQubits(instruction.qubits, names);
    case 'coordinates':
      checkCoordinates(instruction.coordinates);
      return checkQubits(instruction.qubits, names);
    case 'noise': {
      const channel = channelOf(instruction.channel, instruction.params);
      return checkQubits(instruction.qubits, names, channel.qubits);
    }
    case 'detector':
      checkCoordinates(instruction.coordinates);
      return checkRecords(instruction.records);
    case 'observable':
      index('observable', instruction.index, OBSERVABLE_MAX);
      return checkRecords(instruction.records);
    case 'assign':
      checkTarget(instruction, names);
      return checkExpression(instruction.value, names);
    case 'if':
    case 'while':
      return checkExpression(instruction.condition, names);
    case 'repeat':
      if (!Number.isSafeInteger(instruction.times) || instruction.times < 1)
        refuse(`it repeats a whole number of times from 1 on, not ${instruction.times}`);
      return;
    default:
      return;
  }
}

function index(what: string, value: number, count: number): void {
  if (!(Number.isInteger(value) && value >= 0 && value < count))
    refuse(`there is no ${what} ${value} among the ${count}`);
}

function checkQubits(
  qubits: readonly number[],
  names: Checked,
  count = qubits.length,
  controls: readonly Control[] = [],
): void {
  if (qubits.length !== count) refuse(`it takes ${count} qubits, not ${qubits.length}`);
  for (const qubit of qubits) index('qubit', qubit, names.qubits);
  for (const { qubit, value } of controls) {
    index('qubit', qubit, names.qubits);
    if (value !== 0 && value !== 1) refuse(`a control has the value 0 or 1, not ${String(value)}`);
  }
  if (repeats(qubits, controls)) refuse('its qubits are not all different');
}

function repeats(qubits: readonly number[], controls: readonly Control[]): boolean {
  if (qubits.length + controls.length < 2) return false;
  if (qubits.length === 2 && controls.length === 0) return qubits[0] === qubits[1];
  const seen = new Set(qubits);
  for (const { qubit } of controls) seen.add(qubit);
  return seen.size !== qubits.length + controls.length;
}

function checkUnitary(matrix: Float64Array): void {
  const qubits = qubitsOf(matrix);
  if (!Number.isInteger(qubits) || qubits < 0)
    refuse(`a matrix has 2 * 4^q numbers, not ${matrix.length}`);
  if (qubits > UNITARY_QUBITS_MAX)
    throw new CircuitError(
      'LIMIT',
      `a matrix acts on at most ${UNITARY_QUBITS_MAX} qubits, not ${qubits}`,
    );
  const product = multiply(adjoint(matrix), matrix);
  for (const [at, entry] of identityMatrix(qubits).entries())
    if (!(Math.abs(product[at]! - entry) <= UNITARY_TOLERANCE)) refuse('its matrix is not unitary');
}

function checkCoordinates(coordinates: readonly number[]): void {
  if (coordinates.length > COORDINATES_MAX)
    refuse(`there are at most ${COORDINATES_MAX} coordinates, not ${coordinates.length}`);
  if (!coordinates.every(Number.isFinite)) refuse('a coordinate is not finite');
}

function checkRecords(records: readonly number[]): void {
  for (const record of records)
    if (!Number.isSafeInteger(record) || record >= 0)
      refuse(`results count back from the end, -1 the last, not ${record}`);
}

function checkTarget({ to }: Extract<Instruction, { kind: 'assign' }>, names: Checked): void {
  if (to.kind === 'bit') index('bit', to.bit, names.bits);
  else if (to.kind === 'variable') index('variable', to.variable, names.variables.length);
  else checkRange(to.start, to.size, names);
}

function checkRange(start: number, size: number, names: Checked): void {
  if (!(Number.isInteger(start) && Number.isInteger(size) && start >= 0 && size >= 0))
    refuse('a register begins and ends at whole numbers');
  if (start + size > names.bits) refuse(`there is no bit ${start + size - 1}`);
}

function checkExpression(expression: Expression, names: Checked): void {
  if (expression.kind === 'literal') return checkLiteral(expression.value);
  const rest: [Expression, number][] = [[expression, 0]];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    const [node, depth] = next;
    if (depth > EXPRESSION_DEPTH_MAX)
      throw new CircuitError(
        'LIMIT',
        `an expression is at most ${EXPRESSION_DEPTH_MAX} operands deep`,
      );
    checkNode(node, names);
    for (const operand of operandsOf(node)) rest.push([operand, depth + 1]);
  }
}

function checkNode(node: Expression, names: Checked): void {
  if (node.kind === 'literal') checkLiteral(node.value);
  else if (node.kind === 'bit') index('bit', node.bit, names.bits);
  else if (node.kind === 'bits') checkRange(node.start, node.size, names);
  else if (node.kind === 'variable') index('variable', node.variable, names.variables.length);
  else if (node.kind === 'record') checkRecords([node.offset]);
  else if (node.kind === 'parameter' && !names.parameters.has(node.name))
    refuse(`there is no parameter ${JSON.stringify(node.name.slice(0, 40))}`);
}

function checkLiteral(value: unknown): void {
  if (typeof value === 'number' && !Number.isFinite(value))
    refuse(`a number is finite, not ${value}`);
}
