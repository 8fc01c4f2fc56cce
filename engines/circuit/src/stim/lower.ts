import type { Instruction, MeasureInstruction } from '../circuit.ts';
import { STIM_CHANNELS } from '../channels.ts';
import type { CircuitErrorCode } from '../error.ts';
import { STIM_GATES } from '../gates.ts';
import { BASIS_GATE, errorOf, gateOf, onProduct, productOf, type Product } from './product.ts';
import type { StimLine, StimTarget } from './scan.ts';

type Line = Extract<StimLine, { kind: 'instruction' }>;

/** What lowering needs of the reader. */
export interface Lowering {
  push(instruction: Instruction, at: number): void;
  /** The qubit that a target names, in range. */
  qubit(target: StimTarget): number;
  named(qubit: number, at: number): number;
  /** The offset of a result that a target names, in range. */
  record(target: StimTarget): number;
  refuse(code: CircuitErrorCode, message: string, at: number): never;
}

const UNSUPPORTED: ReadonlySet<string> = new Set([
  'ELSE_CORRELATED_ERROR',
  'HERALDED_ERASE',
  'HERALDED_PAULI_CHANNEL_1',
  'MPAD',
]);

/** Gates that a result can control in place of a qubit: which operand it may be, and what it then does to the other. */
const FEEDBACK: Readonly<
  Record<string, { readonly operands: readonly number[]; readonly gate: string }>
> = {
  cx: { operands: [0], gate: 'x' },
  cy: { operands: [0], gate: 'y' },
  cz: { operands: [0, 1], gate: 'z' },
  xcz: { operands: [1], gate: 'x' },
  ycz: { operands: [1], gate: 'y' },
};

/** Pushes what one line of operations does, target by target. */
export function lowered(line: Line, to: Lowering): void {
  const { name } = line;
  const gate = STIM_GATES.get(name);
  if (gate !== undefined) return gates(line, gate.name, gate.qubits, to);
  if (STIM_CHANNELS.has(name)) return noise(line, to);
  const single = /^(M|R|MR)([XYZ]?)$/.exec(name);
  if (single !== null) {
    const [, what, basis] = single;
    // The pattern lets only these letters through.
    return inBasis(line, what as 'M' | 'R' | 'MR', (basis || 'Z') as 'X' | 'Y' | 'Z', to);
  }
  const pair = /^M([XYZ])\1$/.exec(name);
  if (pair !== null) return measurePairs(line, pair[1] as 'X' | 'Y' | 'Z', to);
  switch (name) {
    case 'E':
    case 'CORRELATED_ERROR':
      return correlated(line, to);
    case 'I_ERROR':
    case 'II_ERROR':
      // It does nothing, but the qubits are there.
      for (const target of line.targets) to.qubit(target);
      return;
    case 'MPP':
      for (const { product, at } of productsOf(line, to))
        measureProduct(product, flipOf(line, to), at, to);
      return;
    case 'SPP':
    case 'SPP_DAG':
      argumentsOf(line, 0, to);
      for (const { product, at } of productsOf(line, to)) {
        const turn = product.negative === (name === 'SPP') ? 'sdg' : 's';
        for (const made of onProduct(product, [gateOf(turn, product.factors[0]![0])]))
          to.push(made, at);
      }
      return;
    default:
      if (UNSUPPORTED.has(name)) to.refuse('UNSUPPORTED', `${name} is not supported.`, line.at);
      to.refuse('SYNTAX', `There is no instruction ${name.slice(0, 40)}.`, line.at);
  }
}

function argumentsOf(line: Line, count: number, to: Lowering): void {
  if (line.args.length !== count)
    to.refuse(
      'SEMANTICS',
      `${line.name} takes ${count} arguments, not ${line.args.length}.`,
      line.at,
    );
}

/** The targets as pairs, or one by one. */
function groups(line: Line, size: number, to: Lowering): readonly (readonly StimTarget[])[] {
  if (line.targets.length % size !== 0)
    to.refuse('SEMANTICS', `${line.name} takes pairs of targets.`, line.at);
  const made: StimTarget[][] = [];
  for (let at = 0; at < line.targets.length; at += size)
    made.push(line.targets.slice(at, at + size));
  return made;
}

/** Qubits of one group, none inverted, none twice. */
function qubitsOf(group: readonly StimTarget[], to: Lowering): readonly number[] {
  const qubits = group.map((target) => {
    if (target.kind === 'qubit' && target.inverted)
      to.refuse('SEMANTICS', 'Only results can be inverted.', target.at);
    return to.qubit(target);
  });
  if (new Set(qubits).size < qubits.length)
    to.refuse('SEMANTICS', 'A pair is two different qubits.', group[0]!.at);
  return qubits;
}

function gates(line: Line, gate: string, size: number, to: Lowering): void {
  argumentsOf(line, 0, to);
  for (const group of groups(line, size, to)) {
    const which = group.findIndex(({ kind }) => kind === 'record');
    if (which === -1) {
      to.push(gateOf(gate, ...qubitsOf(group, to)), line.at);
      continue;
    }
    const feedback = FEEDBACK[gate];
    if (feedback === undefined || !feedback.operands.includes(which))
      return to.refuse('SEMANTICS', `${line.name} takes no result here.`, group[which]!.at);
    const condition = { kind: 'record', offset: to.record(group[which]!) } as const;
    const [qubit] = qubitsOf([group[1 - which]!], to);
    to.push({ kind: 'if', condition, then: [gateOf(feedback.gate, qubit!)], else: [] }, line.at);
  }
}

function noise(line: Line, to: Lowering): void {
  const channel = STIM_CHANNELS.get(line.name)!;
  argumentsOf(line, channel.params.length, to);
  const wrong = channel.refuses(line.args);
  if (wrong !== undefined) to.refuse('SEMANTICS', `${line.name}: ${wrong}.`, line.at);
  for (const group of groups(line, channel.qubits, to))
    to.push(
      { kind: 'noise', channel: channel.name, params: line.args, qubits: qubitsOf(group, to) },
      line.at,
    );
}

/** The probability that results of this line are told wrong. */
function flipOf(line: Line, to: Lowering): number {
  const [flip = 0] = line.args;
  if (line.args.length > 1) argumentsOf(line, 1, to);
  if (!(flip >= 0 && flip <= 1))
    to.refuse(
      'SEMANTICS',
      `A result is wrong with a probability from 0 to 1, not ${flip}.`,
      line.at,
    );
  return flip;
}

const measure = (qubit: number, flip: number, inverted: boolean): MeasureInstruction => ({
  kind: 'measure',
  qubit,
  ...(flip === 0 ? {} : { flip }),
  ...(inverted ? { inverted } : {}),
});

/** Measurement, reset, or both, in one basis. */
function inBasis(line: Line, what: 'M' | 'R' | 'MR', basis: 'X' | 'Y' | 'Z', to: Lowering): void {
  const turn = BASIS_GATE[basis];
  const flip = what === 'R' ? 0 : flipOf(line, to);
  if (what === 'R') argumentsOf(line, 0, to);
  for (const target of line.targets) {
    const qubit = to.qubit(target);
    const inverted = target.kind === 'qubit' && target.inverted;
    if (inverted && what === 'R')
      to.refuse('SEMANTICS', 'Only results can be inverted.', target.at);
    if (turn !== undefined && what !== 'R') to.push(gateOf(turn, qubit), line.at);
    if (what !== 'R') to.push(measure(qubit, flip, inverted), line.at);
    if (what !== 'M') to.push({ kind: 'reset', qubit }, line.at);
    if (turn !== undefined) to.push(gateOf(turn, qubit), line.at);
  }
}

function measurePairs(line: Line, pauli: 'X' | 'Y' | 'Z', to: Lowering): void {
  const flip = flipOf(line, to);
  for (const group of groups(line, 2, to)) {
    const inverted = group.filter((target) => target.kind === 'qubit' && target.inverted).length;
    const [a, b] = group.map((target) => to.qubit(target));
    if (a === b) to.refuse('SEMANTICS', 'A pair is two different qubits.', group[0]!.at);
    const factors = [
      [a!, pauli],
      [b!, pauli],
    ] as const;
    measureProduct({ factors, negative: inverted === 1, hermitian: true }, flip, line.at, to);
  }
}

function measureProduct(product: Product, flip: number, at: number, to: Lowering): void {
  const inside = [measure(product.factors[0]![0], flip, product.negative)];
  for (const made of onProduct(product, inside)) to.push(made, at);
}

function correlated(line: Line, to: Lowering): void {
  argumentsOf(line, 1, to);
  const p = line.args[0]!;
  if (!(p >= 0 && p <= 1))
    to.refuse('SEMANTICS', `${line.name}: p is a probability from 0 to 1, not ${p}.`, line.at);
  const joined = line.targets.find((target) => target.kind === 'pauli' && target.joined);
  if (joined !== undefined)
    to.refuse(
      'SYNTAX',
      `${line.name} takes its Pauli targets without "*" between them.`,
      joined.at,
    );
  const factors = line.targets.map((target) => factorOf(target, line, to));
  for (const made of errorOf(productOf(factors), p)) to.push(made, line.at);
}

function factorOf(
  target: StimTarget,
  line: Line,
  to: Lowering,
): readonly [number, 'X' | 'Y' | 'Z'] {
  if (target.kind !== 'pauli')
    return to.refuse('SEMANTICS', `${line.name} takes Pauli targets, such as X1.`, target.at);
  return [to.named(target.qubit, target.at), target.pauli];
}

/** The products of a line: `X1*Z2 Y3` are two. */
function productsOf(
  line: Line,
  to: Lowering,
): readonly { readonly product: Product; readonly at: number }[] {
  const products: { product: Product; at: number }[] = [];
  let factors: (readonly [number, 'X' | 'Y' | 'Z'])[] = [];
  let negations = 0;
  for (const target of line.targets) {
    factors.push(factorOf(target, line, to));
    if (target.kind !== 'pauli') continue;
    if (target.inverted) negations += 1;
    if (target.joined) continue;
    const product = productOf(factors, negations);
    if (!product.hermitian)
      to.refuse('SEMANTICS', 'This product is not Hermitian, so it has no result.', target.at);
    if (product.factors.length === 0)
      to.refuse('UNSUPPORTED', 'A product of no Paulis is not supported.', target.at);
    products.push({ product, at: line.at });
    factors = [];
    negations = 0;
  }
  return products;
}
