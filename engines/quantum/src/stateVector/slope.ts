import { CircuitError, evaluate, type Environment, type Expression } from '@anarq/circuit';

/** Value of a float expression and its derivative by one parameter. */
interface Dual {
  readonly value: number;
  readonly slope: number;
}

/**
 * How fast an angle grows with a parameter of the circuit.
 * @throws CircuitError UNSUPPORTED for operators and functions without a derivative, SEMANTICS as `evaluate`
 */
export const slopeOf = (angle: Expression, parameter: string, environment: Environment): number =>
  dual(angle, parameter, environment).slope;

function dual(one: Expression, parameter: string, environment: Environment): Dual {
  const value = Number(evaluate(one, environment));
  switch (one.kind) {
    case 'literal':
      return { value, slope: 0 };
    case 'parameter':
      return { value, slope: one.name === parameter ? 1 : 0 };
    case 'unary':
      if (one.op !== '-') break;
      return { value, slope: -dual(one.of, parameter, environment).slope };
    case 'binary':
      return { value, slope: ofBinary(one, value, parameter, environment) };
    case 'call': {
      const [first, ...more] = one.of.map((of) => dual(of, parameter, environment));
      if (first === undefined || more.length > 0) break;
      if (first.slope === 0) return { value, slope: 0 };
      const derivative = DERIVATIVES[one.name];
      if (derivative === undefined) break;
      return { value, slope: first.slope * derivative(first.value, value) };
    }
    default:
  }
  throw without(one);
}

function ofBinary(
  one: Expression & { readonly kind: 'binary' },
  value: number,
  parameter: string,
  environment: Environment,
): number {
  const a = dual(one.left, parameter, environment);
  const b = dual(one.right, parameter, environment);
  if (a.slope === 0 && b.slope === 0) return 0;
  switch (one.op) {
    case '+':
      return a.slope + b.slope;
    case '-':
      return a.slope - b.slope;
    case '*':
      return a.slope * b.value + a.value * b.slope;
    case '/':
      return (a.slope - value * b.slope) / b.value;
    case '**':
      if (b.slope === 0) return a.slope * b.value * a.value ** (b.value - 1);
      return value * (b.slope * Math.log(a.value) + (a.slope * b.value) / a.value);
    default:
      throw without(one);
  }
}

/** By the operand and the value of the function. */
const DERIVATIVES: Readonly<Record<string, (of: number, value: number) => number>> = {
  sin: (of) => Math.cos(of),
  cos: (of) => -Math.sin(of),
  tan: (_, value) => 1 + value * value,
  exp: (_, value) => value,
  log: (of) => 1 / of,
  sqrt: (_, value) => 1 / (2 * value),
  arcsin: (of) => 1 / Math.sqrt(1 - of * of),
  arccos: (of) => -1 / Math.sqrt(1 - of * of),
  arctan: (of) => 1 / (1 + of * of),
};

const without = (one: Expression): CircuitError => {
  const what = one.kind === 'call' ? one.name : 'op' in one ? one.op : one.kind;
  return new CircuitError('UNSUPPORTED', `An angle that depends on ${what} has no gradient.`);
};
