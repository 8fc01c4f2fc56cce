import type { ClassicalType } from '../circuit.ts';
import type { BinaryOperator, UnaryOperator } from '../expression.ts';
import {
  bitLength,
  castTo,
  CLASSICAL_BITS_MAX,
  integerOf,
  isInteger,
  radiansOf,
  refuse,
  tooWide,
  truth,
  wrapped,
  type Typed,
  type ValueType,
} from './values.ts';

const EXACT = { kind: 'exact' } as const;
const bool = (value: boolean): Typed => ({ type: { kind: 'bool' }, value });
const float = (value: number): Typed => ({ type: { kind: 'float' }, value });

/** The bool of an operand of arithmetic is the integer 0 or 1. */
const counted = (typed: Typed): Typed =>
  typed.type.kind === 'bool' ? { type: EXACT, value: integerOf(typed) } : typed;

export function unary(op: UnaryOperator, of: Typed): Typed {
  if (op === '!') return bool(!truth(of));
  if (op === '-') {
    if (of.type.kind === 'float') return float(-Number(of.value));
    return wrapped(-integerOf(of), counted(of).type);
  }
  if (of.type.kind === 'bool') return bool(!truth(of));
  if (of.type.kind === 'float') return refuse('A float has no bits to turn over with ~.');
  return wrapped(~integerOf(of), of.type);
}

export function binary(op: BinaryOperator, left: Typed, right: Typed): Typed {
  switch (op) {
    case '&&':
      return bool(truth(left) && truth(right));
    case '||':
      return bool(truth(left) || truth(right));
    case '==':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return bool(compare(op, left, right));
    case '&':
    case '|':
    case '^':
      return bitwise(op, left, right);
    case '<<':
    case '>>':
      return shifted(op, counted(left), right);
    default:
      return arithmetic(op, counted(left), counted(right));
  }
}

/** Two angles with the bits of the wider one; otherwise an angle is compared by its radians. */
function comparable(left: Typed, right: Typed): readonly [number | bigint, number | bigint] {
  if (left.type.kind === 'angle' && right.type.kind === 'angle') {
    const type = { kind: 'angle', width: Math.max(left.type.width, right.type.width) } as const;
    return [integerOf(castTo(left, type)), integerOf(castTo(right, type))];
  }
  const plain = (typed: Typed, other: Typed): number | bigint =>
    typed.type.kind === 'float' || (typed.type.kind === 'angle' && other.type.kind === 'float')
      ? radiansOf(typed)
      : integerOf(typed);
  return [plain(left, right), plain(right, left)];
}

/** By value: a bigint is no number to `===`. */
function equal(a: number | bigint, b: number | bigint): boolean {
  if (typeof a === typeof b) return a === b;
  const number = Number(typeof a === 'number' ? a : b);
  return Number.isInteger(number) && BigInt(number) === (typeof a === 'bigint' ? a : b);
}

function compare(op: '==' | '!=' | '<' | '<=' | '>' | '>=', left: Typed, right: Typed): boolean {
  const [a, b] = comparable(left, right);
  switch (op) {
    case '==':
      return equal(a, b);
    case '!=':
      return !equal(a, b);
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
  }
}

/** The type that two integers are computed in: exact ones adapt, unsigned wins, the wider width counts. */
function common(left: ValueType, right: ValueType): ValueType {
  if (left.kind === 'exact') return right;
  if (right.kind === 'exact') return left;
  const [a, b] = [left, right] as readonly Extract<ClassicalType, { width: number }>[];
  const width = Math.max(a!.width, b!.width);
  if (a!.kind === 'angle' || b!.kind === 'angle') return { kind: 'angle', width };
  return { kind: a!.kind === 'uint' || b!.kind === 'uint' ? 'uint' : 'int', width };
}

function bitwise(op: '&' | '|' | '^', left: Typed, right: Typed): Typed {
  if (left.type.kind === 'float' || right.type.kind === 'float')
    return refuse(`A float has no bits for ${op}.`);
  const [a, b] = [integerOf(left), integerOf(right)];
  const value = op === '&' ? a & b : op === '|' ? a | b : a ^ b;
  if (left.type.kind === 'bool' && right.type.kind === 'bool') return bool(value === 1n);
  return wrapped(value, common(counted(left).type, counted(right).type));
}

function shifted(op: '<<' | '>>', left: Typed, right: Typed): Typed {
  if (left.type.kind === 'float') return refuse(`A float has no bits for ${op}.`);
  const by = integerOf(right);
  if (by < 0n || right.type.kind === 'float')
    return refuse(`A shift is by an integer of at least 0, not ${right.value}.`);
  const value = integerOf(left);
  const width = left.type.kind === 'exact' ? CLASSICAL_BITS_MAX : widthOf(left.type);
  if (op === '>>') return wrapped(value >> (by > BigInt(width) ? BigInt(width) : by), left.type);
  if (left.type.kind === 'exact') {
    if (value === 0n) return left;
    if (by > BigInt(CLASSICAL_BITS_MAX)) return tooWide(bitLength(value) + Number(by));
    return wrapped(value << by, left.type);
  }
  return wrapped(by >= BigInt(width) ? 0n : value << by, left.type);
}

const widthOf = (type: ValueType): number => ('width' in type ? type.width : CLASSICAL_BITS_MAX);

type Arithmetic = '+' | '-' | '*' | '/' | '%' | '**';

function arithmetic(op: Arithmetic, left: Typed, right: Typed): Typed {
  if (left.type.kind === 'angle' || right.type.kind === 'angle') return withAngle(op, left, right);
  if (isInteger(left) && isInteger(right)) return integers(op, left, right);
  const [a, b] = [Number(left.value), Number(right.value)];
  return float(floats(op, a, b));
}

function floats(op: Arithmetic, a: number, b: number): number {
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return a % b;
    case '**':
      return a ** b;
  }
}

function integers(op: Arithmetic, left: Typed, right: Typed): Typed {
  const type = common(left.type, right.type);
  if (widthOf(type) > CLASSICAL_BITS_MAX) return tooWide(widthOf(type));
  const a = integerOf(wrapped(integerOf(left), type));
  const b = integerOf(wrapped(integerOf(right), type));
  switch (op) {
    case '+':
      return wrapped(a + b, type);
    case '-':
      return wrapped(a - b, type);
    case '*':
      return wrapped(a * b, type);
    case '/':
      return b === 0n ? refuse('Division by zero.') : wrapped(a / b, type);
    case '%':
      return b === 0n ? refuse('Division by zero.') : wrapped(a % b, type);
    case '**':
      return power(a, integerOf(right), type);
  }
}

/** By squaring, so that a width keeps every step short and an exact result is refused before it is long. */
function power(base: bigint, exponent: bigint, type: ValueType): Typed {
  if (exponent < 0n) return float(Number(base) ** Number(exponent));
  if (exponent >= 1n << 64n) return refuse(`An exponent is below 2^64, not ${exponent}.`);
  if (type.kind === 'exact' && base * base > 1n) {
    const bits = BigInt(bitLength(base) - 1) * exponent;
    if (bits > BigInt(CLASSICAL_BITS_MAX)) return tooWide(Number(bits));
  }
  let result = wrapped(1n, type);
  let square = wrapped(base, type);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = wrapped(integerOf(result) * integerOf(square), type);
    if (rest > 1n) square = wrapped(integerOf(square) * integerOf(square), type);
  }
  return result;
}

/** An angle with an angle, or scaled by an integer (OpenQASM 3.1, "Classical value operations"). */
function withAngle(op: Arithmetic, left: Typed, right: Typed): Typed {
  const type = {
    kind: 'angle',
    width: Math.max(
      left.type.kind === 'angle' ? left.type.width : 0,
      right.type.kind === 'angle' ? right.type.width : 0,
    ),
  } as const;
  if (op === '+' || op === '-') {
    const [a, b] = [integerOf(castTo(left, type)), integerOf(castTo(right, type))];
    return wrapped(op === '+' ? a + b : a - b, type);
  }
  if (left.type.kind === 'angle' && right.type.kind === 'angle') {
    if (op !== '/') return refuse(`Two angles have no ${op}.`);
    const [a, b] = [integerOf(castTo(left, type)), integerOf(castTo(right, type))];
    return b === 0n ? refuse('Division by zero.') : wrapped(a / b, { ...type, kind: 'uint' });
  }
  if (left.type.kind === 'float' || right.type.kind === 'float')
    return float(floats(op, radiansOf(left), radiansOf(right)));
  const [a, b] = [integerOf(left), integerOf(right)];
  if (op === '*') return wrapped(a * b, type);
  if (op === '/' && left.type.kind === 'angle')
    return b === 0n ? refuse('Division by zero.') : wrapped(a / b, type);
  return refuse(`An angle and an integer have no ${op} in this order.`);
}
