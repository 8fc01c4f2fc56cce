import type { Instruction } from '../../circuit.ts';
import type { Expression } from '../../expression.ts';
import type { Expr, Span, Statement } from '../syntax.ts';
import { inBlock, loopBody } from './blocks.ts';
import { castTo, constantOf, wholeNumber } from './casts.ts';
import type { Context } from './context.ts';
import { hasCalls } from './inspect.ts';
import { binary, unary } from './operators.ts';
import { BOOL, constant, NUMERAL, type Type, type Typed, typeText } from './types.ts';
import { addVariable } from './variables.ts';

type Of<K extends Statement['kind']> = Statement & { readonly kind: K };

const condition = (context: Context, expr: Expr): Typed =>
  castTo(context, context.lower(expr), BOOL, expr, false);

const isLiteral = (typed: Typed): boolean => typed.value.kind === 'literal';

/** A condition of constants chooses now, every other while the circuit runs. */
export function ifElse(context: Context, statement: Of<'if'>): void {
  // A bit or number holds where it is not 0; `bool(…)` is not written around it.
  const of = context.lower(statement.condition);
  const holds = castTo(context, of, BOOL, statement.condition, false);
  if (isLiteral(holds)) {
    const chosen = holds.known === true ? statement.then : statement.else;
    if (chosen !== undefined) inBlock(context, chosen);
    return;
  }
  if (context.gateBody) context.wrong('The body of a gate depends on constants only', statement);
  let then: Instruction[] = [];
  let otherwise: Instruction[] = [];
  const block = (body: Statement): Instruction[] =>
    context.block(statement, () => inBlock(context, body));
  context.uncertain(false, () => {
    then = block(statement.then);
  });
  const other = statement.else;
  if (other !== undefined)
    context.uncertain(false, () => {
      otherwise = block(other);
    });
  context.emit({ kind: 'if', condition: of.value, then, else: otherwise }, statement);
}

export function whileLoop(context: Context, statement: Of<'while'>): void {
  if (context.gateBody) context.wrong('The body of a gate has no while', statement);
  let instruction: Instruction | undefined;
  context.uncertain(true, () => {
    instruction = hasCalls(statement.condition)
      ? callingWhile(context, statement)
      : plainWhile(context, statement);
  });
  if (instruction !== undefined) context.emit(instruction, statement);
}

function plainWhile(context: Context, statement: Of<'while'>): Instruction | undefined {
  const of = context.lower(statement.condition);
  const holds = castTo(context, of, BOOL, statement.condition, false);
  if (isLiteral(holds) && holds.known === false) return undefined;
  const body = loopBody(context, statement, statement.body);
  return { kind: 'while', condition: of.value, body };
}

/** A condition that calls a subroutine is computed in the loop: `while (true) { …; if (!c) break; … }`. */
function callingWhile(context: Context, statement: Of<'while'>): Instruction {
  const body = context.inLoop('real', () =>
    context.block(statement, () => {
      const holds = condition(context, statement.condition);
      const not = unary(context, '!', holds, statement.condition);
      context.emit(
        { kind: 'if', condition: not.value, then: [{ kind: 'break' }], else: [] },
        statement,
      );
      inBlock(context, statement.body);
    }),
  );
  return { kind: 'while', condition: { kind: 'literal', value: true }, body };
}

/** `break` and `continue` of a loop that is one in the circuit too; `end` of a shot. */
export function jump(context: Context, statement: Of<'break' | 'continue' | 'end'>): void {
  const { kind } = statement;
  if (kind === 'end') return context.emit({ kind }, statement);
  const { loop } = context;
  if (loop === undefined) return context.wrong(`'${kind}' stands outside of a loop`, statement);
  if (loop === 'real') return context.emit({ kind }, statement);
  // Each round of an unrolled loop is a loop of one round; to leave all of them, a flag is raised.
  if (kind === 'break')
    context.emit(
      {
        kind: 'assign',
        to: { kind: 'variable', variable: loop.left },
        value: { kind: 'literal', value: true },
      },
      statement,
    );
  return context.emit({ kind: 'break' }, statement);
}

/** `switch`: the case of a constant now, else a chain of `if`. */
export function switchCase(context: Context, statement: Of<'switch'>): void {
  const of = context.lower(statement.of);
  if (of.type.kind !== 'int' && of.type.kind !== 'uint')
    context.wrong(`A switch is over an int or uint, not ${typeText(of.type)}`, statement.of);
  const cases = labelled(context, statement);
  const last = statement.cases.find((one) => one.labels === undefined);
  if (isLiteral(of)) {
    const value = BigInt(of.known!);
    const chosen = cases.find((one) => one.labels.includes(value))?.scope ?? last?.scope;
    if (chosen !== undefined) inBlock(context, chosen);
    return;
  }
  if (context.gateBody) context.wrong('The body of a gate depends on constants only', statement);
  const bodies: { condition: Typed; body: Instruction[] }[] = [];
  if (cases.length > CHAIN_MAX) return inTurn(context, statement, of, cases, last?.scope);
  for (const { labels, scope } of cases) {
    const equal = labels.map((label) => binary(context, '==', of, constant(NUMERAL, label), scope));
    const any = equal.reduce((a, b) => binary(context, '||', a, b, scope));
    context.uncertain(false, () => {
      bodies.push({ condition: any, body: context.block(scope, () => inBlock(context, scope)) });
    });
  }
  let rest: Instruction[] = [];
  if (last !== undefined)
    context.uncertain(false, () => {
      rest = context.block(last, () => inBlock(context, last.scope));
    });
  chain(context, statement, bodies, rest);
}

/** So many cases become a chain of `if … else if`; more of them would nest too deep. */
const CHAIN_MAX = 16;

/** Many cases, each asked about in turn: none but one holds, since what is asked about is kept first. */
function inTurn(
  context: Context,
  at: Span,
  of: Typed,
  cases: readonly { labels: bigint[]; scope: Statement }[],
  last: Statement | undefined,
): void {
  const type: Type = { kind: 'int', width: 64 };
  const variable = addVariable(context, context.localName('case'), type, at);
  const value: Expression = { kind: 'variable', variable };
  context.emit({ kind: 'assign', to: { kind: 'variable', variable }, value: of.value }, at);
  const kept: Typed = { type, value, known: undefined };
  const isOne = (labels: readonly bigint[]): Typed =>
    labels
      .map((label) => binary(context, '==', kept, constant(NUMERAL, label), at))
      .reduce((a, b) => binary(context, '||', a, b, at));
  const emit = (holds: Typed, scope: Statement): void =>
    context.uncertain(false, () => {
      const then = context.block(scope, () => inBlock(context, scope));
      context.emit({ kind: 'if', condition: holds.value, then, else: [] }, scope);
    });
  for (const { labels, scope } of cases) emit(isOne(labels), scope);
  if (last === undefined) return;
  // In halves, so that the expression does not nest deep.
  const any = (from: number, to: number): Typed => {
    if (to - from === 1) return isOne(cases[from]!.labels);
    const middle = (from + to) >> 1;
    return binary(context, '||', any(from, middle), any(middle, to), at);
  };
  emit(unary(context, '!', any(0, cases.length), at), last);
}

/** The cases with labels that are numbers, each used once. */
function labelled(
  context: Context,
  statement: Of<'switch'>,
): { labels: bigint[]; scope: Statement }[] {
  const seen = new Set<bigint>();
  const { cases } = statement;
  if (cases[0]?.labels === undefined)
    context.wrong('A switch has at least one case, the first before the default', statement);
  return cases.flatMap(({ labels, scope }, index) => {
    if (labels === undefined) {
      if (index < cases.length - 1) context.wrong("'default' is the last case", cases[index]!);
      return [];
    }
    const numbers = labels.map((label) => {
      const number = wholeNumber(
        context,
        constantOf(context, label, 'The label of a case'),
        'The label of a case',
        label,
      );
      if (seen.has(number)) context.wrong(`There are two cases for ${number}`, label);
      seen.add(number);
      return number;
    });
    return [{ labels: numbers, scope }];
  });
}

function chain(
  context: Context,
  at: Span,
  bodies: readonly { condition: Typed; body: Instruction[] }[],
  rest: Instruction[],
): void {
  const [first, ...others] = bodies;
  if (first === undefined) {
    for (const instruction of rest) context.body.push(instruction);
    return;
  }
  const otherwise =
    others.length === 0 ? rest : context.block(at, () => chain(context, at, others, rest));
  context.emit(
    { kind: 'if', condition: first.condition.value, then: first.body, else: otherwise },
    at,
  );
}
