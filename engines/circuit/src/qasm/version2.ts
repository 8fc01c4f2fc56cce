import { names } from './definitions.ts';
import {
  expression,
  expressionsInParentheses,
  indexedName,
  maybeDesignator,
  measureExpression,
  operands,
} from './expressions.ts';
import type { Reader } from './reader.ts';
import type { Expr, Name, Scope, Statement, StatementKind } from './syntax.ts';

/** A statement of OpenQASM 2 (arXiv:1707.03429, appendix A). */
export function statement2(reader: Reader): Statement {
  const { at } = reader;
  const read = read2(reader);
  return { ...read, at, end: reader.lastEnd };
}

function read2(reader: Reader): StatementKind {
  switch (reader.kind) {
    case 'include': {
      const path = reader.path();
      reader.next();
      reader.expect(';');
      return { kind: 'include', path };
    }
    case 'qreg':
    case 'creg': {
      const { kind } = reader;
      reader.next();
      const name = small(reader, reader.name('the name of the register'));
      const size = maybeDesignator(reader) ?? reader.unexpected("'['");
      reader.expect(';');
      return { kind, name, size };
    }
    case 'gate':
      return gate2(reader);
    case 'opaque': {
      const { name, params, qubits } = signature(reader);
      reader.expect(';');
      return { kind: 'opaque', name, params: params ?? [], qubits };
    }
    case 'if':
      return if2(reader);
    default:
      return operation(reader);
  }
}

function signature(reader: Reader): {
  name: Name;
  params: readonly Name[] | undefined;
  qubits: readonly Name[];
} {
  reader.next();
  const name = small(reader, reader.name('the name of the gate'));
  const smallNames = (what: string, closing: '{' | ')'): readonly Name[] =>
    names(reader, what, closing).map((one) => small(reader, one));
  let params: readonly Name[] | undefined;
  if (reader.accept('(')) {
    params = reader.is(')') ? [] : smallNames('a parameter', ')');
    reader.expect(')');
  }
  return { name, params, qubits: smallNames('a qubit', '{') };
}

/** A name that is declared: `id` of the grammar, which has no other letters, and `pi` is a number. */
function small(reader: Reader, name: Name): Name {
  if (!/^[a-z][A-Za-z0-9_]*$/.test(name.name) || name.name === 'pi')
    reader.refuse(
      `A name in OpenQASM 2 begins with one of a to z, and is not pi: '${name.name.slice(0, NAME_SHOWN_MAX)}' is none`,
      name.at,
    );
  return name;
}

const NAME_SHOWN_MAX = 30;

function gate2(reader: Reader): StatementKind {
  const { name, params, qubits } = signature(reader);
  const { at } = reader;
  reader.expect('{');
  const body: Statement[] = [];
  while (!reader.is('}')) {
    const start = reader.at;
    const read = reader.is('barrier') ? barrier(reader) : call(reader);
    body.push({ ...read, at: start, end: reader.lastEnd });
  }
  reader.next();
  const scope: Scope = { kind: 'scope', at, end: reader.lastEnd, body };
  return { kind: 'gate', name, params, qubits, scope };
}

/** `if (register == number) operation` */
function if2(reader: Reader): StatementKind {
  reader.next();
  reader.expect('(');
  const { at } = reader;
  const { name, end } = reader.name('a register of bits');
  const left: Expr = { kind: 'name', at, end, name };
  const opAt = reader.at;
  reader.expect('==');
  if (!reader.is('<integer>')) reader.unexpected('a whole number');
  const right = expression(reader);
  reader.expect(')');
  const start = reader.at;
  const then = operation(reader);
  return {
    kind: 'if',
    condition: { kind: 'binary', at, end: right.end, op: '==', opAt, left, right },
    then: { ...then, at: start, end: reader.lastEnd },
    else: undefined,
  };
}

function operation(reader: Reader): StatementKind {
  switch (reader.kind) {
    case 'measure': {
      const value = measureExpression(reader);
      reader.expect('->');
      const target = indexedName(reader, 'a bit');
      reader.expect(';');
      return { kind: 'measureArrow', value, target };
    }
    case 'reset': {
      reader.next();
      const operand = indexedName(reader, 'a qubit');
      reader.expect(';');
      return { kind: 'reset', operand };
    }
    case 'barrier':
      return barrier(reader);
    case '<identifier>':
      return call(reader);
    default:
      return reader.unexpected('a statement');
  }
}

function barrier(reader: Reader): StatementKind {
  reader.next();
  const list = reader.is(';') ? [] : operands(reader);
  reader.expect(';');
  return { kind: 'barrier', operands: list };
}

function call(reader: Reader): StatementKind {
  const callee = reader.name('a gate');
  const args = reader.is('(') ? expressionsInParentheses(reader) : undefined;
  const list = operands(reader);
  reader.expect(';');
  return { kind: 'gateCall', modifiers: [], callee, args, duration: undefined, operands: list };
}
