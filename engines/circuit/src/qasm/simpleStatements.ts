import {
  assigned,
  designator,
  expression,
  expressionsInParentheses,
  isType,
  maybeDesignator,
  operand,
  operands,
  scalarType,
  type,
} from './expressions.ts';
import type { Reader } from './reader.ts';
import type { ArrayLiteral, Expr, GateModifier, Initial, StatementKind } from './syntax.ts';

/** Behind a statement. */
export function semicolon<T>(reader: Reader, result: T): T {
  reader.expect(';');
  return result;
}

export const initial = (reader: Reader): Initial =>
  reader.is('{') ? arrayLiteral(reader) : assigned(reader);

function arrayLiteral(reader: Reader): ArrayLiteral {
  const { at } = reader;
  reader.expect('{');
  const items = reader.is('}')
    ? []
    : reader.list(
        (inner) => (inner.is('{') ? inner.nested(arrayLiteral) : expression(inner)),
        (kind) => kind === '}',
      );
  reader.expect('}');
  return { kind: 'arrayLiteral', at, end: reader.lastEnd, items };
}

/** A call of a gate that begins with modifiers or is `gphase`. */
export function gateCall(reader: Reader): StatementKind {
  const modifiers: GateModifier[] = [];
  while (!reader.is('<identifier>') && !reader.is('gphase')) modifiers.push(modifier(reader));
  const isPhase = reader.is('gphase');
  const callee = { name: reader.content, at: reader.at, end: reader.end };
  reader.next();
  const args = reader.is('(') ? expressionsInParentheses(reader) : undefined;
  const duration = maybeDesignator(reader);
  const list = isPhase && reader.is(';') ? [] : operands(reader);
  return semicolon(reader, {
    kind: 'gateCall',
    modifiers,
    callee,
    args,
    duration,
    operands: list,
  });
}

function modifier(reader: Reader): GateModifier {
  const { at, kind } = reader;
  if (kind !== 'inv' && kind !== 'pow' && kind !== 'ctrl' && kind !== 'negctrl')
    reader.unexpected('a gate or one of its modifiers inv, pow, ctrl, negctrl');
  reader.next();
  let argument: Expr | undefined;
  if (kind === 'pow' || (kind !== 'inv' && reader.is('('))) {
    reader.expect('(');
    argument = expression(reader);
    reader.expect(')');
  }
  reader.expect('@');
  return { at, end: reader.lastEnd, kind, argument };
}

export function returnStatement(reader: Reader): StatementKind {
  reader.next();
  return semicolon(reader, {
    kind: 'return',
    value: reader.is(';') ? undefined : assigned(reader),
  });
}

export function alias(reader: Reader): StatementKind {
  reader.next();
  const name = reader.name('the name of the alias');
  reader.expect('=');
  const parts = [expression(reader)];
  while (reader.accept('++')) parts.push(expression(reader));
  return semicolon(reader, { kind: 'alias', name, parts });
}

export function constant(reader: Reader): StatementKind {
  reader.next();
  const of = scalarType(reader);
  const name = reader.name('the name of the constant');
  reader.expect('=');
  return semicolon(reader, { kind: 'const', type: of, name, value: initial(reader) });
}

export function inputOrOutput(reader: Reader): StatementKind {
  const kind = reader.is('input') ? 'input' : 'output';
  reader.next();
  if (!isType(reader.kind)) reader.unexpected('a type');
  const of = type(reader);
  return semicolon(reader, { kind, type: of, name: reader.name('a name to declare') });
}

export function register(reader: Reader): StatementKind {
  const kind = reader.is('qreg') ? 'qreg' : 'creg';
  reader.next();
  const name = reader.name('the name of the register');
  return semicolon(reader, { kind, name, size: maybeDesignator(reader) });
}

export function qubit(reader: Reader): StatementKind {
  const { at } = reader;
  reader.next();
  const size = maybeDesignator(reader);
  const of = { kind: 'qubitType', at, end: reader.lastEnd, size } as const;
  return semicolon(reader, {
    kind: 'qubit',
    type: of,
    name: reader.name('the name of the qubits'),
  });
}

export function pragma(reader: Reader): StatementKind {
  const { at } = reader;
  const { content } = reader.restOfLine();
  if (content === '') reader.refuse("Expected something behind 'pragma' in its line", at);
  reader.next();
  return { kind: 'pragma', content };
}

export const withPath =
  (kind: 'include' | 'defcalgrammar') =>
  (reader: Reader): StatementKind => {
    const path = reader.path();
    reader.next();
    return semicolon(reader, { kind, path });
  };

export const withOperands =
  (kind: 'barrier' | 'nop') =>
  (reader: Reader): StatementKind => {
    reader.next();
    return semicolon(reader, { kind, operands: reader.is(';') ? [] : operands(reader) });
  };

export function delay(reader: Reader): StatementKind {
  reader.next();
  const duration = designator(reader);
  const list = reader.is(';') ? [] : operands(reader);
  return semicolon(reader, { kind: 'delay', duration, operands: list });
}

export function reset(reader: Reader): StatementKind {
  reader.next();
  return semicolon(reader, { kind: 'reset', operand: operand(reader) });
}
