import { refuse } from '../error.ts';
import {
  CONDITIONS,
  conditionsOf,
  INVALID,
  TrappedCondition,
  type Condition,
} from './conditions.ts';
import { NAN, type Decimal } from './decimal.ts';
import { pow10 } from './digits.ts';
import { ROUNDINGS, type Rounding } from './rounding.ts';

/** Largest precision and exponent, as in the reference implementation. */
const SETTING_MAX = 999_999_999;

/**
 * Most digits of an integer that an operation makes on the way. A larger precision may be set, and
 * holds wherever the result is shorter; beyond this an operation is `insufficient_storage`.
 */
export const WORK_DIGITS_MAX = 100_000;

export interface ContextSettings {
  /** Digits of a result at most: 1 to 999,999,999. */
  readonly precision: number;
  /** Default half_even. */
  readonly rounding?: Rounding;
  /** Largest exponent of a first digit: 0 to 999,999,999, which is also the default. */
  readonly maxExponent?: number;
  /** Smallest exponent of the first digit of a normal number: -999,999,999, the default, to 0. */
  readonly minExponent?: number;
  /** Whether exponents are held in the range of an interchange format (IEEE 754). Default no. */
  readonly clamp?: boolean;
  /** Conditions that throw. Default none: they are noted in the status. */
  readonly traps?: readonly Condition[];
}

/** What an operation works under, and the conditions that have come up since the status was cleared. */
export class Context {
  readonly precision: number;
  readonly rounding: Rounding;
  readonly maxExponent: number;
  readonly minExponent: number;
  readonly clamp: boolean;
  /** Exponent of the smallest subnormal number. */
  readonly etiny: number;
  /** Largest exponent of a number that has all its digits. */
  readonly etop: number;
  /** 10^precision where that is cheap: coefficients below it fit. */
  readonly limit: bigint | undefined;
  readonly #traps: number;
  /** Bits of CONDITIONS. */
  status = 0;

  /** @throws DecimalError for settings outside their ranges */
  constructor(settings: ContextSettings) {
    const { precision, rounding = 'half_even', clamp = false, traps = [] } = settings;
    const { maxExponent = SETTING_MAX, minExponent = -SETTING_MAX } = settings;
    const inRange = (value: number, least: number) =>
      Number.isInteger(value) && value >= least && value <= SETTING_MAX;
    if (!inRange(precision, 1)) refuse('a precision is 1 to 999,999,999 digits');
    if (!inRange(maxExponent, 0) || !inRange(-minExponent, 0))
      refuse('exponents are 0 to 999,999,999 for the largest, and the opposite for the smallest');
    if (!ROUNDINGS.includes(rounding)) refuse(`a rounding is one of ${ROUNDINGS.join(', ')}`);
    this.precision = precision;
    this.rounding = rounding;
    this.maxExponent = maxExponent;
    this.minExponent = minExponent;
    this.clamp = clamp;
    this.etiny = minExponent - precision + 1;
    this.etop = maxExponent - precision + 1;
    this.limit = precision <= 1_000 ? pow10(precision) : undefined;
    this.#traps = traps.reduce(
      (bits, name) => bits | (name === 'invalid_operation' ? INVALID : CONDITIONS[name]),
      0,
    );
  }

  /** The conditions of the status by name. */
  get conditions(): Condition[] {
    return conditionsOf(this.status);
  }

  /** Notes conditions. @throws TrappedCondition where one of them is trapped */
  raise(conditions: number): void {
    this.status |= conditions;
    const trapped = conditions & this.#traps;
    if (trapped !== 0) throw new TrappedCondition(conditionsOf(trapped));
  }

  /** Notes conditions of no result. @returns NaN */
  invalid(conditions: number = CONDITIONS.invalid_operation): Decimal {
    this.raise(conditions);
    return NAN;
  }

  /** The same settings but for those given, with a clear status. */
  with(settings: Partial<ContextSettings>): Context {
    const { precision, rounding, maxExponent, minExponent, clamp } = this;
    const traps = conditionsOf(this.#traps);
    const own = { precision, rounding, maxExponent, minExponent, clamp, traps };
    return new Context({ ...own, ...settings });
  }
}

/** Contexts of the interchange formats of IEEE 754-2019, table 3.6. Each call makes a new one. */
export const decimal32 = (): Context =>
  new Context({ precision: 7, maxExponent: 96, minExponent: -95, clamp: true });
export const decimal64 = (): Context =>
  new Context({ precision: 16, maxExponent: 384, minExponent: -383, clamp: true });
export const decimal128 = (): Context =>
  new Context({ precision: 34, maxExponent: 6_144, minExponent: -6_143, clamp: true });
