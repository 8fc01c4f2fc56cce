import { QUBITS_MAX, BITS_MAX } from '../../circuit.ts';
import type { Argument, Assigned, Expr, Operand, QuantumCall, Span, Statement } from '../syntax.ts';
import { arrayOf } from './arrays.ts';
import { converted } from './casts.ts';
import type { Context } from './context.ts';
import { choice, select } from './choice.ts';
import { returns } from './inspect.ts';
import { measured, measureInto } from './measure.ts';
import { asExpression, qubitsOf, type Wiring } from './operands.ts';
import { Scope, type Symbol } from './scope.ts';
import { lowerSize, lowerType } from './typeSyntax.ts';
import { BIT, type Type, type Typed } from './types.ts';
import { declared, store } from './variables.ts';
import { wireList } from './wires.ts';

type Def = Statement & { readonly kind: 'def' };

/** Subroutines that call each other nest at most so deep; none calls itself. */
const CALLS_MAX = 64;

export function subroutine(context: Context, definition: Def): void {
  if (context.scope !== context.globals)
    context.wrong('A subroutine is defined outside of all blocks', definition);
  const names = new Set<string>();
  for (const { name } of definition.args) {
    if (names.has(name.name)) context.wrong(`'${name.name}' is declared already`, name);
    names.add(name.name);
  }
  const symbol = { kind: 'def', definition, source: context.source } as const;
  context.declare(definition.name, symbol);
  context.subroutines.push(symbol);
}

/** `f(a, q)` where a value is expected. */
export function callInExpression(context: Context, expr: Expr & { kind: 'call' }): Typed {
  const value = call(context, expr.callee.name, expr.args, expr);
  return value ?? context.wrong(`'${expr.callee.name}' returns nothing`, expr);
}

/** `f(a) q, r` where a value is expected. */
export function quantumCall(context: Context, of: QuantumCall): Typed {
  const value = call(context, of.callee.name, [...(of.args ?? []), ...of.operands], of);
  return value ?? context.wrong(`'${of.callee.name}' returns nothing`, of);
}

/** A call of a subroutine, whose body comes in its place; its value, if it returns one. */
export function call(
  context: Context,
  name: string,
  args: readonly (Expr | Operand)[],
  at: Span,
): Typed | undefined {
  if (context.gateBody) context.wrong('A gate calls no subroutine', at);
  const symbol = context.scope.find(name);
  if (symbol?.kind === 'extern')
    return context.unsupported(`'${name}' is extern: what it computes is not told`, at);
  if (symbol?.kind !== 'def')
    return context.wrong(
      symbol === undefined ? `'${name}' is not declared` : `'${name}' is no subroutine`,
      at,
    );
  const { definition, source } = symbol;
  if (context.calls.some((one) => one.name === name))
    context.wrong(`Subroutine '${name}' calls itself`, at);
  if (context.calls.length >= CALLS_MAX)
    context.refuse('LIMIT', `Subroutines call each other at most ${CALLS_MAX} deep`, at);
  if (args.length !== definition.args.length)
    context.wrong(`'${name}' takes ${definition.args.length} arguments, not ${args.length}`, at);
  context.make(1, at);
  const scope = new Scope(context.globals, true);
  const bound = definition.args.map((argument, k) => bind(context, symbol, argument, args[k]!));
  const qubits = bound.flatMap(({ symbol: one }) =>
    one.kind === 'qubits' ? wireList(one.wires) : [],
  );
  if (new Set(qubits).size !== qubits.length)
    context.wrong(`'${name}' takes different qubits, but one is given twice`, at);
  for (const { name: own, symbol: value } of bound) scope.set(own.name, value);
  context.called.add(definition);
  return inlined(context, definition, source, scope, at);
}

/** The body in place of the call. */
export function inlined(
  context: Context,
  definition: Def,
  source: Context['source'],
  scope: Scope,
  at: Span,
): Typed | undefined {
  const { returns: written, name } = definition;
  const outer = [context.source, context.loop] as const;
  context.source = source;
  context.loop = undefined;
  let value: Typed | undefined;
  const type = written === undefined ? undefined : lowerType(context, written);
  const place = type === undefined ? undefined : new Scope(scope);
  let isEarly = false;
  context.inScope(place ?? scope, () => {
    const result =
      type === undefined
        ? undefined
        : declared(context, { ...name, name: `${name.name}_result` }, type, name);
    isEarly = hasEarlyReturn(definition.scope.body);
    const body = (): void =>
      context.inScope(new Scope(scope), () =>
        context.parts.statements(context, definition.scope.body),
      );
    context.calls.push({
      name: name.name,
      returns: type,
      nesting: context.nesting + (isEarly ? 1 : 0),
      result:
        result === undefined
          ? undefined
          : (returned, span) => storeResult(context, result, type!, returned, span),
      isOver: false,
    });
    if (isEarly) context.uncertain(false, () => wrapped(context, at, body));
    else body();
    const done = context.calls.pop();
    if (result !== undefined && !isEarly && done?.isOver !== true)
      context.wrong(`'${name.name}' ends without returning a value`, name);
    if (result !== undefined) value = resultValue(result, type!);
  });
  [context.source, context.loop] = outer;
  return value;
}

/** A body that may return before its end is a loop of one round, which `return` leaves. */
function wrapped(context: Context, at: Span, body: () => void): void {
  const block = context.block(at, body);
  context.emit({ kind: 'repeat', times: 1, body: block }, at);
}

function resultValue(result: Symbol, type: Type): Typed {
  if (result.kind === 'variable')
    return { type, value: { kind: 'variable', variable: result.variable }, known: result.known };
  const { wires } = result as Symbol & { kind: 'bits' };
  if (type.kind === 'bit')
    return { type: BIT, value: { kind: 'bit', bit: wires.start }, known: undefined };
  return { type, value: { kind: 'bits', start: wires.start, size: wires.size }, known: undefined };
}

function storeResult(
  context: Context,
  result: Symbol,
  type: Type,
  value: Assigned,
  at: Span,
): void {
  if (result.kind !== 'bits' && result.kind !== 'variable') return;
  if (value.kind === 'measure') {
    if (result.kind !== 'bits') return context.wrong('A measurement gives bits', at);
    return measureInto(context, measured(context, value), result, at);
  }
  store(context, result, converted(context, context.assigned(value), type, at), at);
}

const hasEarlyReturn = (body: readonly Statement[]): boolean =>
  body.some((statement) => statement.kind !== 'return' && returns(statement));

/** `return`, which ends the subroutine. */
export function returnStatement(context: Context, statement: Statement & { kind: 'return' }): void {
  const current = context.calls.at(-1);
  if (current === undefined || context.gateBody)
    return context.wrong("'return' stands outside of a subroutine", statement);
  const { value } = statement;
  if ((value === undefined) !== (current.returns === undefined))
    context.wrong(
      value === undefined
        ? `'${current.name}' returns a value`
        : `'${current.name}' returns no value: it says no type behind '->'`,
      statement,
    );
  if (value !== undefined) current.result?.(value, value);
  if (context.nesting === current.nesting && context.loop === undefined) {
    current.isOver = true;
    return undefined;
  }
  if (context.loop !== undefined)
    return context.unsupported("'return' from within a loop is not supported", statement);
  return context.emit({ kind: 'break' }, statement);
}

/** What an argument stands for inside of the subroutine. */
function bind(
  context: Context,
  symbol: Symbol & { kind: 'def' },
  argument: Argument,
  given: Expr | Operand,
): { name: Argument['name']; symbol: Symbol } {
  const { type, name } = argument;
  if (type.kind === 'arrayReferenceType')
    return { name, symbol: arrayArgument(context, symbol, argument, given) };
  if (type.kind === 'qubitType' || (type.kind === 'oldType' && type.keyword === 'qreg')) {
    const qubits = qubitArgument(context, given);
    const size = inSource(context, symbol, () =>
      type.size === undefined ? undefined : lowerSize(context, type.size.of, 'A size', QUBITS_MAX),
    );
    if ((size ?? 1) !== qubits.wires.size)
      context.wrong(`'${name.name}' is ${size ?? 1} qubits, not ${qubits.wires.size}`, given);
    return {
      name,
      symbol: { kind: 'qubits', wires: qubits.wires, isRegister: size !== undefined },
    };
  }
  if (given.kind === 'indexed') return bind(context, symbol, argument, asExpression(given));
  return { name, symbol: classicalArgument(context, symbol, argument, given) };
}

/** An argument by value: its own variable, so that the subroutine may change it. A constant stays one. */
function classicalArgument(
  context: Context,
  symbol: Symbol & { kind: 'def' },
  argument: Argument,
  given: Expr,
): Symbol {
  const to = inSource(context, symbol, (): Type => {
    const { type } = argument;
    if (type.kind !== 'oldType') return lowerType(context, type as Parameters<typeof lowerType>[1]);
    const size = type.size === undefined ? 1 : lowerSize(context, type.size.of, 'A size', BITS_MAX);
    return { kind: 'bits', size };
  });
  const value = converted(context, context.lower(given), to, given);
  return inSource(context, symbol, () =>
    context.inScope(new Scope(context.globals, true), () => {
      const own = declared(context, argument.name, to, argument);
      if (own.kind === 'bits' || own.kind === 'variable') store(context, own, value, given);
      return own;
    }),
  );
}

/** Runs `read` where the subroutine stands. */
function inSource<T>(context: Context, { source }: Symbol & { kind: 'def' }, read: () => T): T {
  const outer = context.source;
  context.source = source;
  const result = read();
  context.source = outer;
  return result;
}

function qubitArgument(context: Context, given: Expr | Operand): Wiring {
  if (given.kind === 'indexed' || given.kind === 'hardwareQubit') return qubitsOf(context, given);
  if (given.kind === 'parenthesis') return qubitArgument(context, given.of);
  if (given.kind === 'name')
    return qubitsOf(context, {
      kind: 'indexed',
      at: given.at,
      end: given.end,
      name: given.name,
      indices: [],
    });
  if (given.kind !== 'index') return context.wrong('Qubits were expected here', given);
  const of = qubitArgument(context, given.of);
  if (!of.isRegister) context.wrong('A single qubit has no index', given.index);
  return select(of.wires, choice(context, given.index, of.wires.size, 'the register'));
}

/** An array or a part of one, by reference. */
function arrayArgument(
  context: Context,
  definition: Symbol & { kind: 'def' },
  argument: Argument,
  given: Expr | Operand,
): Symbol {
  const { type } = argument;
  const array =
    given.kind === 'hardwareQubit'
      ? undefined
      : arrayOf(context, given.kind === 'indexed' ? asExpression(given) : given);
  if (array === undefined || array.sizes.length === 0)
    return context.wrong(`'${argument.name.name}' is an array, and so is what is given`, given);
  if (type.kind !== 'arrayReferenceType') return array;
  const { dimensions, sizes } = type;
  inSource(context, definition, () => {
    const wanted =
      dimensions === undefined
        ? sizes.map((size) => lowerSize(context, size, 'A size', BITS_MAX))
        : lowerSize(context, dimensions, 'A number of dimensions', 7);
    const fits =
      typeof wanted === 'number'
        ? wanted === array.sizes.length
        : wanted.length === array.sizes.length &&
          wanted.every((size, k) => size === array.sizes[k]);
    if (!fits) context.wrong(`The array has the sizes [${array.sizes.join(', ')}]`, argument);
  });
  return { ...array, isReadonly: array.isReadonly || type.access === 'readonly' };
}
