import {
  designator,
  expression,
  expressionList,
  hardwareQubit,
  isType,
  maybeDesignator,
  scalarType,
} from './expressions.ts';
import type { Reader } from './reader.ts';
import type {
  Argument,
  ArrayReferenceType,
  Expr,
  HardwareQubit,
  Name,
  OldType,
  QubitType,
  ScalarType,
  StatementKind,
} from './syntax.ts';
import type { TokenKind } from './tokens.ts';

export function gate(reader: Reader): StatementKind {
  reader.next();
  const name = reader.name('the name of the gate');
  let params: readonly Name[] | undefined;
  if (reader.accept('(')) {
    params = reader.is(')') ? [] : names(reader, 'a parameter', ')');
    reader.expect(')');
  }
  const qubits = names(reader, 'a qubit', '{');
  return { kind: 'gate', name, params, qubits, scope: reader.scope(reader) };
}

/** `identifierList` of the grammar. */
export const names = (reader: Reader, what: string, closing: TokenKind): Name[] =>
  reader.list(
    (inner) => inner.name(what),
    (kind) => kind === closing,
  );

export function def(reader: Reader): StatementKind {
  reader.next();
  const name = reader.name('the name of the subroutine');
  const args = inParentheses(reader, argument) ?? reader.unexpected("'('");
  const returns = returnSignature(reader);
  return { kind: 'def', name, args, returns, scope: reader.scope(reader) };
}

export function extern(reader: Reader): StatementKind {
  reader.next();
  const name = reader.name('the name of the function');
  const args = inParentheses(reader, externArgument) ?? reader.unexpected("'('");
  const returns = returnSignature(reader);
  reader.expect(';');
  return { kind: 'extern', name, args, returns };
}

function inParentheses<T>(reader: Reader, item: (reader: Reader) => T): T[] | undefined {
  if (!reader.accept('(')) return undefined;
  const items = reader.is(')') ? [] : reader.list(item, (kind) => kind === ')');
  reader.expect(')');
  return items;
}

const returnSignature = (reader: Reader): ScalarType | undefined =>
  reader.accept('->') ? scalarType(reader) : undefined;

/** `argumentDefinition` of the grammar. */
function argument(reader: Reader): Argument {
  const { at, kind } = reader;
  if (kind === 'creg' || kind === 'qreg') {
    reader.next();
    const name = reader.name('the name of the argument');
    const size = maybeDesignator(reader);
    const end = reader.lastEnd;
    return {
      kind: 'argument',
      at,
      end,
      type: { kind: 'oldType', at, end, keyword: kind, size },
      name,
    };
  }
  const of =
    kind === 'qubit'
      ? qubitType(reader)
      : kind === 'readonly' || kind === 'mutable'
        ? arrayReferenceType(reader)
        : scalarType(reader);
  const name = reader.name('the name of the argument');
  return { kind: 'argument', at, end: reader.lastEnd, type: of, name };
}

function qubitType(reader: Reader): QubitType {
  const { at } = reader;
  reader.next();
  const size = maybeDesignator(reader);
  return { kind: 'qubitType', at, end: reader.lastEnd, size };
}

function externArgument(reader: Reader): ScalarType | ArrayReferenceType | OldType {
  const { at, kind } = reader;
  if (kind === 'readonly' || kind === 'mutable') return arrayReferenceType(reader);
  if (!reader.accept('creg')) return scalarType(reader);
  const size = reader.is('[') ? designator(reader) : undefined;
  return { kind: 'oldType', at, end: reader.lastEnd, keyword: 'creg', size };
}

function arrayReferenceType(reader: Reader): ArrayReferenceType {
  const { at } = reader;
  const access = reader.is('readonly') ? 'readonly' : 'mutable';
  reader.next();
  reader.expect('array');
  reader.expect('[');
  const base = scalarType(reader);
  reader.expect(',');
  let sizes: readonly Expr[] = [];
  let dimensions: Expr | undefined;
  if (reader.accept('#dim')) {
    reader.expect('=');
    dimensions = expression(reader);
  } else sizes = expressionList(reader, ']');
  reader.expect(']');
  return { kind: 'arrayReferenceType', at, end: reader.lastEnd, access, base, sizes, dimensions };
}

export function calStatement(reader: Reader): StatementKind {
  reader.next();
  if (!reader.is('{')) reader.unexpected("'{'");
  return { kind: 'cal', text: block(reader) };
}

/** A block that the grammar of calibrations reads, kept as it is. */
function block(reader: Reader): string {
  const { content } = reader.block();
  reader.next();
  reader.expect('}');
  return content;
}

const TARGETS: readonly TokenKind[] = ['measure', 'reset', 'delay', '<identifier>'];

export function defcal(reader: Reader): StatementKind {
  reader.next();
  if (!TARGETS.includes(reader.kind)) reader.unexpected('what the calibration is of');
  const target = { name: reader.content, at: reader.at, end: reader.end };
  reader.next();
  const args = inParentheses(reader, expressionOrArgument);
  const operands = reader.list(
    (inner): Name | HardwareQubit =>
      inner.is('<hardware qubit>') ? hardwareQubit(inner) : inner.name('a qubit'),
    (kind) => kind === '{' || kind === '->',
  );
  const returns = returnSignature(reader);
  if (!reader.is('{')) reader.unexpected("'{'");
  return { kind: 'defcal', target, args, operands, returns, text: block(reader) };
}

function expressionOrArgument(reader: Reader): Expr | Argument {
  const { kind } = reader;
  const isArgument =
    kind === 'qubit' ||
    kind === 'creg' ||
    kind === 'qreg' ||
    kind === 'readonly' ||
    kind === 'mutable' ||
    isType(kind);
  return isArgument ? argument(reader) : expression(reader);
}
