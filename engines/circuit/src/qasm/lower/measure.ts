import type { IndexedName, MeasureExpression, Operand, Span } from '../syntax.ts';
import type { Context } from './context.ts';
import { bitsOf, qubitsOf, single, type Wiring } from './operands.ts';
import { span, wire, wireList } from './wires.ts';

/** Of a barrier, so many qubits take the memory of an instruction. */
const QUBITS_PER_INSTRUCTION = 16;

/** `measure q -> c` and `c = measure q`: each qubit to the bit of its place. */
export function measureTo(
  context: Context,
  value: MeasureExpression,
  target: IndexedName | undefined,
  at: Span,
): void {
  if (context.gateBody) context.wrong('A gate measures nothing', at);
  const qubits = measured(context, value);
  if (target === undefined) return measureInto(context, qubits, undefined, at);
  measureInto(context, qubits, bitsOf(context, target), at);
}

export function measured(context: Context, value: MeasureExpression): Wiring {
  return qubitsOf(context, value.operand);
}

export function measureInto(
  context: Context,
  qubits: Wiring,
  bits: Wiring | undefined,
  at: Span,
): void {
  const { size } = qubits.wires;
  if (bits !== undefined && bits.wires.size !== size)
    context.wrong(`${size} qubits are measured into ${bits.wires.size} bits`, at);
  for (let k = 0; k < size; k += 1) {
    const qubit = wire(qubits.wires, k);
    context.emit(
      bits === undefined
        ? { kind: 'measure', qubit }
        : { kind: 'measure', qubit, bit: wire(bits.wires, k) },
      at,
    );
  }
}

export function reset(context: Context, operand: Operand, at: Span): void {
  if (context.gateBody) context.wrong('A gate resets nothing', at);
  const qubits = qubitsOf(context, operand);
  for (let k = 0; k < qubits.wires.size; k += 1)
    context.emit({ kind: 'reset', qubit: single({ ...qubits, isRegister: true }, k) }, at);
}

/** Without operands, a barrier is across all qubits. */
export function barrier(context: Context, operands: readonly Operand[], at: Span): void {
  const wirings = operands.map((operand) => qubitsOf(context, operand).wires);
  // The body of a gate holds gates only.
  if (context.gateBody) return;
  const all = operands.length === 0 ? [span(0, context.qubits)] : wirings;
  const size = all.reduce((sum, wires) => sum + wires.size, 0);
  context.make(size / QUBITS_PER_INSTRUCTION, at);
  const [only, second] = all;
  const qubits =
    only !== undefined && second === undefined
      ? wireList(only)
      : [...new Set(all.flatMap((wires) => wireList(wires)))];
  context.emit({ kind: 'barrier', qubits }, at);
}
