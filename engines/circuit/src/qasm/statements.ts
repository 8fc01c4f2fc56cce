import { calStatement, def, defcal, extern, gate } from './definitions.ts';
import {
  assigned,
  beginsOperand,
  cast,
  expression,
  expressionList,
  expressionOrRange,
  indexedName,
  isType,
  maybeDesignator,
  measureExpression,
  operators,
  quantumCall,
  scalarType,
  setExpression,
  type,
} from './expressions.ts';
import type { Reader } from './reader.ts';
import {
  alias,
  constant,
  delay,
  gateCall,
  initial,
  inputOrOutput,
  pragma,
  qubit,
  register,
  reset,
  returnStatement,
  semicolon,
  withOperands,
  withPath,
} from './simpleStatements.ts';
import type {
  Annotation,
  ArrayType,
  Expr,
  IndexedName,
  LoopDomain,
  QuantumCall,
  Range,
  ScalarType,
  Scope,
  Statement,
  StatementKind,
  SwitchCase,
} from './syntax.ts';
import type { TokenKind } from './tokens.ts';

/** `scope` of the grammar. */
export function scope(reader: Reader): Scope {
  const { at } = reader;
  reader.expect('{');
  const body: Statement[] = [];
  while (!reader.is('}')) {
    if (reader.is('<end>')) reader.unexpected("'}'");
    body.push(reader.nested(statementOrScope));
  }
  reader.next();
  return { kind: 'scope', at, end: reader.lastEnd, body };
}

/** `statementOrScope` of the grammar. */
export function statementOrScope(reader: Reader): Statement {
  if (reader.is('{')) return scope(reader);
  const { at } = reader;
  if (!reader.is('@')) {
    const read = statement(reader);
    return { ...read, at, end: reader.lastEnd };
  }
  const annotations: Annotation[] = [];
  while (reader.is('@')) annotations.push(annotation(reader));
  if (reader.is('{') || reader.is('pragma') || reader.is('#pragma') || reader.is('<end>'))
    reader.unexpected('a statement behind the annotation');
  const read = statement(reader);
  return { ...read, at, end: reader.lastEnd, annotations };
}

/** `@` with a name of parts directly behind it, and the rest of the line. */
function annotation(reader: Reader): Annotation {
  const { at } = reader;
  const { content, end } = reader.restOfLine();
  const [keyword] =
    /^[\p{L}\p{Nl}_][\p{L}\p{Nl}\w]*(\.[\p{L}\p{Nl}_][\p{L}\p{Nl}\w]*)*/u.exec(content) ?? [];
  if (keyword === undefined) reader.refuse("Expected a name behind '@'", at);
  const rest = content.slice(keyword.length).replace(/^[ \t]+/, '');
  reader.next();
  return { at, end, keyword, content: rest === '' ? undefined : rest };
}

const JUMPS: readonly TokenKind[] = ['break', 'continue', 'end'];

function statement(reader: Reader): StatementKind {
  const { kind } = reader;
  if (kind === '<identifier>') return beginsWithExpression(reader);
  if (isType(kind)) return beginsWithType(reader);
  if (JUMPS.includes(kind)) {
    reader.next();
    reader.expect(';');
    return { kind: kind as 'break' | 'continue' | 'end' };
  }
  const read = STATEMENTS.get(kind);
  if (read !== undefined) return read(reader);
  if (kind === '<end>') reader.unexpected('a statement');
  return beginsWithExpression(reader);
}

/** A call of a gate or subroutine, an assignment, or an expression. */
function beginsWithExpression(reader: Reader): StatementKind {
  return afterExpression(reader, expression(reader));
}

function afterExpression(reader: Reader, first: Expr): StatementKind {
  const { kind } = reader;
  if (kind === '=' || isCompoundAssignment(kind)) {
    const target = asIndexedName(reader, first);
    const op = reader.content;
    reader.next();
    return semicolon(reader, { kind: 'assign', target, op, value: assigned(reader) });
  }
  if (!beginsOperand(kind)) return semicolon(reader, { kind: 'expression', of: first });
  if (first.kind === 'index') return gateCallWithDuration(reader, first);
  const call = quantumCall(reader, first);
  if (reader.is('->')) return arrow(reader, call);
  return semicolon(reader, asGateCall(call));
}

const asGateCall = (call: QuantumCall): StatementKind => ({
  kind: 'gateCall',
  modifiers: [],
  callee: call.callee,
  args: call.args,
  duration: undefined,
  operands: call.operands,
});

/** `rx(0.5)[20ns] q`: its duration was read as an index. */
function gateCallWithDuration(reader: Reader, first: Expr & { kind: 'index' }): StatementKind {
  const [duration, second] = first.index.list;
  const isDuration = duration !== undefined && second === undefined && duration.kind !== 'range';
  const isCall = first.of.kind === 'name' || first.of.kind === 'call';
  if (!isDuration || !isCall) reader.unexpected("';'");
  return semicolon(reader, {
    ...asGateCall(quantumCall(reader, first.of)),
    duration: { at: first.index.at, end: first.index.end, of: duration },
  } as StatementKind);
}

const isCompoundAssignment = (kind: TokenKind): boolean =>
  kind.length >= 2 && kind.endsWith('=') && !['==', '!=', '<=', '>='].includes(kind);

/** What was read as an expression, as the target of an assignment. */
function asIndexedName(reader: Reader, target: Expr): IndexedName {
  const indices = [];
  let of = target;
  while (of.kind === 'index') {
    indices.push(of.index);
    of = of.of;
  }
  if (of.kind !== 'name') reader.unexpected("';'");
  return {
    kind: 'indexed',
    at: target.at,
    end: target.end,
    name: of.name,
    indices: indices.toReversed(),
  };
}

function beginsWithType(reader: Reader): StatementKind {
  const of = type(reader);
  if (!reader.is('(')) return declaration(reader, of);
  // A cast, whose value nobody uses.
  return afterExpression(reader, operators(reader, cast(reader, of)));
}

function declaration(reader: Reader, of: ScalarType | ArrayType): StatementKind {
  const name = reader.name('a name to declare');
  const value = reader.accept('=') ? initial(reader) : undefined;
  return semicolon(reader, { kind: 'declare', type: of, name, value });
}

function arrow(
  reader: Reader,
  value: QuantumCall | ReturnType<typeof measureExpression>,
): StatementKind {
  const target = reader.accept('->') ? indexedName(reader, 'a bit') : undefined;
  return semicolon(reader, { kind: 'measureArrow', value, target });
}

function forStatement(reader: Reader): StatementKind {
  reader.next();
  const of = scalarType(reader);
  const variable = reader.name('the variable of the loop');
  reader.expect('in');
  const domain = loopDomain(reader);
  return { kind: 'for', type: of, variable, domain, body: reader.nested(statementOrScope) };
}

function loopDomain(reader: Reader): LoopDomain {
  if (reader.is('{')) return setExpression(reader);
  if (!reader.is('[')) return expression(reader);
  reader.next();
  const range: Range | Expr = expressionOrRange(reader);
  if (range.kind !== 'range') reader.unexpected("':'");
  reader.expect(']');
  return range;
}

function ifStatement(reader: Reader): StatementKind {
  reader.next();
  const condition = inParentheses(reader);
  const then = reader.nested(statementOrScope);
  const otherwise = reader.accept('else') ? reader.nested(statementOrScope) : undefined;
  return { kind: 'if', condition, then, else: otherwise };
}

function inParentheses(reader: Reader): Expr {
  reader.expect('(');
  const of = expression(reader);
  reader.expect(')');
  return of;
}

function whileStatement(reader: Reader): StatementKind {
  reader.next();
  const condition = inParentheses(reader);
  return { kind: 'while', condition, body: reader.nested(statementOrScope) };
}

function switchStatement(reader: Reader): StatementKind {
  reader.next();
  const of = inParentheses(reader);
  reader.expect('{');
  const cases: SwitchCase[] = [];
  while (!reader.is('}')) {
    const { at } = reader;
    let labels: Expr[] | undefined;
    if (!reader.accept('default')) {
      reader.expect('case');
      labels = expressionList(reader, '{');
    }
    const body = reader.nested(scope);
    cases.push({ at, end: reader.lastEnd, labels, scope: body });
  }
  reader.next();
  return { kind: 'switch', of, cases };
}

function box(reader: Reader): StatementKind {
  reader.next();
  const duration = maybeDesignator(reader);
  return { kind: 'box', duration, scope: reader.nested(scope) };
}

const STATEMENTS: ReadonlyMap<TokenKind, (reader: Reader) => StatementKind> = new Map<
  TokenKind,
  (reader: Reader) => StatementKind
>([
  ['pragma', pragma],
  ['#pragma', pragma],
  ['include', withPath('include')],
  ['defcalgrammar', withPath('defcalgrammar')],
  ['for', forStatement],
  ['if', ifStatement],
  ['while', whileStatement],
  ['switch', switchStatement],
  ['return', returnStatement],
  ['barrier', withOperands('barrier')],
  ['nop', withOperands('nop')],
  ['box', box],
  ['delay', delay],
  ['measure', (reader) => arrow(reader, measureExpression(reader))],
  ['reset', reset],
  ['let', alias],
  ['const', constant],
  ['input', inputOrOutput],
  ['output', inputOrOutput],
  ['creg', register],
  ['qreg', register],
  ['qubit', qubit],
  ['gphase', gateCall],
  ['inv', gateCall],
  ['pow', gateCall],
  ['ctrl', gateCall],
  ['negctrl', gateCall],
  ['def', def],
  ['extern', extern],
  ['gate', gate],
  ['cal', calStatement],
  ['defcal', defcal],
]);
