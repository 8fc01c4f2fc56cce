import { BITS_MAX } from '../../circuit.ts';
import type { Value } from '../../expression.ts';
import type { ArrayType, Initial, Name, ScalarType, Span, Statement } from '../syntax.ts';
import { valuesFor } from './arrays.ts';
import { castTo, classicalType, constantOf, converted } from './casts.ts';
import type { Context } from './context.ts';
import { measured, measureInto } from './measure.ts';
import { Cell, type Symbol } from './scope.ts';
import { lowerSize, lowerType } from './typeSyntax.ts';
import { constant, literal, type Type, type Typed } from './types.ts';
import type { Wires } from './wires.ts';

type Of<K extends Statement['kind']> = Statement & { readonly kind: K };

/** Elements of all dimensions of an array, and how many dimensions it has (OpenQASM 3.1, "Arrays"). */
const ELEMENTS_MAX = 1_000_000;
const DIMENSIONS_MAX = 7;

/** `int[32] a = 1;` */
export function declaration(context: Context, statement: Of<'declare'>): void {
  const { name, value } = statement;
  if (statement.type.kind === 'arrayType')
    return array(context, name, statement.type, value, statement);
  const type = lowerType(context, statement.type);
  const initial = value === undefined ? undefined : initialValue(context, value, type, statement);
  const isInternal = (statement.annotations ?? []).some((one) => one.keyword === 'internal');
  const symbol = declared(context, name, type, statement, isInternal);
  if (value?.kind === 'measure')
    measureInto(context, measured(context, value), symbol as Symbol & { kind: 'bits' }, value);
  else initialise(context, symbol, initial, statement);
  context.declare(name, symbol);
}

/** The value that a variable starts with. Measurements are done when there is a place for them. */
function initialValue(context: Context, value: Initial, type: Type, at: Span): Typed | undefined {
  if (value.kind === 'arrayLiteral')
    return context.wrong('A list is the value of an array only', value);
  if (value.kind === 'measure') {
    if (type.kind !== 'bit' && type.kind !== 'bits')
      context.wrong('A measurement gives bits: declare a bit for them', at);
    return undefined;
  }
  return converted(context, context.assigned(value), type, value);
}

/** A variable of a type, not yet under its name. */
export function declared(
  context: Context,
  name: Name,
  type: Type,
  at: Span,
  isInternal = false,
): Symbol {
  if (type.kind === 'duration')
    return { kind: 'value', typed: { type, value: literal(0), known: undefined } };
  if (type.kind === 'bit' || type.kind === 'bits') {
    const size = type.kind === 'bits' ? type.size : 1;
    return {
      kind: 'bits',
      wires: bits(context, name, size, at, isInternal),
      isRegister: type.kind === 'bits',
    };
  }
  return cell(context, name, type, at);
}

/** Bits of a variable: a block that is lowered again uses those of the first time. */
function bits(context: Context, name: Name, size: number, at: Span, isInternal: boolean): Wires {
  if (context.scope === context.globals) return context.addBits(name.name, size, at, isInternal);
  const key = `${size} ${name.at}`;
  const places = context.placesIn(context.source);
  const made =
    places.bits.get(key) ?? context.addBits(context.localName(name.name), size, at, true);
  places.bits.set(key, made);
  return made;
}

function cell(context: Context, name: Name, type: Type, at: Span): Cell {
  const places = context.placesIn(context.source);
  const key = `${JSON.stringify(classicalType(type))} ${name.at}`;
  const isGlobal = context.scope === context.globals;
  const reused = isGlobal ? undefined : places.variables.get(key);
  const variable =
    reused ?? addVariable(context, isGlobal ? name.name : context.localName(name.name), type, at);
  if (!isGlobal) places.variables.set(key, variable);
  return new Cell(type, variable, context.certainty, zeroOf(type));
}

export const addVariable = (context: Context, name: string, type: Type, at: Span): number =>
  context.addVariable(name, classicalType(type)!, at);

const zeroOf = (type: Type): Value =>
  type.kind === 'bool'
    ? false
    : type.kind === 'int' ||
        type.kind === 'uint' ||
        (type.kind === 'angle' && type.width !== undefined)
      ? 0n
      : 0;

/** Gives a variable its first value. Those of the whole text begin with zero as it is. */
export function initialise(
  context: Context,
  symbol: Symbol,
  value: Typed | undefined,
  at: Span,
): void {
  const isFresh = context.scope === context.globals && context.nesting === 0;
  if (symbol.kind === 'bits') {
    if (value === undefined && isFresh) return;
    store(context, symbol, value ?? constant({ kind: 'bits', size: symbol.wires.size }, 0n), at);
  } else if (symbol.kind === 'variable') {
    if (value === undefined && isFresh) return;
    store(context, symbol, value ?? constant(symbol.type, zeroOf(symbol.type)), at);
  }
}

/** Assigns a value, which has the right type, to a variable or to bits. */
export function store(
  context: Context,
  to: (Symbol & { kind: 'bits' }) | Cell,
  of: Typed,
  at: Span,
): void {
  if (to.kind === 'variable') {
    context.emit(
      { kind: 'assign', to: { kind: 'variable', variable: to.variable }, value: of.value },
      at,
    );
    context.assign(to, of.known === undefined ? undefined : of.known);
    return;
  }
  const { wires, isRegister } = to;
  if (!isRegister)
    return context.emit(
      { kind: 'assign', to: { kind: 'bit', bit: wires.list?.[0] ?? wires.start }, value: of.value },
      at,
    );
  if (wires.list === undefined)
    return context.emit(
      {
        kind: 'assign',
        to: { kind: 'bits', start: wires.start, size: wires.size },
        value: of.value,
      },
      at,
    );
  return context.unsupported('An assignment to bits that are not neighbours is not supported', at);
}

function array(
  context: Context,
  name: Name,
  written: ArrayType,
  value: Initial | undefined,
  at: Span,
): void {
  if (context.scope !== context.globals)
    context.wrong('An array is declared outside of all blocks', at);
  const type = lowerType(context, written.base as ScalarType);
  if (type.kind === 'bit' || type.kind === 'bits' || type.kind === 'duration')
    context.unsupported('Arrays of bits and of durations are not supported', written);
  if (written.sizes.length > DIMENSIONS_MAX)
    context.wrong(`An array has at most ${DIMENSIONS_MAX} dimensions`, written);
  const sizes = written.sizes.map((size) => lowerSize(context, size, 'A size', BITS_MAX, 0));
  const count = sizes.reduce((product, size) => product * size, 1);
  if (count > ELEMENTS_MAX)
    context.refuse('LIMIT', `An array has at most ${ELEMENTS_MAX} elements, not ${count}`, written);
  const cells = Array.from({ length: count }, (_, index) =>
    cell(context, { ...name, name: `${name.name}_${index}` }, type, at),
  );
  if (value !== undefined)
    for (const [index, { of, at: place }] of valuesFor(context, { sizes, type }, value).entries())
      store(context, cells[index]!, of, place);
  context.declare(name, { kind: 'array', type, sizes, cells, isReadonly: false });
}

/** `const int n = 4;` */
export function constantDeclaration(context: Context, statement: Of<'const'>): void {
  const type = lowerType(context, statement.type);
  const { value, name } = statement;
  if (value.kind === 'arrayLiteral' || value.kind === 'measure' || value.kind === 'quantumCall')
    return context.wrong('The value of a constant is known before the circuit runs', value);
  const typed = castTo(context, constantOf(context, value, 'The value'), type, value, false);
  if (type.kind === 'duration') return context.declare(name, { kind: 'value', typed });
  if (typed.known === undefined)
    return context.wrong('The value of a constant is known before the circuit runs', value);
  return context.declare(name, { kind: 'value', typed: constant(type, typed.known) });
}
