export { and, invert, logB, or, rotate, scaleB, shift, xor } from './bits.ts';
export { copy, copyAbs, copyNegate, copySign, numberClass, type NumberClass } from './classes.ts';
export {
  compare,
  compareSignal,
  compareTotal,
  compareTotalMagnitude,
  max,
  maxMagnitude,
  min,
  minMagnitude,
  sameQuantum,
} from './comparison.ts';
export { CONDITIONS, TrappedCondition, type Condition } from './conditions.ts';
export {
  Context,
  decimal128,
  decimal32,
  decimal64,
  WORK_DIGITS_MAX,
  type ContextSettings,
} from './context.ts';
export { Decimal, type Form } from './decimal.ts';
export { divide, divideInteger, remainder, remainderNear } from './division.ts';
export { exp, ln, log10 } from './exponentials.ts';
export { nextMinus, nextPlus, nextToward } from './neighbours.ts';
export { BINARY, TERNARY, UNARY } from './operations.ts';
export { power } from './power.ts';
export { quantize, reduce, rescale, toIntegralExact, toIntegralValue } from './quantum.ts';
export { cubeRoot, squareRoot } from './roots.ts';
export { ROUNDINGS, type Rounding } from './rounding.ts';
export { abs, add, fma, minus, multiply, plus, subtract } from './sums.ts';
export {
  parseDecimal,
  TEXT_CHARS_MAX,
  toEngineeringString,
  toNumber,
  toScientificString,
} from './text.ts';
export { MATH_DIGITS_MAX } from './ziv.ts';
