import { CircuitError } from '../error.ts';
import { evaluateAngle } from '../evaluate.ts';
import type { Expression } from '../expression.ts';

/** The most nodes of an expression that is made by putting expressions into one another. */
export const EXPRESSION_NODES_MAX = 10_000;

export const operandsOf = (expression: Expression): readonly Expression[] => {
  switch (expression.kind) {
    case 'unary':
      return [expression.of];
    case 'binary':
      return [expression.left, expression.right];
    case 'call':
      return expression.of;
    default:
      return [];
  }
};

/** An expression with other expressions in place of those parameters that `given` knows. */
export function substituted(
  expression: Expression,
  given: (name: string) => Expression | undefined,
): Expression {
  switch (expression.kind) {
    case 'parameter':
      return given(expression.name) ?? expression;
    case 'unary':
      return { ...expression, of: substituted(expression.of, given) };
    case 'binary':
      return {
        ...expression,
        left: substituted(expression.left, given),
        right: substituted(expression.right, given),
      };
    case 'call':
      return { ...expression, of: expression.of.map((operand) => substituted(operand, given)) };
    default:
      return expression;
  }
}

/**
 * The same for a gate's param, computed at once where nothing is left open.
 * @throws CircuitError LIMIT where it would grow beyond EXPRESSION_NODES_MAX
 */
export function substitutedAngle(
  expression: Expression,
  given: (name: string) => Expression | undefined,
): Expression {
  if (expression.kind === 'literal') return expression;
  const result = substituted(expression, given);
  return isClosed(result) ? { kind: 'literal', value: evaluateAngle(result) } : result;
}

/** Whether an expression names nothing that is given or known only later. */
function isClosed(expression: Expression): boolean {
  let nodes = 0;
  let closed = true;
  const rest: Expression[] = [expression];
  for (let node = rest.pop(); node !== undefined; node = rest.pop()) {
    nodes += 1;
    if (nodes > EXPRESSION_NODES_MAX)
      throw new CircuitError(
        'LIMIT',
        `An expression that gates put together has at most ${EXPRESSION_NODES_MAX} operands.`,
      );
    const operands = operandsOf(node);
    if (operands.length === 0 && node.kind !== 'literal') closed = false;
    for (const operand of operands) rest.push(operand);
  }
  return closed;
}
