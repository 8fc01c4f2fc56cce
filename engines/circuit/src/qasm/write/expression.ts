import { CircuitError } from '../../error.ts';
import { EXPRESSION_DEPTH_MAX } from '../../evaluate.ts';
import type { BinaryOperator, Expression, Value } from '../../expression.ts';
import { numberText } from './number.ts';

/** How the names of an expression are written. */
export interface Namings {
  readonly parameter: (name: string) => string;
  readonly variable: (variable: number) => string;
  readonly bit: (bit: number) => string;
  readonly bits: (start: number, size: number) => string;
  /** Whether a variable is a fraction of a turn. */
  readonly isAngle: (variable: number) => boolean;
}

/** How tight an operator binds; a sign binds with 11 (see expressions.ts of the parser). */
const BINDING: Readonly<Record<BinaryOperator, number>> = {
  '**': 12,
  '*': 10,
  '/': 10,
  '%': 10,
  '+': 9,
  '-': 9,
  '<<': 8,
  '>>': 8,
  '<': 7,
  '<=': 7,
  '>': 7,
  '>=': 7,
  '==': 6,
  '!=': 6,
  '&': 5,
  '^': 4,
  '|': 3,
  '&&': 2,
  '||': 1,
};
const UNARY = 11;
/** How deep the reader nests (SYNTAX_DEPTH_MAX), with room for parentheses. */
const DEPTH_MAX = Math.min(EXPRESSION_DEPTH_MAX, 120);

/**
 * An expression as a text of OpenQASM 3; operands are in parentheses only where they bind less.
 * @throws CircuitError UNSUPPORTED for what has no text, LIMIT where it nests too deep to be read back
 */
export function expressionText(
  expression: Expression,
  names: Namings,
  binding = 0,
  depth = 0,
): string {
  if (depth > DEPTH_MAX)
    throw new CircuitError('LIMIT', `An expression is written to a depth of ${DEPTH_MAX}`);
  switch (expression.kind) {
    case 'literal':
      return literalText(expression.value, binding);
    case 'parameter':
      return names.parameter(expression.name);
    case 'variable':
      return names.variable(expression.variable);
    case 'bit':
      return names.bit(expression.bit);
    case 'bits':
      return names.bits(expression.start, expression.size);
    case 'unary': {
      const text = `${expression.op}${expressionText(expression.of, names, UNARY, depth + 1)}`;
      return binding >= UNARY ? `(${text})` : text;
    }
    case 'binary': {
      const own = BINDING[expression.op];
      const isPower = expression.op === '**';
      const left = expressionText(expression.left, names, isPower ? own : own - 1, depth + 1);
      const right = expressionText(expression.right, names, isPower ? own - 1 : own, depth + 1);
      const text = `${left} ${expression.op} ${right}`;
      return own <= binding ? `(${text})` : text;
    }
    case 'call':
      return callText(expression, names, depth);
    case 'record':
      throw new CircuitError(
        'UNSUPPORTED',
        'OpenQASM has no name for a result of the measurement record that went to no bit',
      );
  }
}

function literalText(value: Value, binding: number): string {
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new CircuitError('UNSUPPORTED', `OpenQASM cannot write ${value}`);
  const text = typeof value === 'bigint' ? String(value) : numberText(value);
  const isPlain = /^[\w.]+$/.test(text);
  return isPlain || binding === 0 ? text : `(${text})`;
}

function callText(
  { name, of }: Expression & { kind: 'call' },
  names: Namings,
  depth: number,
): string {
  const args = of.map((one) => expressionText(one, names, 0, depth + 1));
  switch (name) {
    case 'uint':
      // The bits of an angle are bits in OpenQASM, and no number.
      return `${isAngle(of[0], names) ? 'bit' : name}[${args[1] ?? '64'}](${args[0]})`;
    case 'int':
    case 'angle':
      return `${name}[${args[1] ?? '64'}](${args[0]})`;
    case 'float':
      return `float[64](${args[0]})`;
    default:
      return `${name}(${args.join(', ')})`;
  }
}

/** Whether an expression is a fraction of a turn. */
function isAngle(of: Expression | undefined, names: Namings): boolean {
  switch (of?.kind) {
    case 'variable':
      return names.isAngle(of.variable);
    case 'call':
      return of.name === 'angle';
    case 'unary':
      return of.op !== '!' && isAngle(of.of, names);
    case 'binary': {
      const left = isAngle(of.left, names);
      if (of.op === '<<' || of.op === '>>') return left;
      const right = isAngle(of.right, names);
      return BINDING[of.op] > BINDING['<']
        ? left !== right || (left && of.op !== '/')
        : left && right && ['&', '|', '^'].includes(of.op);
    }
    default:
      return false;
  }
}
