export * as arithmetic from './arithmetic/index.ts';
export { addDecimal, compareDecimal, subDecimal } from './decimalText.ts';
export { DecimalError } from './error.ts';
export { formatMinor, MINOR_MAX, parseMinor } from './minor.ts';
export { allocate, shareOfBasisPoints } from './split.ts';
export { UNITS, unitOf, type Unit } from './units.ts';
