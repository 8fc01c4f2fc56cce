import { BITS_MAX, QUBITS_MAX } from '../../circuit.ts';
import type { Expr, Name, Span, Statement } from '../syntax.ts';
import { choice, select } from './choice.ts';
import type { Context } from './context.ts';
import { lowerSize } from './typeSyntax.ts';
import type { Wiring } from './operands.ts';
import { wireList, wiresOf } from './wires.ts';

type Of<K extends Statement['kind']> = Statement & { readonly kind: K };

/** `qreg q[n]`, `creg c[n]`; of size 1 without one. */
export function oldRegister(context: Context, statement: Of<'qreg' | 'creg'>): void {
  const { name, size, kind } = statement;
  if (kind === 'qreg') return addQubits(context, name, size?.of, statement);
  const count = size === undefined ? 1 : lowerSize(context, size.of, 'A size', BITS_MAX);
  context.declare(name, {
    kind: 'bits',
    wires: context.addBits(name.name, count, statement),
    isRegister: size !== undefined,
  });
}

export function qubits(context: Context, statement: Of<'qubit'>): void {
  addQubits(context, statement.name, statement.type.size?.of, statement);
}

function addQubits(context: Context, name: Name, size: Expr | undefined, at: Span): void {
  if (context.scope !== context.globals || context.gateBody)
    context.wrong('Qubits are declared outside of all blocks', at);
  const count = size === undefined ? 1 : lowerSize(context, size, 'A size', QUBITS_MAX);
  const wires = context.addQubits(name, count, at);
  context.declare(name, { kind: 'qubits', wires, isRegister: size !== undefined });
}

/** `let a = b[0:3] ++ c` */
export function alias(context: Context, statement: Of<'alias'>): void {
  const parts = statement.parts.map((part) => aliased(context, part));
  const [first] = parts as [(typeof parts)[number]];
  if (parts.some((part) => part.kind !== first.kind))
    context.wrong('Qubits and bits are not joined to one register', statement);
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return context.declare(statement.name, only);
  const list = parts.flatMap((part) => wireList(part.wires));
  if (new Set(list).size !== list.length)
    context.wrong('A register is not joined with a part of itself', statement);
  context.declare(statement.name, { kind: first.kind, wires: wiresOf(list), isRegister: true });
}

function aliased(context: Context, part: Expr): Wiring & { readonly kind: 'qubits' | 'bits' } {
  if (part.kind === 'parenthesis') return aliased(context, part.of);
  if (part.kind === 'hardwareQubit')
    return context.unsupported('An alias of a hardware qubit is not supported', part);
  if (part.kind === 'index') {
    const of = aliased(context, part.of);
    if (!of.isRegister) context.wrong('A single one has no index', part.index);
    return {
      kind: of.kind,
      ...select(of.wires, choice(context, part.index, of.wires.size, 'the register')),
    };
  }
  if (part.kind !== 'name')
    return context.wrong('An alias is of a register or a part of one', part);
  const symbol = context.scope.find(part.name);
  if (symbol === undefined) return context.wrong(`'${part.name}' is not declared`, part);
  if (symbol.kind !== 'qubits' && symbol.kind !== 'bits')
    return context.wrong(`'${part.name}' is no register`, part);
  return symbol;
}
