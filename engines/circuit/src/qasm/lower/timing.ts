import type { Designator, Statement } from '../syntax.ts';
import type { Context } from './context.ts';
import { qubitsOf } from './operands.ts';
import { Scope } from './scope.ts';
import { typeText } from './types.ts';

/**
 * `delay` and `box` say when, not what: an ideal circuit comes to the same without. Their operands
 * and durations are checked, and what stands in a box is kept.
 */
export function delay(context: Context, statement: Statement & { kind: 'delay' }): void {
  checkDuration(context, statement.duration);
  for (const operand of statement.operands) qubitsOf(context, operand);
}

export function box(context: Context, statement: Statement & { kind: 'box' }): void {
  if (statement.duration !== undefined) checkDuration(context, statement.duration);
  context.inScope(new Scope(context.scope), () =>
    context.parts.statements(context, statement.scope.body),
  );
}

/** Refuses a duration in brackets that is none. */
export function checkDuration(context: Context, designator: Designator): void {
  const { type } = context.lower(designator.of);
  if (type.kind !== 'duration')
    context.wrong(`A duration was expected, such as 100ns, not ${typeText(type)}`, designator.of);
}
