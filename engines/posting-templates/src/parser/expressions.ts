import { TemplateError, type Place } from '../error.ts';
import type { Expression, FunctionName, Segment, Sent, Term } from '../template.ts';
import { TYPE_NAMES, type ValueType } from '../values.ts';
import type { Cursor } from './cursor.ts';
import type { SegmentToken } from './lexer.ts';

type Call = Expression & { readonly kind: 'call' };

/** What each function takes and gives; `meta` gives what the variable is declared as. */
const FUNCTIONS: Readonly<
  Record<FunctionName, { readonly takes: readonly ValueType[]; readonly gives?: ValueType }>
> = {
  balance: { takes: ['account', 'asset'], gives: 'monetary' },
  overdraft: { takes: ['account', 'asset'], gives: 'monetary' },
  meta: { takes: ['account', 'string'] },
  get_asset: { takes: ['monetary'], gives: 'asset' },
  get_amount: { takes: ['monetary'], gives: 'number' },
};

const isFunction = (name: string): name is FunctionName => Object.hasOwn(FUNCTIONS, name);

/** @throws TemplateError where the expression is of another type */
export function ofType<T extends Expression>(expression: T, ...types: readonly ValueType[]): T {
  if (types.includes(expression.type)) return expression;
  throw new TemplateError(
    expression.place,
    `expected ${nameOf(types)}, found ${TYPE_NAMES[expression.type]}`,
  );
}

const nameOf = (types: readonly ValueType[]): string =>
  types.map((type) => TYPE_NAMES[type]).join(' or ');

/** An expression of one of these types. */
export const readTyped = (cursor: Cursor, ...types: readonly ValueType[]): Expression =>
  ofType(readExpression(cursor, nameOf(types)), ...types);

/**
 * Sums and differences, of numbers or of monetary amounts.
 * @param expected what a message says where nothing of the kind comes
 */
export function readExpression(cursor: Cursor, expected = 'a value'): Expression {
  const first = readQuotient(cursor, expected);
  if (!cursor.sees('+') && !cursor.sees('-')) return first;
  const { type } = ofType(first, 'number', 'monetary');
  const terms: Term[] = [{ negative: false, operand: first }];
  while (cursor.sees('+') || cursor.sees('-')) {
    const negative = cursor.take().text === '-';
    terms.push({ negative, operand: ofType(readQuotient(cursor, TYPE_NAMES[type]), type) });
  }
  return sumOf(type, terms, first.place);
}

const sumOf = (type: ValueType, terms: readonly Term[], place: Place): Expression => ({
  kind: 'sum',
  type: type === 'number' ? 'number' : 'monetary',
  terms,
  place,
});

/** A fraction of two numbers is a portion: `1/3`, `$fee/1000`. */
function readQuotient(cursor: Cursor, expected: string): Expression {
  const numerator = readSigned(cursor, expected);
  if (!cursor.accept('/')) return numerator;
  return {
    kind: 'quotient',
    type: 'portion',
    numerator: ofType(numerator, 'number'),
    denominator: ofType(readSigned(cursor, TYPE_NAMES.number), 'number'),
    place: numerator.place,
  };
}

function readSigned(cursor: Cursor, expected: string): Expression {
  const { place } = cursor.peek();
  if (!cursor.accept('-')) return readPrimary(cursor, expected);
  const operand = ofType(
    cursor.nested(() => readSigned(cursor, 'a number or a monetary amount')),
    'number',
    'monetary',
  );
  return sumOf(operand.type, [{ negative: true, operand }], place);
}

function readPrimary(cursor: Cursor, expected: string): Expression {
  const token = cursor.peek();
  const { place } = token;
  if (cursor.sees('(')) return readGroup(cursor);
  if (cursor.sees('[')) return readAmount(cursor);
  if (token.kind === 'word' && cursor.sees('(', 1)) return readCall(cursor);
  if (token.kind === 'variable') return readVariable(cursor, token.text, cursor.take().place);
  if (token.kind === 'literal') {
    cursor.take();
    return { kind: 'literal', type: token.value.type, value: token.value, place };
  }
  if (token.kind !== 'account') return cursor.refuse(expected);
  cursor.take();
  const segments = token.segments.map((segment) => segmentOf(cursor, segment));
  if (segments.every((segment) => typeof segment === 'string')) {
    const account = segments.join(':');
    return { kind: 'literal', type: 'account', value: { type: 'account', account }, place };
  }
  return { kind: 'address', type: 'account', segments, place };
}

function segmentOf(cursor: Cursor, segment: SegmentToken): Segment {
  if (typeof segment === 'string') return segment;
  const variable = readVariable(cursor, segment.variable, segment.place);
  return ofType(variable, 'account', 'number', 'string');
}

function readVariable(
  cursor: Cursor,
  name: string,
  place: Place,
): Expression & { readonly kind: 'variable' } {
  const type = cursor.types.get(name);
  if (type === undefined)
    throw new TemplateError(place, `the variable $${name.slice(0, 40)} is not declared before`);
  return { kind: 'variable', type, name, place };
}

function readGroup(cursor: Cursor): Expression {
  cursor.expect('(');
  const inner = cursor.nested(() => readExpression(cursor));
  cursor.expect(')');
  return inner;
}

/** `[USD/2 100]` */
function readAmount(cursor: Cursor): Expression {
  const { place } = cursor.take();
  const asset = ofType(
    cursor.nested(() => readPrimary(cursor, TYPE_NAMES.asset)),
    'asset',
  );
  const number = cursor.nested(() => readTyped(cursor, 'number'));
  cursor.expect(']');
  return { kind: 'amount', type: 'monetary', asset, number, place };
}

function readCall(cursor: Cursor): Expression {
  const { place, text: name } = cursor.peek();
  if (!isFunction(name)) return cursor.refuse(`one of ${Object.keys(FUNCTIONS).join(', ')}`);
  const type = FUNCTIONS[name].gives;
  if (type === undefined)
    throw new TemplateError(place, `${name}() is what a variable is declared to be, nothing else`);
  return readArguments(cursor, name, type);
}

function readArguments(cursor: Cursor, name: FunctionName, type: ValueType): Call {
  const { place } = cursor.take();
  cursor.expect('(');
  const args = FUNCTIONS[name].takes.map((taken, index) => {
    if (index > 0) cursor.expect(',');
    return cursor.nested(() => readTyped(cursor, taken));
  });
  cursor.expect(')');
  return { kind: 'call', type, function: name, arguments: args, place };
}

/** What a variable is declared to be: any expression, or `meta()`, whose type is the variable's. */
export function readOrigin(cursor: Cursor, type: ValueType): Expression {
  if (cursor.sees('meta') && cursor.sees('(', 1)) return readArguments(cursor, 'meta', type);
  return readTyped(cursor, type);
}

/** An amount, or all of an asset: `[USD/2 *]`. */
export function readSent(cursor: Cursor): Sent {
  const start = cursor.position;
  if (cursor.accept('[')) {
    const asset = ofType(
      cursor.nested(() => readPrimary(cursor, TYPE_NAMES.asset)),
      'asset',
    );
    if (cursor.accept('*')) {
      cursor.expect(']');
      return { kind: 'all', asset };
    }
    cursor.goBack(start);
  }
  return { kind: 'amount', amount: readTyped(cursor, 'monetary') };
}
