import type { Circuit, Instruction } from '../circuit.ts';
import type { Expression } from '../expression.ts';
import { operandsOf } from './substitute.ts';
import { bodiesOf, checkNesting, qubitsNamed } from './walk.ts';

/** What there is in a circuit, with what is repeated counted each time it runs; a `while` counts once. */
export interface Summary {
  /** Gates by name; `ctrl @ x` is x with one control on top, `ctrl(2) @ x` with two. */
  readonly gates: Readonly<Record<string, number>>;
  readonly gateCount: number;
  /** Gates that act on two qubits or more, controls included. */
  readonly manyQubitGates: number;
  /**
   * Layers of gates, measurements and resets, each as early as its qubits and bits allow. A block is
   * as long as its body (of `if`, the longer one) on all that it touches. Noise takes no time.
   */
  readonly depth: number;
  readonly measurements: number;
  readonly resets: number;
  readonly noise: number;
  readonly detectors: number;
  /** One more than the highest index. */
  readonly observables: number;
}

/** Counts of a circuit; numbers beyond 2^53 are as near as a double. */
export function summaryOf(circuit: Circuit): Summary {
  const counts = { measurements: 0, resets: 0, noise: 0, detectors: 0, observables: 0 };
  const gates = new Map<string, number>();
  let manyQubitGates = 0;
  const count = (body: readonly Instruction[], times: number, depth: number): void => {
    checkNesting(depth);
    for (const instruction of body) {
      if (instruction.kind === 'gate' || instruction.kind === 'unitary') {
        const name = nameOf(instruction);
        gates.set(name, (gates.get(name) ?? 0) + times);
        if (qubitsNamed(instruction).length > 1) manyQubitGates += times;
      } else if (instruction.kind === 'measure') counts.measurements += times;
      else if (instruction.kind === 'reset') counts.resets += times;
      else if (instruction.kind === 'noise') counts.noise += times;
      else if (instruction.kind === 'detector') counts.detectors += times;
      else if (instruction.kind === 'observable')
        counts.observables = Math.max(counts.observables, instruction.index + 1);
      const inner = instruction.kind === 'repeat' ? times * instruction.times : times;
      for (const of of bodiesOf(instruction)) count(of, inner, depth + 1);
    }
  };
  count(circuit.body, 1, 0);
  const sorted = [...gates].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    gates: Object.fromEntries(sorted),
    gateCount: sorted.reduce((sum, [, times]) => sum + times, 0),
    manyQubitGates,
    depth: depthOf(circuit),
    ...counts,
  };
}

function nameOf(instruction: Extract<Instruction, { kind: 'gate' | 'unitary' }>): string {
  const name = instruction.kind === 'gate' ? instruction.gate : (instruction.label ?? 'unitary');
  const controls = instruction.controls?.length ?? 0;
  return controls === 0 ? name : `ctrl${controls === 1 ? '' : `(${controls})`} @ ${name}`;
}

/** Layers of a circuit; see `Summary.depth`. */
export function depthOf(circuit: Circuit): number {
  return depthOfBody(circuit.body, circuit.qubits, 0).depth;
}

interface Reach {
  readonly depth: number;
  /** Qubits by their number, bits from `qubits` on. */
  readonly wires: ReadonlySet<number>;
}

function depthOfBody(body: readonly Instruction[], qubits: number, nesting: number): Reach {
  checkNesting(nesting);
  const ends = new Map<number, number>();
  let depth = 0;
  let floor = 0;
  const place = (wires: Iterable<number>, length: number): void => {
    let start = floor;
    const list = [...wires];
    for (const wire of list) start = Math.max(start, ends.get(wire) ?? 0);
    for (const wire of list) ends.set(wire, start + length);
    depth = Math.max(depth, start + length);
  };
  for (const instruction of body) {
    const bodies = bodiesOf(instruction);
    if (bodies.length === 0) {
      const length = LASTING.has(instruction.kind) ? 1 : 0;
      const wires = wiresOf(instruction, qubits);
      if (isBarrierAcross(instruction)) {
        // All wires, those too that nothing has touched yet.
        floor = depth;
      } else if (wires.length > 0 && instruction.kind !== 'noise') place(wires, length);
      continue;
    }
    const reaches = bodies.map((inner) => depthOfBody(inner, qubits, nesting + 1));
    const wires = new Set(wiresOf(instruction, qubits));
    for (const reach of reaches) for (const wire of reach.wires) wires.add(wire);
    const times = instruction.kind === 'repeat' ? instruction.times : 1;
    place(wires, times * Math.max(...reaches.map((reach) => reach.depth)));
  }
  return { depth, wires: new Set(ends.keys()) };
}

const isBarrierAcross = (instruction: Instruction): boolean =>
  instruction.kind === 'barrier' && instruction.qubits.length === 0;

const LASTING: ReadonlySet<string> = new Set(['gate', 'unitary', 'measure', 'reset']);

/** Qubits and bits that one instruction waits for or changes, bits counted from `qubits` on. */
function wiresOf(instruction: Instruction, qubits: number): readonly number[] {
  switch (instruction.kind) {
    case 'measure':
      return instruction.bit === undefined
        ? [instruction.qubit]
        : [instruction.qubit, qubits + instruction.bit];
    case 'assign': {
      const { to } = instruction;
      const changed =
        to.kind === 'bit' ? [to.bit] : to.kind === 'bits' ? range(to.start, to.size) : [];
      return [...changed, ...bitsRead(instruction.value)].map((bit) => qubits + bit);
    }
    case 'if':
    case 'while':
      return bitsRead(instruction.condition).map((bit) => qubits + bit);
    case 'gate':
      return [
        ...qubitsNamed(instruction),
        ...instruction.params.flatMap((param) =>
          param.kind === 'literal' ? [] : bitsRead(param).map((bit) => qubits + bit),
        ),
      ];
    default:
      return instruction.kind === 'coordinates' ? [] : qubitsNamed(instruction);
  }
}

const range = (start: number, size: number): number[] =>
  Array.from({ length: size }, (_, k) => start + k);

/** The bits that an expression reads. */
function bitsRead(expression: Expression): readonly number[] {
  const bits: number[] = [];
  const rest: Expression[] = [expression];
  for (let node = rest.pop(); node !== undefined; node = rest.pop()) {
    if (node.kind === 'bit') bits.push(node.bit);
    else if (node.kind === 'bits') for (const bit of range(node.start, node.size)) bits.push(bit);
    for (const operand of operandsOf(node)) rest.push(operand);
  }
  return bits;
}
