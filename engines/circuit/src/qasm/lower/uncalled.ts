import { BITS_MAX, QUBITS_MAX } from '../../circuit.ts';
import { CircuitError } from '../../error.ts';
import type { Argument } from '../syntax.ts';
import type { Context } from './context.ts';
import { Scope, type Symbol } from './scope.ts';
import { inlined } from './subroutines.ts';
import { lowerSize, lowerType } from './typeSyntax.ts';
import { declared } from './variables.ts';

type Def = Symbol & { kind: 'def' };

/**
 * Refuses what is wrong in subroutines that nothing calls: their bodies are lowered once with
 * arguments of which nothing is known, and what comes of it is thrown away. What is only not
 * supported, or needs arguments to be known, is left alone. To be called when the circuit is made.
 */
export function checkUncalled(context: Context): void {
  let { made } = context;
  for (const symbol of context.subroutines) {
    if (context.called.has(symbol.definition)) continue;
    const trial = context.fork(made);
    try {
      checkBody(trial, symbol);
    } catch (error) {
      if (!(error instanceof CircuitError) || error.code === 'SEMANTICS') throw error;
      // The room for instructions is used up.
      if (error.code === 'LIMIT') return;
    }
    ({ made } = trial);
  }
}

function checkBody(context: Context, { definition, source }: Def): void {
  context.source = source;
  const scope = new Scope(context.globals, true);
  for (const argument of definition.args)
    scope.set(
      argument.name.name,
      context.inScope(scope, () => unknownArgument(context, argument)),
    );
  inlined(context, definition, source, scope, definition);
}

function unknownArgument(context: Context, { name, type }: Argument): Symbol {
  if (type.kind === 'arrayReferenceType')
    return context.unsupported('An array without sizes cannot be told', type);
  const isOfQubits =
    type.kind === 'qubitType' || (type.kind === 'oldType' && type.keyword === 'qreg');
  if (isOfQubits) {
    const size =
      type.size === undefined ? undefined : lowerSize(context, type.size.of, 'A size', QUBITS_MAX);
    const wires = context.addQubits(name, size ?? 1, name);
    return { kind: 'qubits', wires, isRegister: size !== undefined };
  }
  const own = declared(
    context,
    name,
    type.kind === 'oldType'
      ? {
          kind: 'bits',
          size: type.size === undefined ? 1 : lowerSize(context, type.size.of, 'A size', BITS_MAX),
        }
      : lowerType(context, type),
    name,
  );
  if (own.kind === 'variable') own.known = undefined;
  return own;
}
