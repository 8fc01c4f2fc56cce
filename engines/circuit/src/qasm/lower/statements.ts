import type { Statement } from '../syntax.ts';
import { assign, assignment } from './assignments.ts';
import type { Context } from './context.ts';
import { ifElse, jump, switchCase, whileLoop } from './control.ts';
import { alias, oldRegister, qubits } from './declarations.ts';
import { gateCall } from './gateCalls.ts';
import { gateDefinition, opaque } from './gateDefinitions.ts';
import { include } from './include.ts';
import { input, output } from './inputs.ts';
import { forLoop } from './loops.ts';
import { barrier, measureTo, reset } from './measure.ts';
import { Scope } from './scope.ts';
import { call, quantumCall, returnStatement, subroutine } from './subroutines.ts';
import { box, delay } from './timing.ts';
import { constantDeclaration, declaration } from './variables.ts';

/** What the body of a gate may consist of. */
const IN_GATES: ReadonlySet<Statement['kind']> = new Set([
  ...(['gateCall', 'barrier', 'for', 'scope', 'nop', 'delay', 'box', 'pragma'] as const),
  ...(['if', 'switch', 'const', 'alias'] as const),
]);

export function statements(context: Context, body: Iterable<Statement>): void {
  for (const statement of body) {
    lowerStatement(context, statement);
    // What follows a return is not reached.
    if (context.calls.at(-1)?.isOver === true) return;
  }
}

function lowerStatement(context: Context, statement: Statement): void {
  if (context.gateBody && !IN_GATES.has(statement.kind))
    context.wrong('The body of a gate is made of gates', statement);
  switch (statement.kind) {
    case 'gateCall':
      return callOrGate(context, statement);
    case 'measureArrow':
      return measureArrow(context, statement);
    case 'reset':
      return reset(context, statement.operand, statement);
    case 'barrier':
      return barrier(context, statement.operands, statement);
    case 'if':
      return ifElse(context, statement);
    case 'while':
      return whileLoop(context, statement);
    case 'for':
      return forLoop(context, statement);
    case 'switch':
      return switchCase(context, statement);
    case 'break':
    case 'continue':
    case 'end':
      return jump(context, statement);
    case 'assign':
      return assignment(context, statement);
    case 'expression':
      return expressionStatement(context, statement);
    case 'return':
      return returnStatement(context, statement);
    case 'scope':
      return context.inScope(new Scope(context.scope), () => statements(context, statement.body));
    case 'delay':
      return delay(context, statement);
    case 'box':
      return box(context, statement);
    default:
      return declare(context, statement);
  }
}

function declare(context: Context, statement: Statement): void {
  switch (statement.kind) {
    case 'qreg':
    case 'creg':
      return oldRegister(context, statement);
    case 'qubit':
      return qubits(context, statement);
    case 'declare':
      return declaration(context, statement);
    case 'const':
      return constantDeclaration(context, statement);
    case 'input':
      return input(context, statement);
    case 'output':
      return output(context, statement);
    case 'alias':
      return alias(context, statement);
    case 'gate':
      return gateDefinition(context, statement);
    case 'opaque':
      return opaque(context, statement);
    case 'def':
      return subroutine(context, statement);
    case 'extern':
      return context.declare(statement.name, { kind: 'extern' });
    case 'include':
      return include(context, statement);
    case 'pragma':
    case 'nop':
    case 'defcalgrammar':
      return undefined;
    case 'cal':
    case 'defcal':
      return context.unsupported('Calibrations of pulses are not supported', statement);
    default:
      return context.unsupported(`'${statement.kind}' is not supported`, statement);
  }
}

/** `f q;` calls a gate, or a subroutine. */
function callOrGate(context: Context, statement: Statement & { kind: 'gateCall' }): void {
  const { name } = statement.callee;
  const symbol = context.gates.has(name) ? undefined : context.scope.find(name);
  if (symbol?.kind !== 'def' && symbol?.kind !== 'extern') return gateCall(context, statement);
  if (statement.modifiers.length > 0)
    context.wrong('Modifiers are put on gates, not on subroutines', statement);
  call(context, name, [...(statement.args ?? []), ...statement.operands], statement);
}

function measureArrow(context: Context, statement: Statement & { kind: 'measureArrow' }): void {
  const { value, target } = statement;
  if (value.kind === 'measure') return measureTo(context, value, target, statement);
  const of = quantumCall(context, value);
  if (target !== undefined) assign(context, target, of, statement);
}

/** Only a call does anything; the value of everything else is not used. */
function expressionStatement(
  context: Context,
  statement: Statement & { kind: 'expression' },
): void {
  const { of } = statement;
  if (of.kind === 'call' && context.scope.find(of.callee.name) !== undefined)
    call(context, of.callee.name, of.args, of);
  else context.lower(of);
}
