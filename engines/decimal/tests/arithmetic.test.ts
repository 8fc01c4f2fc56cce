import { Decimal as Oracle } from 'decimal.js';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import * as d from '../src/arithmetic/index.ts';

const ROUNDING_OF: Readonly<Record<Exclude<d.Rounding, '05up'>, Oracle.Rounding>> = {
  up: 0,
  down: 1,
  ceiling: 2,
  floor: 3,
  half_up: 4,
  half_down: 5,
  half_even: 6,
};
const roundings = fc.constantFrom(...(Object.keys(ROUNDING_OF) as (keyof typeof ROUNDING_OF)[]));
const numbers = fc
  .tuple(
    fc.oneof(
      fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }),
      fc.bigInt({ min: -1_000n, max: 1_000n }),
    ),
    fc.integer({ min: -45, max: 45 }),
  )
  .map(([coefficient, exponent]) => `${coefficient}E${exponent}`);
const precisions = fc.integer({ min: 1, max: 60 });

const context = (precision: number, rounding: d.Rounding = 'half_even'): d.Context =>
  new d.Context({ precision, rounding });
const text = d.toScientificString;
const oracle = (precision: number, rounding: keyof typeof ROUNDING_OF) =>
  Oracle.clone({ precision, rounding: ROUNDING_OF[rounding], maxE: 9e15, minE: -9e15 });
/** The value alone; decimal.js does not keep how precise a number is. */
const value = (mine: d.Decimal): string => new Oracle(text(mine)).toString();

describe('arithmetic', () => {
  it.each([
    ['add', d.add, (a: Oracle, b: Oracle) => a.plus(b)],
    ['subtract', d.subtract, (a: Oracle, b: Oracle) => a.minus(b)],
    ['multiply', d.multiply, (a: Oracle, b: Oracle) => a.times(b)],
    ['divide', d.divide, (a: Oracle, b: Oracle) => a.dividedBy(b)],
  ] as const)('agrees with decimal.js in value: %s', (_, mine, theirs) => {
    fc.assert(
      fc.property(numbers, numbers, precisions, roundings, (a, b, precision, rounding) => {
        fc.pre(mine !== d.divide || !b.replace('-', '').startsWith('0E'));
        const Library = oracle(precision, rounding);
        const [x, y] = [new Library(a), new Library(b)];
        const result = mine(context(precision, rounding), d.parseDecimal(a), d.parseDecimal(b));
        expect(value(result)).toBe(theirs(x, y).toString());
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['squareroot', d.squareRoot, (a: Oracle) => a.sqrt()],
    ['cuberoot', d.cubeRoot, (a: Oracle) => a.cbrt()],
    ['ln', d.ln, (a: Oracle) => a.ln()],
    ['log10', d.log10, (a: Oracle) => a.log(10)],
  ] as const)('agrees with decimal.js in value: %s', (_, mine, theirs) => {
    fc.assert(
      fc.property(numbers, fc.integer({ min: 1, max: 40 }), (number, precision) => {
        const a = number.replace('-', '');
        fc.pre(!a.startsWith('0E'));
        const small = new d.Context({ precision, maxExponent: 999_999, minExponent: -999_999 });
        const Library = oracle(precision, 'half_even');
        expect(value(mine(small, d.parseDecimal(a)))).toBe(theirs(new Library(a)).toString());
      }),
      { numRuns: 150 },
    );
  });

  it('agrees with decimal.js in value: exp and power', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 999_999 }),
        fc.integer({ min: -99_999, max: 99_999 }),
        fc.integer({ min: 2, max: 40 }),
        roundings,
        (base, exponent, precision, rounding) => {
          const [a, b] = [`${base}E-3`, `${exponent}E-3`];
          const settings = { precision, maxExponent: 999_999, minExponent: -999_999 };
          expect(value(d.exp(new d.Context(settings), d.parseDecimal(b)))).toBe(
            new (oracle(precision, 'half_even'))(b).exp().toString(),
          );
          const powered = d.power(
            new d.Context({ ...settings, rounding }),
            d.parseDecimal(a),
            d.parseDecimal(b),
          );
          expect(value(powered)).toBe(
            // Rounded here from thirty digits more: of its own rounding decimal.js is not sure.
            new (oracle(precision + 30, 'half_even'))(a)
              .pow(b)
              .toSignificantDigits(precision, ROUNDING_OF[rounding])
              .toString(),
          );
        },
      ),
      { numRuns: 150 },
    );
  });

  it('has commuting sums and products, and takes back what it added while nothing is rounded', () => {
    fc.assert(
      fc.property(numbers, numbers, precisions, roundings, (a, b, precision, rounding) => {
        const own = context(precision, rounding);
        const [x, y] = [d.parseDecimal(a), d.parseDecimal(b)];
        expect(text(d.add(own, x, y))).toBe(text(d.add(own, y, x)));
        expect(text(d.multiply(own, x, y))).toBe(text(d.multiply(own, y, x)));
        const wide = context(200);
        const back = d.subtract(wide, d.add(wide, x, y), y);
        expect(text(d.compare(wide, back, x))).toBe('0');
        expect(wide.conditions).toEqual([]);
        expect(text(d.fma(own, x, y, x))).toBe(text(d.add(own, d.multiply(context(200), x, y), x)));
      }),
    );
  });

  it('divides so that quotient and remainder give the dividend again', () => {
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        const wide = context(300);
        const [x, y] = [d.parseDecimal(a), d.parseDecimal(b)];
        fc.pre(!y.isZero);
        const whole = d.divideInteger(wide, x, y);
        const rest = d.remainder(wide, x, y);
        const again = d.add(wide, d.multiply(wide, whole, y), rest);
        expect(text(d.compare(wide, again, x))).toBe('0');
        const near = d.remainderNear(wide, x, y);
        const twice = d.abs(wide, d.multiply(wide, near, d.Decimal.fromInteger(2)));
        expect(['-1', '0']).toContain(text(d.compare(wide, twice, d.abs(wide, y))));
      }),
    );
  });

  it('quantizes as the long way does, of which rounding to places is the short one', () => {
    fc.assert(
      fc.property(numbers, fc.integer({ min: -60, max: 60 }), roundings, (a, place, rounding) => {
        const short = context(34, rounding);
        const x = d.parseDecimal(a);
        const one = d.parseDecimal(`1E${place}`);
        // With more digits than are kept at hand, a context has no short way.
        const wide = short.with({ precision: 1_001 });
        const [mine, theirs] = [d.quantize(short, x, one), d.quantize(wide, x, one)];
        if (theirs.digits > 34) expect(text(mine)).toBe('NaN');
        else expect([text(mine), short.conditions]).toEqual([text(theirs), wide.conditions]);
      }),
    );
  });

  it('rounds down and up to neighbours that enclose the exact value', () => {
    fc.assert(
      fc.property(numbers, precisions, (a, precision) => {
        const x = d.parseDecimal(a);
        const low = d.plus(context(precision, 'floor'), x);
        const high = d.plus(context(precision, 'ceiling'), x);
        const wide = context(200);
        expect(['-1', '0']).toContain(text(d.compare(wide, low, x)));
        expect(['1', '0']).toContain(text(d.compare(wide, high, x)));
        for (const rounding of d.ROUNDINGS)
          expect([text(low), text(high)]).toContain(text(d.plus(context(precision, rounding), x)));
      }),
    );
  });
});

describe('results', () => {
  afterEach(() => vi.restoreAllMocks());

  // ECMA-262 leaves the last bits of these functions to the platform.
  it.each([1 - 2 ** -48, 1 + 2 ** -48])(
    'are the same on a platform whose floating-point logarithms are off by a factor of %d',
    (factor) => {
      const operands = ['2', '0.1', '123.45', '1000', '99999999999999999999', '1.0000001'];
      const results = (): string[] => {
        const own = new d.Context({ precision: 40, maxExponent: 9_999, minExponent: -9_999 });
        return operands.flatMap((operand) => {
          const a = d.parseDecimal(operand);
          const third = d.divide(own, a, d.parseDecimal('3'));
          const unary = [d.ln, d.log10, d.squareRoot, d.cubeRoot, d.reduce, d.plus];
          const found = [...unary.map((run) => run(own, a)), d.exp(own, third), third];
          return [...found, d.power(own, a, third), d.multiply(own, third, third)].map(text);
        });
      };
      const expected = results();
      const functions = ['log', 'log2', 'log10', 'pow'] as const;
      for (const name of functions) {
        const real: (...given: number[]) => number = Math[name];
        vi.spyOn(Math, name).mockImplementation((...given: number[]) => real(...given) * factor);
      }
      expect(results()).toEqual(expected);
      for (const name of functions.slice(0, 3)) expect(Math[name]).toHaveBeenCalled();
    },
  );
});

describe('numbers as text', () => {
  it('come back as they were, zeros at the end and the sign of zero too', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 60n }),
        fc.integer({ min: -10_000_000, max: 10_000_000 }),
        fc.boolean(),
        (coefficient, exponent, negative) => {
          const number = new d.Decimal(negative, coefficient, exponent);
          expect(d.parseDecimal(text(number))).toEqual(number);
          const engineering = d.toEngineeringString(number);
          expect(Number(/E[+-](\d+)$/.exec(engineering)?.[1] ?? 0) % 3).toBe(0);
          expect(text(d.compare(context(9), d.parseDecimal(engineering), number))).toBe('0');
        },
      ),
    );
  });

  it('are refused in other forms, beyond a length, and with exponents that nothing holds', () => {
    for (const bad of [
      '',
      ' 1',
      '1 ',
      '1e',
      'e1',
      '.',
      '+-1',
      '1_0',
      '0x1',
      '１',
      '1e1.5',
      'nans',
      '∞',
    ])
      expect(() => d.parseDecimal(bad), bad).toThrow('a number is digits');
    expect(() => d.parseDecimal('1'.repeat(d.TEXT_CHARS_MAX + 1))).toThrow('10000 characters');
    expect(() => d.parseDecimal('1E1000000000000')).toThrow('below 10^12');
    const own = context(9);
    expect(text(d.toNumber('1,5', own))).toBe('NaN');
    expect(own.conditions).toEqual(['conversion_syntax']);
    expect(text(d.toNumber(`1E${'9'.repeat(400)}`, context(9)))).toBe('Infinity');
    expect(text(d.toNumber(`1E-${'9'.repeat(400)}`, context(9)))).toBe('0E-1000000007');
  });
});

describe('a context', () => {
  it('collects conditions until its status is cleared, and throws those it traps', () => {
    const own = new d.Context({ precision: 3, traps: ['division_by_zero', 'inexact'] });
    const [one, zero, long] = ['1', '0', '1234'].map(d.parseDecimal);
    expect(text(d.plus(own, d.parseDecimal('1230')))).toBe('1.23E+3');
    expect(own.conditions).toEqual(['rounded']);
    expect(() => d.divide(own, one!, zero!)).toThrow(d.TrappedCondition);
    expect(() => d.plus(own, long!)).toThrow('the context does not allow inexact');
    own.status = 0;
    expect(own.conditions).toEqual([]);
  });

  it('traps everything invalid where it traps invalid operations', () => {
    const own = new d.Context({ precision: 9, traps: ['invalid_operation'] });
    const zero = d.parseDecimal('0');
    expect(() => d.divide(own, zero, zero)).toThrow('division undefined');
    expect(() => d.toNumber('x', own)).toThrow('conversion syntax');
    expect(() => d.squareRoot(own, d.parseDecimal('-1'))).toThrow('invalid operation');
  });

  it('is refused with settings outside their ranges', () => {
    for (const settings of [
      { precision: 0 },
      { precision: 1_000_000_000 },
      { precision: 1.5 },
      { precision: 9, maxExponent: -1 },
      { precision: 9, minExponent: 1 },
      { precision: 9, maxExponent: 1_000_000_000 },
    ])
      expect(() => new d.Context(settings), JSON.stringify(settings)).toThrow(
        /precision|exponents/,
      );
    // What a caller without types may ask for.
    expect(() => context(9, 'sideways' as d.Rounding)).toThrow('a rounding is one of');
  });

  it('has the formats of IEEE 754', () => {
    expect(text(d.nextPlus(d.decimal64(), d.parseDecimal('-Infinity')))).toBe(
      '-9.999999999999999E+384',
    );
    expect(text(d.toNumber('1E+6144', d.decimal128()))).toBe(`1.${'0'.repeat(33)}E+6144`);
    expect(text(d.toNumber('1E-102', d.decimal32()))).toBe('0E-101');
  });
});

describe('work', () => {
  const far = d.parseDecimal('1E999999999');
  const near = d.parseDecimal('1E-999999999');
  const one = d.parseDecimal('1');

  it('stays small for exponents that are far apart', () => {
    const own = context(34);
    expect(d.add(own, far, near).digits).toBe(34);
    expect(text(d.compare(own, far, near))).toBe('1');
    expect(text(d.remainder(own, near, far))).toBe('1E-999999999');
    expect(text(d.toIntegralValue(own, near))).toBe('0');
    expect(text(d.fma(own, far, one, near))).toBe(`1.${'0'.repeat(33)}E+999999999`);
    expect(text(d.power(own, far, far))).toBe('NaN');
    expect(text(d.divide(own, near, far))).toBe('0E-1000000032');
    expect(text(d.quantize(own, far, near))).toBe('NaN');
    for (const result of [d.max(own, far, near), d.nextPlus(own, near), d.reduce(own, far)])
      expect(result.digits).toBeLessThanOrEqual(34);
  });

  it('ends as insufficient storage where a result needs more digits than an operation may make', () => {
    const wide = new d.Context({ precision: 999_999_999, clamp: true });
    const long = new d.Decimal(false, 10n ** 60_000n + 1n, 0);
    const runs: readonly ((own: d.Context) => d.Decimal)[] = [
      (own) => d.add(own, far, one),
      (own) => d.add(own, d.parseDecimal('1E100000'), d.parseDecimal('0')),
      (own) => d.multiply(own, long, long),
      (own) => d.divide(own, one, d.parseDecimal('3')),
      (own) => d.squareRoot(own, d.parseDecimal('2')),
      (own) => d.quantize(own, d.parseDecimal('1E1000'), d.parseDecimal('1E-999999')),
      (own) => d.plus(own, far),
      (own) => d.invert(own, one),
      (own) => d.nextMinus(own, d.parseDecimal('Infinity')),
      (own) => d.rotate(own, one, one),
    ];
    for (const [at, run] of runs.entries()) {
      const own = wide.with({});
      expect([at, text(run(own)), own.conditions]).toEqual([at, 'NaN', ['insufficient_storage']]);
    }
    const math = new d.Context({ precision: 5_001, maxExponent: 99_999, minExponent: -99_999 });
    expect(text(d.exp(math, one))).toBe('NaN');
    expect(math.conditions).toEqual(['insufficient_storage']);
  });

  it('of roots, logarithms and powers is exact at thousands of digits', () => {
    const own = new d.Context({ precision: 2_000, maxExponent: 99_999, minExponent: -99_999 });
    const two = d.parseDecimal('2');
    const root = d.squareRoot(own, two);
    const difference = d.subtract(own, d.multiply(own, root, root), two);
    expect(difference.adjusted).toBeLessThan(-1_997);
    const back = d.ln(own, d.exp(own, two));
    expect(d.subtract(own, back, two).isZero || d.subtract(own, back, two).adjusted < -1_997).toBe(
      true,
    );
    expect(text(d.power(own, d.parseDecimal('1.5'), d.parseDecimal('1000')))).toHaveLength(1_178);
  });
});
