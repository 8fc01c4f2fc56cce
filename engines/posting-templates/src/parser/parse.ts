import { beyond, TemplateError, type Place } from '../error.ts';
import { STATEMENTS_MAX, VARIABLES_MAX } from '../limits.ts';
import type { Declaration, Statement, Template } from '../template.ts';
import { VALUE_TYPES, type ValueType } from '../values.ts';
import { Cursor } from './cursor.ts';
import { readDestination } from './destinations.ts';
import { readExpression, readOrigin, readSent, readTyped } from './expressions.ts';
import { readSource, refuseUnlessWhole } from './sources.ts';

/**
 * Reads a template.
 * @throws TemplateError with line and column, what was expected and what was found; LIMIT_EXCEEDED
 * where the text goes beyond what limits.ts says
 */
export function parseTemplate(text: string): Template {
  const cursor = new Cursor(text);
  const variables = readDeclarations(cursor);
  const statements: Statement[] = [];
  while (cursor.peek().kind !== 'end') {
    if (statements.length === STATEMENTS_MAX)
      beyond(cursor.peek().place, 'statements', STATEMENTS_MAX);
    statements.push(readStatement(cursor));
  }
  return { variables, statements };
}

function readDeclarations(cursor: Cursor): Declaration[] {
  const declarations: Declaration[] = [];
  if (!cursor.accept('vars')) return declarations;
  cursor.expect('{');
  while (!cursor.accept('}')) {
    if (declarations.length === VARIABLES_MAX)
      beyond(cursor.peek().place, 'variables', VARIABLES_MAX);
    declarations.push(readDeclaration(cursor));
  }
  return declarations;
}

const isType = (text: string): text is ValueType => VALUE_TYPES.some((type) => type === text);

function readDeclaration(cursor: Cursor): Declaration {
  const { kind, text: type } = cursor.peek();
  if (kind !== 'word' || !isType(type))
    return cursor.refuse(`a type (${VALUE_TYPES.join(', ')}) or }`);
  cursor.take();
  const variable = cursor.peek();
  if (variable.kind !== 'variable') return cursor.refuse('the name of a variable');
  cursor.take();
  const { place, text: name } = variable;
  if (cursor.types.has(name))
    throw new TemplateError(place, `$${name.slice(0, 40)} is declared twice`);
  const from = cursor.accept('=') ? { from: readOrigin(cursor, type) } : {};
  cursor.types.set(name, type);
  return { name, type, ...from, place };
}

function readStatement(cursor: Cursor): Statement {
  const { place } = cursor.peek();
  if (cursor.accept('send')) return readSend(cursor, place);
  if (cursor.accept('save')) {
    const saved = readSent(cursor);
    cursor.expect('from');
    return { kind: 'save', saved, account: readTyped(cursor, 'account'), place };
  }
  if (cursor.accept('set_tx_meta')) {
    cursor.expect('(');
    return { kind: 'set-transaction-metadata', ...readEntry(cursor), place };
  }
  if (cursor.accept('set_account_meta')) {
    cursor.expect('(');
    const account = readTyped(cursor, 'account');
    cursor.expect(',');
    return { kind: 'set-account-metadata', account, ...readEntry(cursor), place };
  }
  return cursor.refuse('send, save, set_tx_meta or set_account_meta');
}

type Entry = Pick<Statement & { kind: 'set-transaction-metadata' }, 'key' | 'value'>;

function readEntry(cursor: Cursor): Entry {
  const key = readTyped(cursor, 'string');
  cursor.expect(',');
  const value = readExpression(cursor);
  cursor.expect(')');
  return { key, value };
}

function readSend(cursor: Cursor, place: Place): Statement {
  const sent = readSent(cursor);
  cursor.expect('(', 'source', '=');
  const source = readSource(cursor);
  if (sent.kind === 'all') refuseUnlessWhole(source);
  cursor.expect('destination', '=');
  const destination = readDestination(cursor);
  cursor.expect(')');
  return { kind: 'send', sent, source, destination, place };
}
