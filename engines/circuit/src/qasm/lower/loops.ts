import type { Instruction } from '../../circuit.ts';
import type { Expr, Range, Span, Statement } from '../syntax.ts';
import { type ArraySymbol, arrayOf, cellValue } from './arrays.ts';
import { inBlock, loopBody } from './blocks.ts';
import { castTo, wholeNumber } from './casts.ts';
import type { Context } from './context.ts';
import { mentions, usesJumps, writes } from './inspect.ts';
import { binary } from './operators.ts';
import { Scope, type Symbol } from './scope.ts';
import { lowerType } from './typeSyntax.ts';
import { BOOL, constant, NUMERAL, type Type, type Typed, typeText } from './types.ts';
import { addVariable } from './variables.ts';
import { wire, wiresOf } from './wires.ts';

type Of<K extends Statement['kind']> = Statement & { readonly kind: K };

/** `for`: unrolled where its values are known, else a `while` of the circuit. */
export function forLoop(context: Context, statement: Of<'for'>): void {
  const type = lowerType(context, statement.type);
  const { domain } = statement;
  if (domain.kind === 'set')
    return unrolled(
      context,
      statement,
      type,
      domain.items.map((item) => {
        const value = castTo(context, context.lower(item), type, item, false);
        return { kind: 'value', typed: value };
      }),
    );
  if (domain.kind === 'range') return overRange(context, statement, type, domain);
  return overValues(context, statement, type, domain);
}

function overRange(context: Context, statement: Of<'for'>, type: Type, range: Range): void {
  const { start: first, stop: last, step: by } = range;
  if (first === undefined || last === undefined)
    return context.wrong('The range of a loop has a start and an end', range);
  if (type.kind !== 'int' && type.kind !== 'uint')
    context.wrong(
      `The variable of a range is an int or uint, not ${typeText(type)}`,
      statement.type,
    );
  const start = context.lower(first);
  const stop = context.lower(last);
  const step = by === undefined ? constant(NUMERAL, 1n) : context.lower(by);
  if ([start, stop, step].every((end) => end.known !== undefined)) {
    const ends = [
      wholeNumber(context, start, 'The start of a loop', first),
      wholeNumber(context, step, 'The step of a loop', by ?? range),
      wholeNumber(context, stop, 'The end of a loop', last),
    ] as const;
    return knownRange(context, statement, type, ends);
  }
  return runtimeRange(context, statement, type, [start, step, stop], range);
}

function knownRange(
  context: Context,
  statement: Of<'for'>,
  type: Type,
  [start, step, stop]: readonly [bigint, bigint, bigint],
): void {
  if (step === 0n) context.wrong('The step of a loop is not 0', statement);
  const rounds = (stop - start) / step;
  const isEmpty = step > 0n ? start > stop : start < stop;
  const count = isEmpty ? 0n : rounds + 1n;
  const name = statement.variable.name;
  const isRepeat =
    !context.gateBody &&
    (name === '_' || (!mentions(statement.body, name) && !writes(statement.body)));
  if (isRepeat) return repeated(context, statement, count);
  // A loop that is too long is refused before its first round.

  context.checkRoom(Number(count), statement);
  unrolled(
    context,
    statement,
    type,
    (function* values() {
      for (let k = 0n; k < count; k += 1n)
        yield {
          kind: 'value',
          typed: castTo(context, constant(NUMERAL, start + k * step), type, statement, false),
        } as const;
    })(),
  );
}

function repeated(context: Context, statement: Of<'for'>, count: bigint): void {
  if (count === 0n) return;
  if (count > BigInt(Number.MAX_SAFE_INTEGER))
    context.refuse(
      'LIMIT',
      `A loop has at most ${Number.MAX_SAFE_INTEGER} rounds, not ${count}`,
      statement,
    );
  let body: Instruction[] = [];
  const before = context.instructions;
  context.uncertain(true, () => {
    body = loopBody(context, statement, statement.body);
  });
  const once = context.instructions - before;
  context.emit(
    { kind: 'repeat', times: Number(count), body },
    statement,
    1 + once * (Number(count) - 1),
  );
}

/** The body for each value of the variable. */
function unrolled(
  context: Context,
  statement: Of<'for'>,
  type: Type,
  values: Iterable<Symbol>,
): void {
  const jumps = usesJumps(statement.body);
  if (jumps) return unrolledWithJumps(context, statement, values);
  for (const value of values) {
    // An empty body takes time too.
    context.make(1, statement);
    oneRound(context, statement, value);
  }
}

function oneRound(context: Context, statement: Of<'for'>, value: Symbol): void {
  const scope = new Scope(context.scope);
  scope.set(statement.variable.name, value);
  context.inScope(scope, () => inBlock(context, statement.body));
}

function unrolledWithJumps(context: Context, statement: Of<'for'>, values: Iterable<Symbol>): void {
  if (context.gateBody) context.wrong('The body of a gate has no break or continue', statement);
  const left = addVariable(context, context.localName('left'), BOOL, statement);
  const set = (value: boolean): Instruction => ({
    kind: 'assign',
    to: { kind: 'variable', variable: left },
    value: { kind: 'literal', value },
  });
  context.emit(set(false), statement);
  context.uncertain(false, () => {
    for (const value of values) {
      const round = context.inLoop({ left }, () =>
        context.block(statement, () => oneRound(context, statement, value)),
      );
      const isFirstWay: Instruction = { kind: 'repeat', times: 1, body: round };
      context.emit(
        {
          kind: 'if',
          condition: { kind: 'unary', op: '!', of: { kind: 'variable', variable: left } },
          then: [isFirstWay],
          else: [],
        },
        statement,
        2,
      );
    }
  });
}

/** A range whose ends are known only while the circuit runs: a variable counts. */
function runtimeRange(
  context: Context,
  statement: Of<'for'>,
  type: Type,
  [start, step, stop]: readonly [Typed, Typed, Typed],
  at: Span,
): void {
  if (context.gateBody) context.wrong('A loop in a gate has ends that are known', at);
  if (step.known === undefined)
    context.unsupported('The step of a loop must be known before the circuit runs', at);
  const by = wholeNumber(context, step, 'The step of a loop', at);
  if (by === 0n) context.wrong('The step of a loop is not 0', at);
  if (usesJumps(statement.body))
    context.unsupported(
      'break and continue need a loop whose ends are known before the circuit runs',
      at,
    );
  const wide: Type = { kind: 'int', width: 64 };
  const [counter, end] = [wide, wide].map((one, k) =>
    addVariable(context, context.localName(k === 0 ? statement.variable.name : 'end'), one, at),
  ) as [number, number];
  const variable = (index: number): Typed => ({
    type: wide,
    value: { kind: 'variable', variable: index },
    known: undefined,
  });
  const set = (index: number, value: Typed): void =>
    context.emit(
      { kind: 'assign', to: { kind: 'variable', variable: index }, value: value.value },
      at,
    );
  set(counter, castTo(context, start, wide, at, false));
  set(end, castTo(context, stop, wide, at, false));
  context.uncertain(true, () => {
    const value = castTo(context, variable(counter), type, at, false);
    const body = context.inLoop('real', () =>
      context.block(at, () => {
        oneRound(context, statement, { kind: 'value', typed: value });
        set(counter, binary(context, '+', variable(counter), constant(NUMERAL, by), at));
      }),
    );
    const goesOn = binary(context, by > 0n ? '<=' : '>=', variable(counter), variable(end), at);
    context.emit({ kind: 'while', condition: goesOn.value, body }, at);
  });
}

function overArray(
  context: Context,
  statement: Of<'for'>,
  type: Type,
  { sizes, cells }: ArraySymbol,
  at: Span,
): void {
  if (sizes.length > 1) context.wrong('A loop is over an array of one dimension', at);
  return unrolled(
    context,
    statement,
    type,
    cells.map((cell) => ({
      kind: 'value',
      typed: castTo(context, cellValue(cell), type, at, false),
    })),
  );
}

/** The bits of a register, or the elements of an array. */
function overValues(context: Context, statement: Of<'for'>, type: Type, domain: Expr): void {
  const array = arrayOf(context, domain);
  if (array !== undefined && array.sizes.length > 0)
    return overArray(context, statement, type, array, domain);
  if (domain.kind === 'name') {
    const symbol = context.scope.find(domain.name);
    if (symbol?.kind === 'bits' && symbol.isRegister) {
      const { wires } = symbol;
      return unrolled(
        context,
        statement,
        type,
        Array.from({ length: wires.size }, (_, k): Symbol => ({
          kind: 'bits',
          wires: wiresOf([wire(wires, k)]),
          isRegister: false,
        })),
      );
    }
  }
  const of = context.lower(domain);
  if (of.type.kind !== 'bits')
    return context.wrong(
      `A loop is over a set, a range, an array or bits, not ${typeText(of.type)}`,
      domain,
    );
  const { size } = of.type;
  return unrolled(
    context,
    statement,
    type,
    Array.from({ length: size }, (_, k): Symbol => {
      const shifted = binary(context, '>>', of, constant(NUMERAL, BigInt(k)), domain);
      const bit = binary(
        context,
        '&',
        { ...shifted, type: { kind: 'uint', width: size } },
        constant(NUMERAL, 1n),
        domain,
      );
      return { kind: 'value', typed: castTo(context, bit, { kind: 'bit' }, domain, false) };
    }),
  );
}
