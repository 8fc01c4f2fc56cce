import { binary, unary } from './evaluate/operators.ts';
import { call } from './evaluate/functions.ts';
import {
  castTo,
  CLASSICAL_BITS_MAX,
  radiansOf,
  refuse,
  tooWide,
  truth,
  type Typed,
} from './evaluate/values.ts';
import type { ClassicalType, Variable } from './circuit.ts';
import { CircuitError } from './error.ts';
import type { Expression, Value } from './expression.ts';

export { CLASSICAL_BITS_MAX } from './evaluate/values.ts';

/** What expressions may look at. What is absent is an error where an expression asks for it. */
export interface Environment {
  readonly parameter?: (name: string) => Value | undefined;
  readonly bit?: (bit: number) => boolean;
  /** The variables of the circuit, for their types. */
  readonly variables?: readonly Variable[];
  readonly variable?: (index: number) => Value;
  /** A result counted back from the end of the record, -1 the last; `undefined` before the first. */
  readonly record?: (offset: number) => boolean | undefined;
}

/** Operands within operands; beyond, an expression is refused before the stack ends. */
export const EXPRESSION_DEPTH_MAX = 1_000;

/**
 * The value of an expression by the rules of OpenQASM 3.1: `int` and `uint` of w bits wrap, division
 * of integers truncates, shifts beyond the width give 0, `angle` is a fraction of a turn. Literals
 * and parameters that are integers are exact, to CLASSICAL_BITS_MAX bits.
 * @throws CircuitError SEMANTICS where it has no value (division by zero, an unknown name), LIMIT
 * where it is nested too deep or an integer becomes too long
 */
export const evaluate = (expression: Expression, environment: Environment = {}): Value =>
  typed(expression, environment, 0).value;

/** The value as one of a type, as an assignment makes it: wrapped to its width, truncated, scaled. */
export const evaluateAs = (
  expression: Expression,
  type: ClassicalType,
  environment: Environment = {},
): Value => castTo(typed(expression, environment, 0), type).value;

/** The value of a condition: everything but zero holds. */
export const evaluateCondition = (expression: Expression, environment: Environment = {}): boolean =>
  truth(typed(expression, environment, 0));

/**
 * The value of a gate's param: an angle in radians.
 * @throws CircuitError besides what `evaluate` throws, SEMANTICS where it is no finite number
 */
export function evaluateAngle(expression: Expression, environment: Environment = {}): number {
  if (expression.kind === 'literal' && typeof expression.value === 'number')
    return finite(expression.value);
  return finite(radiansOf(typed(expression, environment, 0)));
}

function finite(value: number): number {
  if (Number.isFinite(value)) return value;
  throw new CircuitError('SEMANTICS', `An angle is a finite number, not ${value}.`);
}

const EXACT = { kind: 'exact' } as const;
const BOOL = { kind: 'bool' } as const;
const FLOAT = { kind: 'float' } as const;

const ofValue = (value: Value): Typed =>
  typeof value === 'boolean'
    ? { type: BOOL, value }
    : typeof value === 'bigint'
      ? { type: EXACT, value }
      : { type: FLOAT, value };

function typed(expression: Expression, environment: Environment, depth: number): Typed {
  if (depth > EXPRESSION_DEPTH_MAX)
    throw new CircuitError(
      'LIMIT',
      `An expression is at most ${EXPRESSION_DEPTH_MAX} operands deep.`,
    );
  switch (expression.kind) {
    case 'literal':
      return ofValue(expression.value);
    case 'unary':
      return unary(expression.op, typed(expression.of, environment, depth + 1));
    case 'binary':
      return binary(
        expression.op,
        typed(expression.left, environment, depth + 1),
        typed(expression.right, environment, depth + 1),
      );
    case 'call':
      return call(
        expression.name,
        expression.of.map((operand) => typed(operand, environment, depth + 1)),
      );
    case 'bit':
      return { type: BOOL, value: known(environment.bit, 'Bits')(expression.bit) };
    case 'bits':
      return bitsFrom(known(environment.bit, 'Bits'), expression.start, expression.size);
    case 'variable':
      return variableFrom(environment, expression.variable);
    case 'record': {
      const value = known(environment.record, 'Results')(expression.offset);
      return value === undefined
        ? refuse(`There is no result ${expression.offset} yet.`)
        : { type: BOOL, value };
    }
    case 'parameter': {
      const value = environment.parameter?.(expression.name);
      return value === undefined
        ? refuse(`The parameter ${JSON.stringify(expression.name.slice(0, 40))} has no value.`)
        : ofValue(value);
    }
  }
}

function known<F>(read: F | undefined, what: string): F {
  return read ?? refuse(`${what} are not known before the circuit runs.`);
}

function bitsFrom(bit: (bit: number) => boolean, start: number, size: number): Typed {
  if (size > CLASSICAL_BITS_MAX) return tooWide(size);
  let digits = '';
  for (let k = start + size - 1; k >= start; k -= 1) digits += bit(k) ? '1' : '0';
  return { type: { kind: 'uint', width: size }, value: BigInt(`0b${digits || '0'}`) };
}

function variableFrom(environment: Environment, index: number): Typed {
  const variable = environment.variables?.[index];
  if (variable === undefined || environment.variable === undefined)
    return refuse('Variables are not known before the circuit runs.');
  return { type: variable.type, value: environment.variable(index) };
}
