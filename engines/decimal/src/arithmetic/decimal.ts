import { digitCount, pow10 } from './digits.ts';

/** finite; infinite; a quiet NaN, which passes through; a signalling one, which is invalid wherever it is used. */
export type Form = 'finite' | 'infinite' | 'quiet' | 'signaling';

/**
 * A number of General Decimal Arithmetic: (-1)^negative * coefficient * 10^exponent. It is not
 * normalised: 1.0 and 1.00 are different numbers of one value, because the zeros say how precise it
 * is. Zero has a sign. A NaN keeps its diagnostic digits in the coefficient. Values never change.
 */
export class Decimal {
  readonly form: Form;
  readonly negative: boolean;
  /** Zero or more; 0n for infinities. */
  readonly coefficient: bigint;
  /** A safe integer; 0 where the form is not finite. */
  readonly exponent: number;

  constructor(negative: boolean, coefficient: bigint, exponent: number, form: Form = 'finite') {
    this.form = form;
    this.negative = negative;
    this.coefficient = coefficient;
    this.exponent = exponent;
  }

  /** An integer as it is, with the exponent 0. */
  static fromInteger(value: bigint | number): Decimal {
    const integer = BigInt(value);
    return new Decimal(integer < 0n, integer < 0n ? -integer : integer, 0);
  }

  get isFinite(): boolean {
    return this.form === 'finite';
  }

  get isInfinite(): boolean {
    return this.form === 'infinite';
  }

  get isNaN(): boolean {
    return this.form === 'quiet' || this.form === 'signaling';
  }

  get isZero(): boolean {
    return this.form === 'finite' && this.coefficient === 0n;
  }

  /** Digits of the coefficient; zero has one. */
  get digits(): number {
    return digitCount(this.coefficient);
  }

  /** The exponent of the first digit, as in scientific notation. */
  get adjusted(): number {
    return this.exponent + this.digits - 1;
  }

  /** Whether a finite number has no digits after the point other than zeros. */
  get isInteger(): boolean {
    if (this.form !== 'finite') return false;
    if (this.exponent >= 0 || this.coefficient === 0n) return true;
    if (-this.exponent >= this.digits) return false;
    return this.coefficient % pow10(-this.exponent) === 0n;
  }

  /** Whether the magnitude is one, in whatever representation. */
  get isUnit(): boolean {
    const places = -this.exponent;
    if (this.form !== 'finite' || places < 0 || this.digits !== places + 1) return false;
    return this.coefficient === pow10(places);
  }

  /** The same but for the sign, which may be that of a NaN too. */
  withSign(negative: boolean): Decimal {
    return negative === this.negative
      ? this
      : new Decimal(negative, this.coefficient, this.exponent, this.form);
  }
}

export const NAN: Decimal = new Decimal(false, 0n, 0, 'quiet');
export const INFINITY: Decimal = new Decimal(false, 0n, 0, 'infinite');
const MINUS_INFINITY: Decimal = new Decimal(true, 0n, 0, 'infinite');
export const ZERO: Decimal = new Decimal(false, 0n, 0);
export const ONE: Decimal = new Decimal(false, 1n, 0);

export const infinity = (negative: boolean): Decimal => (negative ? MINUS_INFINITY : INFINITY);
