export { accrual, type Accrual, type DayCount, type DayCountOptions } from './dayCount.ts';
export { addDecimal, compareDecimal, subDecimal, writeDecimal } from './decimalText.ts';
export { DecimalError } from './error.ts';
export { compoundInterest, PERIODS_MAX, simpleInterest, type Compounding } from './interest.ts';
export { formatMinor, MINOR_MAX, parseMinor } from './minor.ts';
export { minorOf, sumMinor, type Minor } from './money.ts';
export { addRatios, ratio, roundRatio, type Ratio } from './ratio.ts';
export { allocate, shareOfBasisPoints } from './split.ts';
export { defineUnits, SCALE_MAX, UNITS, unitOf, type Unit, type Units } from './units.ts';
