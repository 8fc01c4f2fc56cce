import type { FunctionName } from '../../expression.ts';
import type { Expr, Span } from '../syntax.ts';
import { sizeOf } from './arrays.ts';
import { indexValue } from './indexing.ts';
import { bitsValue } from './bits.ts';
import { castTo, constantWhole, toFloat } from './casts.ts';
import type { Context } from './context.ts';
import { binary, finite, folded, unary } from './operators.ts';
import type { Symbol } from './scope.ts';
import { lowerType } from './typeSyntax.ts';
import { constant, CONSTANTS, FLOAT, literal, NUMERAL, type Typed, typeText } from './types.ts';

/** The value of an expression. */
export function lower(context: Context, expr: Expr): Typed {
  switch (expr.kind) {
    case 'int':
      return constant(NUMERAL, expr.value);
    case 'float':
      return constant(FLOAT, finite(context, expr.value, expr));
    case 'bool':
      return constant({ kind: 'bool' }, expr.value);
    case 'name':
      return nameValue(context, expr.name, expr);
    case 'parenthesis':
      return lower(context, expr.of);
    case 'unary':
      return unary(context, expr.op, lower(context, expr.of), expr);
    case 'binary':
      return binary(context, expr.op, lower(context, expr.left), lower(context, expr.right), {
        at: expr.opAt,
        end: expr.opAt,
      });
    case 'bitstring':
      return constant({ kind: 'bits', size: expr.digits.length }, BigInt(`0b${expr.digits}`));
    case 'index':
      return indexValue(context, expr);
    case 'cast':
      return castTo(context, lower(context, expr.of), lowerType(context, expr.type), expr, true);
    case 'call':
      return call(context, expr);
    case 'timing':
      return { type: { kind: 'duration' }, value: literal(expr.value), known: undefined };
    case 'imaginary':
      return context.unsupported('Complex numbers are not supported', expr);
    case 'durationof':
      return context.unsupported(
        'durationof needs gates with durations, which are not supported',
        expr,
      );
    case 'hardwareQubit':
      return context.wrong('A qubit has no value: measure it', expr);
  }
}

function nameValue(context: Context, name: string, at: Span): Typed {
  const symbol = context.scope.find(name);
  if (symbol !== undefined) return symbolValue(context, name, symbol, at);
  const value = context.version === 2 && name !== 'pi' ? undefined : CONSTANTS.get(name);
  if (value !== undefined) return constant(FLOAT, value);
  if (context.gates.has(name)) return context.wrong(`'${name}' is a gate, not a value`, at);
  return context.wrong(`'${name}' is not declared`, at);
}

function symbolValue(context: Context, name: string, symbol: Symbol, at: Span): Typed {
  switch (symbol.kind) {
    case 'value':
      return symbol.typed;
    case 'variable':
      return {
        type: symbol.type,
        value: { kind: 'variable', variable: symbol.variable },
        known: symbol.known,
      };
    case 'bits':
      return bitsValue(symbol.wires, symbol.isRegister);
    case 'qubits':
      return context.wrong(`'${name}' is a qubit and has no value: measure it`, at);
    case 'array':
      return context.wrong(`'${name}' is an array: take one of its elements`, at);
    case 'def':
    case 'extern':
      return context.wrong(`'${name}' is a subroutine: call it with (…)`, at);
  }
}

const REAL_FUNCTIONS: readonly FunctionName[] = [
  ...(['arccos', 'arcsin', 'arctan', 'ceiling', 'cos', 'exp', 'floor'] as const),
  ...(['log', 'sin', 'sqrt', 'tan'] as const),
];

/** Functions of version 2, with the name each has in version 3. */
const FUNCTIONS_2: ReadonlyMap<string, FunctionName> = new Map<string, FunctionName>([
  ['sin', 'sin'],
  ['cos', 'cos'],
  ['tan', 'tan'],
  ['exp', 'exp'],
  ['ln', 'log'],
  ['sqrt', 'sqrt'],
  ['acos', 'arccos'],
  ['asin', 'arcsin'],
  ['atan', 'arctan'],
]);

function call(context: Context, expr: Expr & { kind: 'call' }): Typed {
  const { name } = expr.callee;
  if (context.version === 2) {
    const real = FUNCTIONS_2.get(name) ?? context.wrong(`There is no function '${name}'`, expr);
    return realFunction(context, real, expr);
  }
  if (context.scope.find(name) !== undefined) return context.parts.call(context, expr);
  const real = REAL_FUNCTIONS.find((one) => one === name);
  if (real !== undefined) return realFunction(context, real, expr);
  switch (name) {
    case 'mod':
    case 'pow': {
      const [a, b] = argumentsOf(context, expr, 2) as [Typed, Typed];
      const result = binary(context, name === 'mod' ? '%' : '**', a, b, expr);
      if (result.value.kind === 'literal') return result;
      return { ...result, value: { kind: 'call', name, of: [a.value, b.value] } };
    }
    case 'popcount':
      return popcount(context, expr);
    case 'rotl':
    case 'rotr':
      return rotation(context, name, expr);
    case 'sizeof': {
      if (expr.args.length < 1 || expr.args.length > 2)
        return context.wrong(`'sizeof' takes one or two arguments, not ${expr.args.length}`, expr);
      const [, dimension] = expr.args;
      return sizeOf(
        context,
        expr,
        dimension === undefined ? 0n : constantWhole(context, dimension, 'A dimension'),
      );
    }
    case 'real':
    case 'imag':
      return context.unsupported('Complex numbers are not supported', expr);
    default:
      return context.wrong(`There is no function '${name}'`, expr.callee);
  }
}

function argumentsOf(context: Context, expr: Expr & { kind: 'call' }, count: number): Typed[] {
  if (expr.args.length !== count)
    context.wrong(
      `'${expr.callee.name}' takes ${count === 1 ? 'one argument' : `${count} arguments`}, not ${expr.args.length}`,
      expr,
    );
  return expr.args.map((arg) => lower(context, arg));
}

function realFunction(context: Context, name: FunctionName, expr: Expr & { kind: 'call' }): Typed {
  const [of] = argumentsOf(context, expr, 1) as [Typed];
  if (['bit', 'bits', 'duration', 'bool'].includes(of.type.kind))
    context.wrong(`'${expr.callee.name}' takes no ${typeText(of.type)}`, expr);
  const real = of.type.kind === 'angle' ? of : toFloat(context, of, FLOAT, expr);
  return folded(context, FLOAT, real, undefined, expr, (x) => ({ kind: 'call', name, of: [x] }));
}

function popcount(context: Context, expr: Expr & { kind: 'call' }): Typed {
  const [of] = argumentsOf(context, expr, 1) as [Typed];
  if (of.type.kind !== 'bits' && of.type.kind !== 'uint' && of.type.kind !== 'int')
    context.wrong(`'popcount' takes no ${typeText(of.type)}`, expr);
  return folded(context, { kind: 'uint', width: undefined }, of, undefined, expr, (x) => ({
    kind: 'call',
    name: 'popcount',
    of: [x],
  }));
}

function rotation(context: Context, name: 'rotl' | 'rotr', expr: Expr & { kind: 'call' }): Typed {
  const [of, by] = argumentsOf(context, expr, 2) as [Typed, Typed];
  const canRotate =
    of.type.kind === 'bits' || (of.type.kind === 'uint' && of.type.width !== undefined);
  if (!canRotate) context.wrong(`'${name}' takes no ${typeText(of.type)}`, expr);
  if (by.type.kind !== 'int' && by.type.kind !== 'uint')
    context.wrong(`'${name}' turns by a whole number, not ${typeText(by.type)}`, expr);
  return folded(context, of.type, of, by, expr, (x, y) => ({ kind: 'call', name, of: [x, y!] }));
}
