import type { Expr, IndexOperator, Range, Span } from '../syntax.ts';
import { constantWhole } from './casts.ts';
import type { Context } from './context.ts';
import { wire, type Wires, wiresOf } from './wires.ts';

/** What an index chooses: one, or a selection in an order. */
export type Choice =
  | { readonly kind: 'one'; readonly at: number }
  | { readonly kind: 'some'; readonly at: readonly number[] };

/** What an index that is known chooses among `size`. Negative numbers count from the end. */
export function choice(context: Context, index: IndexOperator, size: number, what: string): Choice {
  if (index.set !== undefined) {
    const at = index.set.items.map((item) =>
      place(context, constantWhole(context, item, 'An index'), size, what, item),
    );
    if (new Set(at).size !== at.length) context.wrong('A set of indices has each once', index.set);
    return { kind: 'some', at };
  }
  const [item, second] = index.list;
  if (item === undefined || second !== undefined)
    return context.wrong(`${what} has one index`, index);
  if (item.kind === 'range') return { kind: 'some', at: rangeOf(context, item, size, what) };
  return {
    kind: 'one',
    at: place(context, constantWhole(context, item, 'An index'), size, what, item),
  };
}

function place(context: Context, index: bigint, size: number, what: string, at: Span): number {
  const from = index < 0n ? index + BigInt(size) : index;
  if (from < 0n || from >= BigInt(size))
    context.wrong(`Index ${index} is outside of ${what}, which has ${size}`, at);
  return Number(from);
}

/** The numbers of a range of indices; both ends belong to it. */
function rangeOf(context: Context, range: Range, size: number, what: string): readonly number[] {
  const step = range.step === undefined ? 1n : constantWhole(context, range.step, 'A step');
  if (step === 0n) context.wrong('A step is not 0', range);
  const end = (expr: Expr | undefined, otherwise: number): number =>
    expr === undefined
      ? otherwise
      : place(context, constantWhole(context, expr, 'An index'), size, what, expr);
  const start = end(range.start, step > 0n ? 0 : size - 1);
  const stop = end(range.stop, step > 0n ? size - 1 : 0);
  // No step is longer than what it walks along.
  const by = Number(
    step > 0n ? (step > size ? BigInt(size) : step) : step < -size ? -BigInt(size) : step,
  );
  const numbers: number[] = [];
  for (let at = start; by > 0 ? at <= stop : at >= stop; at += by) numbers.push(at);
  if (numbers.length === 0) context.wrong('A range of indices is not empty', range);
  return numbers;
}

/** Some of the bits or qubits of a register. */
export function select(
  wires: Wires,
  chosen: Choice,
): { readonly wires: Wires; readonly isRegister: boolean } {
  if (chosen.kind === 'one') return { wires: wiresOf([wire(wires, chosen.at)]), isRegister: false };
  return { wires: wiresOf(chosen.at.map((at) => wire(wires, at))), isRegister: true };
}
