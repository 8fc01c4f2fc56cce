import type { Instruction } from '../../circuit.ts';
import type { Span, Statement } from '../syntax.ts';
import type { Context } from './context.ts';
import { Scope } from './scope.ts';

/** A statement as a block with names of its own. */
export function inBlock(context: Context, body: Statement): void {
  const list = body.kind === 'scope' ? body.body : [body];
  context.inScope(new Scope(context.scope), () => context.parts.statements(context, list));
}

/** The body of a loop that is one in the circuit too. */
export const loopBody = (context: Context, at: Span, body: Statement): Instruction[] =>
  context.inLoop('real', () => context.block(at, () => inBlock(context, body)));
