import {
  type Instruction,
  NESTING_MAX,
  type Target,
  type UnitaryInstruction,
} from '../../circuit.ts';
import { CircuitError } from '../../error.ts';
import type { Expression } from '../../expression.ts';
import { expressionText } from './expression.ts';
import { cannot, type Writer } from './writer.ts';

/** The lines of instructions. */
export function* bodyLines(
  writer: Writer,
  body: readonly Instruction[],
  depth = 0,
): Generator<string> {
  if (depth > NESTING_MAX)
    throw new CircuitError('LIMIT', `Control flow nests at most ${NESTING_MAX} deep`);
  const indent = '  '.repeat(depth);
  for (const instruction of body)
    for (const line of instructionLines(writer, instruction, depth)) yield `${indent}${line}`;
}

function* instructionLines(
  writer: Writer,
  instruction: Instruction,
  depth: number,
): Generator<string> {
  switch (instruction.kind) {
    case 'gate':
      return yield* writer.gate(instruction);
    case 'unitary':
      return yield* unitary(writer, instruction);
    case 'measure': {
      const { qubit, bit, flip = 0, inverted = false } = instruction;
      if (flip !== 0 || inverted)
        cannot('OpenQASM has no measurements that are told wrong or the other way round');
      if (writer.version === 3)
        return yield `${bit === undefined ? '' : `${writer.bit(bit)} = `}measure ${writer.qubit(qubit)};`;
      if (bit === undefined) return cannot('OpenQASM 2 measures into a bit always');
      return yield `measure ${writer.qubit(qubit)} -> ${writer.bit(bit)};`;
    }
    case 'reset':
      return yield `reset ${writer.qubit(instruction.qubit)};`;
    case 'barrier': {
      const { qubits } = instruction;
      if (qubits.length === 0) return undefined;
      return yield `barrier ${writer.wholeRegister(qubits) ?? qubits.map(writer.qubit).join(', ')};`;
    }
    case 'noise':
      return cannot(`OpenQASM has no noise: ${instruction.channel} cannot be written`);
    case 'detector':
    case 'observable':
    case 'coordinates':
      return cannot(`OpenQASM has no ${instruction.kind}: write the circuit as .stim`);
    default:
      return yield* controlLines(writer, instruction, depth);
  }
}

function* controlLines(
  writer: Writer,
  instruction: Instruction,
  depth: number,
): Generator<string, undefined> {
  if (writer.version === 2) return yield* controlLines2(writer, instruction);
  const text = (of: Expression): string => expressionText(of, writer.namings);
  const block = function* (head: string, body: readonly Instruction[]): Generator<string> {
    yield head;
    for (const line of bodyLines(writer, body, depth + 1)) yield line.slice(2 * depth);
  };
  switch (instruction.kind) {
    case 'assign':
      yield `${targetText(writer, instruction.to)} = ${text(instruction.value)};`;
      return undefined;
    case 'if':
      yield* block(`if (${text(instruction.condition)}) {`, instruction.then);
      if (instruction.else.length > 0) yield* block('} else {', instruction.else);
      break;
    case 'while':
      yield* block(`while (${text(instruction.condition)}) {`, instruction.body);
      break;
    case 'repeat':
      yield* block(`for uint _ in [1:${instruction.times}] {`, instruction.body);
      break;
    case 'break':
    case 'continue':
    case 'end':
      yield `${instruction.kind};`;
      return undefined;
    default:
      return cannot(`OpenQASM has no ${instruction.kind}`);
  }
  yield '}';
  return undefined;
}

/** Version 2 knows `if` only, of one comparison and one operation. */
function* controlLines2(writer: Writer, instruction: Instruction): Generator<string, undefined> {
  if (instruction.kind !== 'if') return cannot(`OpenQASM 2 has no ${instruction.kind}`);
  const { condition, then } = instruction;
  const isComparison =
    condition.kind === 'binary' &&
    condition.op === '==' &&
    condition.left.kind === 'bits' &&
    condition.right.kind === 'literal' &&
    typeof condition.right.value === 'bigint' &&
    condition.right.value >= 0n;
  if (!isComparison || instruction.else.length > 0)
    return cannot('OpenQASM 2 has if only for a register that equals a number, and no else');
  const lines = [...bodyLines(writer, then)];
  if (then.length !== 1 || lines.length !== 1)
    return cannot('OpenQASM 2 puts one operation behind if');
  const register = expressionText(condition.left, writer.namings);
  if (register.includes('[')) return cannot('OpenQASM 2 compares whole registers only');
  yield `if (${register} == ${expressionText(condition.right, writer.namings)}) ${lines[0]}`;
  return undefined;
}

function targetText(writer: Writer, target: Target): string {
  switch (target.kind) {
    case 'bit':
      return writer.bit(target.bit);
    case 'bits':
      return writer.bits(target.start, target.size);
    case 'variable':
      return writer.variable(target.variable);
  }
}

/** A matrix of one qubit as `U` with a phase. */
function* unitary(
  writer: Writer,
  { matrix, qubits, controls }: UnitaryInstruction,
): Generator<string> {
  if (qubits.length !== 1)
    return cannot('OpenQASM has no gates that are given by a matrix; of one qubit they become U');
  const [aRe = 0, aIm = 0, bRe = 0, bIm = 0, cRe = 0, cIm = 0, dRe = 0, dIm = 0] = matrix;
  const cosine = Math.hypot(aRe, aIm);
  const sine = Math.hypot(cRe, cIm);
  const theta = 2 * Math.atan2(sine, cosine);
  // The phase of the first column, then what the other entries turn beyond it.
  const first = cosine > sine ? Math.atan2(aIm, aRe) : undefined;
  const lower = Math.atan2(cIm, cRe);
  const upper = Math.atan2(-bIm, -bRe);
  const last = Math.atan2(dIm, dRe);
  const phase = first ?? lower + upper - last;
  const phi = sine > 1e-12 ? lower - phase : 0;
  const lambda = cosine > sine ? last - phase - phi : upper - phase;
  const angle = (value: number): Expression => ({ kind: 'literal', value });
  const own = {
    kind: 'gate',
    params: [angle(theta), angle(phi), angle(lambda)],
    qubits,
    ...(controls === undefined ? {} : { controls }),
  } as const;
  const total = phase - theta / 2;
  if (total !== 0)
    yield* writer.gate({ ...own, gate: 'gphase', params: [angle(total)], qubits: [] });
  return yield* writer.gate({ ...own, gate: 'U' });
}
