import type { Control } from '../../circuit.ts';
import type { Expression } from '../../expression.ts';
import { GATES } from '../../gates.ts';
import { adjoint } from '../../matrix.ts';
import type { Context } from './context.ts';
import type { Step } from './gateMeaning.ts';
import { literal } from './types.ts';

/** The same steps with controls in front of all operands. */
export function withControls(steps: readonly Step[], count: number, value: 0 | 1): Step[] {
  const added = Array.from({ length: count }, (_, qubit): Control => ({ qubit, value }));
  return steps.map((step) => ({
    ...moved(step, (qubit) => qubit + count),
    controls: [
      ...added,
      ...(step.controls ?? []).map((one) => ({ ...one, qubit: one.qubit + count })),
    ],
  }));
}

/** A step on other qubits. */
export function moved<S extends Step>(step: S, to: (qubit: number) => number): S {
  const { controls } = step;
  return {
    ...step,
    qubits: step.qubits.map(to),
    ...(controls === undefined
      ? {}
      : { controls: controls.map((one) => ({ qubit: to(one.qubit), value: one.value })) }),
  };
}

/** What undoes the steps. */
export const inverted = (context: Context, steps: readonly Step[]): Step[] =>
  steps.map((step) => invertedStep(context, step)).toReversed();

function invertedStep<S extends Step>(context: Context, step: S): S;
function invertedStep(context: Context, step: Step): Step {
  if (step.kind === 'unitary') return { ...step, matrix: adjoint(step.matrix) };
  const gate = GATES.get(step.gate);
  if (gate === undefined) return { ...step, gate: inverseOfCustom(context, step.gate) };
  const params = new Map(gate.params.map((name, at) => [name, step.params[at]!]));
  return {
    ...step,
    gate: gate.inverse.gate,
    params: gate.inverse.params.map((param) => substitute(param, params)),
  };
}

/** A gate of the circuit that undoes one which it defines; made once. */
function inverseOfCustom(context: Context, name: string): string {
  const made = context.inverses.get(name);
  if (made !== undefined) return made;
  const gate = context.custom.get(name)!;
  const body = gate.body.map((step) => invertedStep(context, step)).toReversed();
  const inverse = context.addGate({ ...gate, name: `${name}_inv`, body });
  context.inverses.set(name, inverse);
  context.inverses.set(inverse, name);
  return inverse;
}

/** An angle with values in place of its parameters, computed where all of them are known. */
export function substitute(
  expression: Expression,
  params: ReadonlyMap<string, Expression>,
): Expression {
  switch (expression.kind) {
    case 'parameter':
      return params.get(expression.name) ?? expression;
    case 'unary': {
      const of = substitute(expression.of, params);
      const value = numberOf(of);
      return value !== undefined && expression.op === '-' ? literal(-value) : { ...expression, of };
    }
    case 'binary': {
      const left = substitute(expression.left, params);
      const right = substitute(expression.right, params);
      const a = numberOf(left);
      const b = numberOf(right);
      if (a !== undefined && b !== undefined) {
        if (expression.op === '+') return literal(a + b);
        if (expression.op === '-') return literal(a - b);
        if (expression.op === '*') return literal(a * b);
        if (expression.op === '/') return literal(a / b);
      }
      return { ...expression, left, right };
    }
    case 'call':
      return { ...expression, of: expression.of.map((one) => substitute(one, params)) };
    default:
      return expression;
  }
}

const numberOf = (expression: Expression): number | undefined =>
  expression.kind === 'literal' && typeof expression.value === 'number'
    ? expression.value
    : undefined;
