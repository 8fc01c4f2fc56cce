import { QUBITS_MAX } from '../../circuit.ts';
import type { Expr, IndexedName, Operand } from '../syntax.ts';
import { choice, select } from './choice.ts';
import type { Context } from './context.ts';
import { wire, type Wires } from './wires.ts';

/** Qubits or bits that an operand names. One that is no register stands beside registers of any size. */
export interface Wiring {
  readonly wires: Wires;
  readonly isRegister: boolean;
}

/** The qubits that an operand names. */
export function qubitsOf(context: Context, operand: Operand): Wiring {
  if (operand.kind === 'hardwareQubit') return hardwareQubit(context, operand);
  const symbol = context.scope.find(operand.name);
  if (symbol === undefined) return context.wrong(`'${operand.name}' is not declared`, operand);
  if (symbol.kind !== 'qubits') return context.wrong(`'${operand.name}' is no qubit`, operand);
  return indexed(context, symbol, operand);
}

/** The bits that a target names. */
export function bitsOf(context: Context, target: IndexedName): Wiring {
  const symbol = context.scope.find(target.name);
  if (symbol === undefined) return context.wrong(`'${target.name}' is not declared`, target);
  if (symbol.kind !== 'bits') return context.wrong(`'${target.name}' is no bit`, target);
  return indexed(context, symbol, target);
}

function indexed(context: Context, of: Wiring, named: IndexedName): Wiring {
  let wiring = of;
  for (const index of named.indices) {
    if (!wiring.isRegister)
      context.wrong(`'${named.name}' is a single one here and has no index`, index);
    wiring = select(wiring.wires, choice(context, index, wiring.wires.size, `'${named.name}'`));
  }
  return wiring;
}

/** `$n`: qubit n of a register that has the hardware's qubits, which is made as large as the text needs. */
function hardwareQubit(context: Context, operand: Operand & { kind: 'hardwareQubit' }): Wiring {
  const { number } = operand;
  if (context.gateBody) context.wrong('A gate names no qubits of hardware', operand);
  const name = `$${number}`;
  const symbol = context.hardware.get(name);
  if (symbol !== undefined) return symbol;
  if (number >= Math.min(context.limits.qubits, QUBITS_MAX))
    context.refuse('LIMIT', `A circuit has at most ${context.limits.qubits} qubits`, operand);
  const wires = context.addQubits({ ...operand, name }, 1, operand);
  const made = { wires, isRegister: false } as const;
  context.hardware.set(name, made);
  return made;
}

/** A name with indices, as the expression that it is elsewhere. */
export const asExpression = (named: IndexedName): Expr =>
  named.indices.reduce<Expr>(
    (of, index) => ({ kind: 'index', at: named.at, end: index.end, of, index }),
    { kind: 'name', at: named.at, end: named.end, name: named.name },
  );

/** The single qubits or bits of an operand, in order. */
export const single = (wiring: Wiring, at: number): number =>
  wire(wiring.wires, wiring.isRegister ? at : 0);

/** How many times something is done that is written once for registers. */
export function broadcast(
  context: Context,
  wirings: readonly Wiring[],
  operands: readonly { readonly at: number; readonly end: number }[],
): number | undefined {
  let size: number | undefined;
  for (const [at, wiring] of wirings.entries()) {
    if (!wiring.isRegister) continue;
    if (size !== undefined && size !== wiring.wires.size)
      context.wrong(
        `Registers of one statement have one size, but there are ${size} and ${wiring.wires.size}`,
        operands[at]!,
      );
    size = wiring.wires.size;
  }
  return size;
}
