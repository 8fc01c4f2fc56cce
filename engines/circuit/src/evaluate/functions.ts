import type { ClassicalType } from '../circuit.ts';
import type { FunctionName } from '../expression.ts';
import { binary } from './operators.ts';
import {
  castTo,
  CLASSICAL_BITS_MAX,
  integerOf,
  isInteger,
  radiansOf,
  refuse,
  tooWide,
  wrapped,
  type Typed,
} from './values.ts';

/** The width of `int`, `uint` and `angle` where none is written. */
const WIDTH_DEFAULT = 64n;

const ofOneNumber: Partial<Record<FunctionName, (value: number) => number>> = {
  arccos: Math.acos,
  arcsin: Math.asin,
  arctan: Math.atan,
  ceiling: Math.ceil,
  cos: Math.cos,
  exp: Math.exp,
  floor: Math.floor,
  log: Math.log,
  sin: Math.sin,
  sqrt: Math.sqrt,
  tan: Math.tan,
};

/** The value of a built-in function or a cast. */
export function call(name: FunctionName, of: readonly Typed[]): Typed {
  const math = ofOneNumber[name];
  const casts = name === 'int' || name === 'uint' || name === 'angle';
  const takes =
    math !== undefined || name === 'popcount' || name === 'bool' || name === 'float' ? 1 : 2;
  if (of.length !== takes && !(casts && of.length === 1))
    return refuse(`${name} takes ${takes}, not ${of.length}.`);
  const [first, second] = of as readonly [Typed, Typed];
  if (math !== undefined) return { type: { kind: 'float' }, value: math(radiansOf(first)) };
  switch (name) {
    case 'mod':
      return binary('%', first, second);
    case 'pow':
      return binary('**', first, second);
    case 'popcount':
      return wrapped(BigInt(ones(first)), { kind: 'exact' });
    case 'rotl':
      return rotated(first, integerOf(second));
    case 'rotr':
      return rotated(first, -integerOf(second));
    case 'bool':
    case 'float':
      return castTo(first, { kind: name });
    case 'int':
    case 'uint':
    case 'angle':
      return castTo(first, { kind: name, width: widthFrom(second) });
    default:
      return refuse(`There is no function ${name}.`);
  }
}

function widthFrom(typed: Typed | undefined): number {
  const width = typed === undefined ? WIDTH_DEFAULT : integerOf(typed);
  if (width < 1n) return refuse(`A width is at least 1, not ${width}.`);
  return width > BigInt(CLASSICAL_BITS_MAX) ? tooWide(Number(width)) : Number(width);
}

function ones(typed: Typed): number {
  const value = integerOf(typed);
  if (typed.type.kind === 'float') return refuse('A float has no bits to count.');
  if (value < 0n && typed.type.kind !== 'int')
    return refuse('A negative integer without a width has no number of ones.');
  const bits = typed.type.kind === 'int' ? BigInt.asUintN(typed.type.width, value) : value;
  return bits.toString(2).replaceAll('0', '').length;
}

function rotated(typed: Typed, left: bigint): Typed {
  if (!('width' in typed.type) || (!isInteger(typed) && typed.type.kind !== 'angle'))
    return refuse('Only what has a width can be rotated.');
  const { width } = typed.type satisfies Extract<ClassicalType, { width: number }>;
  const size = BigInt(width);
  const by = ((left % size) + size) % size;
  const bits = BigInt.asUintN(width, integerOf(typed));
  return wrapped((bits << by) | (bits >> (size - by)), typed.type);
}
