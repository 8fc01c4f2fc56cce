import * as bits from './bits.ts';
import * as classes from './classes.ts';
import * as comparison from './comparison.ts';
import type { Context } from './context.ts';
import type { Decimal } from './decimal.ts';
import * as division from './division.ts';
import * as exponentials from './exponentials.ts';
import * as neighbours from './neighbours.ts';
import { power } from './power.ts';
import * as quantum from './quantum.ts';
import * as roots from './roots.ts';
import * as sums from './sums.ts';

type Unary = (context: Context, a: Decimal) => Decimal;
type Binary = (context: Context, a: Decimal, b: Decimal) => Decimal;
type Ternary = (context: Context, a: Decimal, b: Decimal, c: Decimal) => Decimal;

/** The operations of one operand by their names in the specification's test cases. */
export const UNARY: Readonly<Record<string, Unary>> = {
  abs: sums.abs,
  canonical: classes.copy,
  copy: classes.copy,
  copyabs: classes.copyAbs,
  copynegate: classes.copyNegate,
  cuberoot: roots.cubeRoot,
  exp: exponentials.exp,
  invert: bits.invert,
  iscanonical: classes.isCanonical,
  isfinite: classes.isFinite,
  isinfinite: classes.isInfinite,
  isnan: classes.isNaN,
  isnormal: classes.isNormal,
  isqnan: classes.isQuietNaN,
  issigned: classes.isSigned,
  issnan: classes.isSignalingNaN,
  issubnormal: classes.isSubnormal,
  iszero: classes.isZero,
  ln: exponentials.ln,
  log10: exponentials.log10,
  logb: bits.logB,
  minus: sums.minus,
  nextminus: neighbours.nextMinus,
  nextplus: neighbours.nextPlus,
  plus: sums.plus,
  reduce: quantum.reduce,
  squareroot: roots.squareRoot,
  tointegral: quantum.toIntegralValue,
  tointegralx: quantum.toIntegralExact,
};

/** The operations of two operands. */
export const BINARY: Readonly<Record<string, Binary>> = {
  add: sums.add,
  and: bits.and,
  compare: comparison.compare,
  comparesig: comparison.compareSignal,
  comparetotal: comparison.compareTotal,
  comparetotmag: comparison.compareTotalMagnitude,
  copysign: classes.copySign,
  divide: division.divide,
  divideint: division.divideInteger,
  max: comparison.max,
  max_mag: comparison.maxMagnitude,
  maxmag: comparison.maxMagnitude,
  min: comparison.min,
  min_mag: comparison.minMagnitude,
  minmag: comparison.minMagnitude,
  multiply: sums.multiply,
  nexttoward: neighbours.nextToward,
  or: bits.or,
  power,
  quantize: quantum.quantize,
  remainder: division.remainder,
  remaindernear: division.remainderNear,
  rescale: quantum.rescale,
  rotate: bits.rotate,
  samequantum: comparison.sameQuantum,
  scaleb: bits.scaleB,
  shift: bits.shift,
  subtract: sums.subtract,
  xor: bits.xor,
};

/** The operation of three operands. */
export const TERNARY: Readonly<Record<string, Ternary>> = { fma: sums.fma };
