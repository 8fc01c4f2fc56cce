import type { Reader } from './reader.ts';
import { SYNTAX_DEPTH_MAX } from './reader.ts';
import type {
  ArrayType,
  Assigned,
  BinaryOp,
  Designator,
  Expr,
  HardwareQubit,
  IndexedName,
  IndexOperator,
  MeasureExpression,
  Operand,
  QuantumCall,
  Range,
  ScalarType,
  SetExpression,
} from './syntax.ts';
import type { TokenKind } from './tokens.ts';

/** How tight an operator binds, from the order of rules in the grammar. All but `**` associate to the left. */
const BINDING: ReadonlyMap<TokenKind, number> = new Map<TokenKind, number>([
  ['**', 12],
  ['*', 10],
  ['/', 10],
  ['%', 10],
  ['+', 9],
  ['-', 9],
  ['<<', 8],
  ['>>', 8],
  ['<', 7],
  ['<=', 7],
  ['>', 7],
  ['>=', 7],
  ['==', 6],
  ['!=', 6],
  ['&', 5],
  ['^', 4],
  ['|', 3],
  ['&&', 2],
  ['||', 1],
]);
const UNARY_BINDING = 11;
const POWER_BINDING = 12;

const isBinary = (kind: TokenKind): kind is BinaryOp => BINDING.has(kind);

/** `expression` of the grammar. */
export function expression(reader: Reader, binding = 0): Expr {
  reader.depth += 1;
  if (reader.depth > SYNTAX_DEPTH_MAX) reader.tooDeep();
  const result = operators(reader, prefix(reader), binding);
  reader.depth -= 1;
  return result;
}

/** What follows an operand that is read already, as far as it binds tighter than `binding`. */
export function operators(reader: Reader, first: Expr, binding = 0): Expr {
  let left = first;
  for (;;) {
    // `^` of version 2 is the power.
    const op = reader.isVersion2 && reader.kind === '^' ? '**' : reader.kind;
    if (op === '[') {
      const height = reader.height;
      const index = indexOperator(reader);
      left = { kind: 'index', at: left.at, end: index.end, of: left, index };
      higher(reader, height);
      continue;
    }
    if (!isBinary(op)) return left;
    const tightness = BINDING.get(op)!;
    if (tightness <= binding) return left;
    const opAt = reader.at;
    const height = reader.height;
    reader.next();
    const right = expression(reader, tightness === POWER_BINDING ? tightness - 1 : tightness);
    left = { kind: 'binary', at: left.at, end: right.end, op, opAt, left, right };
    higher(reader, height);
  }
}

/** The expression just read stands on one of this height too. A chain without parentheses is a high tree as well. */
function higher(reader: Reader, height: number): void {
  reader.height = Math.max(reader.height, height) + 1;
  if (reader.height > SYNTAX_DEPTH_MAX) reader.tooDeep();
}

function prefix(reader: Reader): Expr {
  const { kind, at } = reader;
  switch (kind) {
    case '-':
    case '~':
    case '!': {
      reader.next();
      const of = expression(reader, UNARY_BINDING - 1);
      higher(reader, 0);
      return { kind: 'unary', at, end: of.end, op: kind, of };
    }
    case '(': {
      reader.next();
      const of = expression(reader);
      reader.expect(')');
      higher(reader, 0);
      return { kind: 'parenthesis', at, end: reader.lastEnd, of };
    }
    case 'durationof': {
      reader.next();
      reader.expect('(');
      const scope = reader.scope(reader);
      reader.expect(')');
      reader.height = 1;
      return { kind: 'durationof', at, end: reader.lastEnd, scope };
    }
    default:
      return isType(kind) ? cast(reader, type(reader)) : primary(reader);
  }
}

/** A cast to a type that is read already. */
export function cast(reader: Reader, to: ScalarType | ArrayType): Expr {
  reader.expect('(');
  const of = expression(reader);
  reader.expect(')');
  higher(reader, 0);
  return { kind: 'cast', at: to.at, end: reader.lastEnd, type: to, of };
}

const plain = (content: string): string =>
  content.includes('_') ? content.replaceAll('_', '') : content;

function primary(reader: Reader): Expr {
  const { kind, at, end } = reader;
  reader.height = 1;
  // `pow` is a modifier of gates, and the name of a function.
  if (kind === '<identifier>' || kind === 'pow') return nameOrCall(reader);
  const { content } = reader;
  let result: Expr;
  switch (kind) {
    case '<integer>':
      result = { kind: 'int', at, end, value: BigInt(plain(content)) };
      break;
    case '<float>':
      result = { kind: 'float', at, end, value: Number(plain(content)) };
      break;
    case '<imaginary>':
      result = { kind: 'imaginary', at, end, value: Number.parseFloat(plain(content)) };
      break;
    case '<timing>':
      result = {
        kind: 'timing',
        at,
        end,
        value: Number.parseFloat(plain(content)),
        unit: reader.unit!,
      };
      break;
    case '<bitstring>':
      result = { kind: 'bitstring', at, end, digits: plain(content.slice(1, -1)) };
      break;
    case '<hardware qubit>':
      return hardwareQubit(reader);
    case 'true':
    case 'false':
      result = { kind: 'bool', at, end, value: kind === 'true' };
      break;
    default:
      reader.unexpected('an expression');
  }
  reader.next();
  return result;
}

function nameOrCall(reader: Reader): Expr {
  const { at, end } = reader;
  const isPower = reader.is('pow');
  const callee = { name: reader.content, at, end };
  reader.next();
  if (isPower && !reader.is('(')) reader.unexpected("'('");
  if (!reader.is('(')) return { kind: 'name', at, end, name: callee.name };
  const args = expressionsInParentheses(reader);
  higher(reader, 0);
  return { kind: 'call', at, end: reader.lastEnd, callee, args };
}

/** `( expressionList? )` */
export function expressionsInParentheses(reader: Reader): readonly Expr[] {
  reader.expect('(');
  let height = 0;
  const args = reader.is(')')
    ? []
    : reader.list(
        (inner) => {
          const arg = expression(inner);
          height = Math.max(height, inner.height);
          return arg;
        },
        (kind) => kind === ')',
      );
  reader.expect(')');
  reader.height = height;
  return args;
}

/** Literals with a comma between: sizes of an array, labels of a case. */
export const expressionList = (reader: Reader, closing: TokenKind): Expr[] =>
  reader.list(
    (inner) => expression(inner),
    (kind) => kind === closing,
  );

/** An expression, or a range if there is a colon. */
export function expressionOrRange(reader: Reader): Expr | Range {
  const { at } = reader;
  const start = reader.is(':') ? undefined : expression(reader);
  if (!reader.accept(':')) return start!;
  const isOpen = (): boolean => reader.is(':') || reader.is(']') || reader.is(',');
  const second = isOpen() ? undefined : expression(reader);
  if (!reader.accept(':'))
    return { kind: 'range', at, end: reader.lastEnd, start, step: undefined, stop: second };
  const stop = isOpen() ? undefined : expression(reader);
  return { kind: 'range', at, end: reader.lastEnd, start, step: second, stop };
}

export function setExpression(reader: Reader): SetExpression {
  const { at } = reader;
  reader.expect('{');
  const items = expressionList(reader, '}');
  reader.expect('}');
  return { kind: 'set', at, end: reader.lastEnd, items };
}

function indexOperator(reader: Reader): IndexOperator {
  const { at } = reader;
  reader.expect('[');
  let height = 0;
  const set = reader.is('{') ? setExpression(reader) : undefined;
  const list =
    set !== undefined
      ? []
      : reader.list(
          (inner) => {
            const item = expressionOrRange(inner);
            height = Math.max(height, inner.height);
            return item;
          },
          (kind) => kind === ']',
        );
  reader.expect(']');
  reader.height = height;
  return { at, end: reader.lastEnd, set, list };
}

export function hardwareQubit(reader: Reader): HardwareQubit {
  const { at, end } = reader;
  const number = Number(reader.content.slice(1));
  reader.next();
  return { kind: 'hardwareQubit', at, end, number };
}

/** `indexedIdentifier` of the grammar. */
export function indexedName(reader: Reader, what = 'a name'): IndexedName {
  const { name, at } = reader.name(what);
  const indices: IndexOperator[] = [];
  while (reader.is('[')) indices.push(indexOperator(reader));
  return { kind: 'indexed', at, end: reader.lastEnd, name, indices };
}

/** `gateOperand` of the grammar. */
export const operand = (reader: Reader): Operand =>
  reader.is('<hardware qubit>') ? hardwareQubit(reader) : indexedName(reader, 'a qubit');

export const beginsOperand = (kind: TokenKind): boolean =>
  kind === '<identifier>' || kind === '<hardware qubit>';

export const operands = (reader: Reader): Operand[] =>
  reader.list(operand, (kind) => kind === ';' || kind === '->');

export function measureExpression(reader: Reader): MeasureExpression {
  const { at } = reader;
  reader.expect('measure');
  const of = operand(reader);
  return { kind: 'measure', at, end: of.end, operand: of };
}

/** A name or call with operands behind it is a call of a subroutine. */
export function quantumCall(reader: Reader, callee: Expr): QuantumCall {
  const call =
    callee.kind === 'name'
      ? { callee, args: undefined }
      : callee.kind === 'call'
        ? callee
        : reader.unexpected("';'");
  const list = operands(reader);
  return {
    kind: 'quantumCall',
    at: callee.at,
    end: reader.lastEnd,
    callee: call.callee,
    args: call.args,
    operands: list,
  };
}

/** What stands on the right of `=`. */
export function assigned(reader: Reader): Assigned {
  if (reader.is('measure')) return measureExpression(reader);
  const value = expression(reader);
  return beginsOperand(reader.kind) ? quantumCall(reader, value) : value;
}

// Types

const SCALARS: ReadonlyMap<TokenKind, ScalarType['base']> = new Map(
  (['bit', 'int', 'uint', 'float', 'angle', 'bool', 'duration', 'stretch', 'complex'] as const).map(
    (base) => [base, base],
  ),
);

const UNSIZED: readonly ScalarType['base'][] = ['bool', 'duration', 'stretch'];

/** Whether a token begins a type that can stand in a declaration or cast. */
export const isType = (kind: TokenKind): boolean => kind === 'array' || SCALARS.has(kind);

export const type = (reader: Reader): ScalarType | ArrayType =>
  reader.is('array') ? arrayType(reader) : scalarType(reader);

export function scalarType(reader: Reader): ScalarType {
  const { at } = reader;
  const base = SCALARS.get(reader.kind) ?? reader.unexpected('a type');
  reader.next();
  let part: ScalarType | undefined;
  let size: Designator | undefined;
  if (base === 'complex') {
    if (reader.accept('[')) {
      part = reader.nested(scalarType);
      reader.expect(']');
    }
  } else if (reader.is('[') && !UNSIZED.includes(base)) size = designator(reader);
  return { kind: 'scalarType', at, end: reader.lastEnd, base, size, part };
}

function arrayType(reader: Reader): ArrayType {
  const { at } = reader;
  reader.expect('array');
  reader.expect('[');
  const base = scalarType(reader);
  reader.expect(',');
  const sizes = expressionList(reader, ']');
  reader.expect(']');
  return { kind: 'arrayType', at, end: reader.lastEnd, base, sizes };
}

export function designator(reader: Reader): Designator {
  const { at } = reader;
  reader.expect('[');
  const of = expression(reader);
  reader.expect(']');
  return { at, end: reader.lastEnd, of };
}

export const maybeDesignator = (reader: Reader): Designator | undefined =>
  reader.is('[') ? designator(reader) : undefined;
