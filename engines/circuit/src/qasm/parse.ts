import type { Circuit } from '../circuit.ts';
import { Context, type QasmLimits } from './lower/context.ts';
import { lower } from './lower/expressions.ts';
import { addBuiltIn } from './lower/standardGates.ts';
import { statements } from './lower/statements.ts';
import { callInExpression, quantumCall } from './lower/subroutines.ts';
import { checkUncalled } from './lower/uncalled.ts';
import { StatementReader } from './parser.ts';

export interface QasmOptions {
  /** Files that `include` may name, by that name. `stdgates.inc` and `qelib1.inc` are built in. */
  readonly includes?: Readonly<Record<string, string>> | ReadonlyMap<string, string>;
  /** The version of a text that does not say it in its first line; 3 unless given. */
  readonly version?: 2 | 3;
  readonly limits?: QasmLimits;
}

/**
 * Reads a text of OpenQASM 2.0, 3.0 or 3.1 as a circuit. Constants are computed, loops with known
 * ends unrolled, subroutines put in the place of their calls; what is left to do while the circuit
 * runs becomes `if`, `while` and assignments.
 * @throws CircuitError with the place: SYNTAX (what was expected, what was found), SEMANTICS,
 * LIMIT, UNSUPPORTED (extern, calibrations, arithmetic of durations, complex numbers)
 */
export function parseQasm(text: string, options: QasmOptions = {}): Circuit {
  const source = { text };
  const reader = new StatementReader(source, options.version);
  const { includes = {} } = options;
  const files = includes instanceof Map ? includes : new Map(Object.entries(includes));
  const context = new Context(source, reader.major, files, options.limits ?? {}, {
    expression: lower,
    call: callInExpression,
    quantumCall,
    statements,
  });
  addBuiltIn(context);
  statements(context, reader);
  const circuit = context.circuit();
  checkUncalled(context);
  return circuit;
}
