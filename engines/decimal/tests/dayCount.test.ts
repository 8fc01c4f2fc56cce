import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dayNumber, parseDay } from '../src/calendar.ts';
import { accrual, DecimalError, roundRatio, type DayCount } from '../src/index.ts';

/** Days of 30/360 for two days written 20060820, against the examples that ISDA published for them. */
type Example = readonly [from: number, to: number, days: number];

const iso = (day: number): string => {
  const digits = String(day);
  return `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}`;
};

const NO_END_OF_FEBRUARY: readonly Example[] = [
  [20060820, 20070220, 180],
  [20070220, 20070820, 180],
  [20070820, 20080220, 180],
  [20080220, 20080820, 180],
  [20080820, 20090220, 180],
  [20090220, 20090820, 180],
];

const BOND_BASIS: readonly Example[] = [
  [20060831, 20070228, 178],
  [20070228, 20070831, 183],
  [20070831, 20080229, 179],
  [20080229, 20080831, 182],
  [20080831, 20090228, 178],
  [20090228, 20090831, 183],
  [20060131, 20060228, 28],
  [20060130, 20060228, 28],
  [20060228, 20060303, 5],
  [20060214, 20060228, 14],
  [20060930, 20061031, 30],
  [20061031, 20061128, 28],
  [20070831, 20080228, 178],
  [20080228, 20080828, 180],
  [20080228, 20080830, 182],
  [20080228, 20080831, 183],
  [20070226, 20080228, 362],
  [20070226, 20080229, 363],
  [20080229, 20090228, 359],
  [20080228, 20080330, 32],
  [20080228, 20080331, 33],
];

const EUROBOND: readonly Example[] = [
  [20060228, 20060831, 182],
  [20060831, 20070228, 178],
  [20070228, 20070831, 182],
  [20070831, 20080229, 179],
  [20080229, 20080831, 181],
  [20080831, 20090228, 178],
  [20110831, 20120229, 179],
  [20060131, 20060228, 28],
  [20060228, 20060303, 5],
  [20060930, 20061031, 30],
  [20080228, 20080831, 182],
  [20070226, 20080228, 362],
  [20070226, 20080229, 363],
  [20080229, 20090228, 359],
  [20080228, 20080331, 32],
];

const ISDA_UNTIL_2012: readonly Example[] = [
  [20060228, 20060831, 180],
  [20060831, 20070228, 180],
  [20070831, 20080229, 180],
  [20080229, 20080831, 180],
  [20110228, 20110831, 180],
  [20110831, 20120229, 179],
];

const ISDA_UNTIL_2008: readonly Example[] = [
  [20060131, 20060228, 30],
  [20060228, 20060303, 3],
  [20060214, 20060228, 16],
  [20060930, 20061031, 30],
  [20061031, 20061128, 28],
  [20070831, 20080228, 178],
  [20080228, 20080828, 180],
  [20080228, 20080831, 182],
  [20070228, 20080228, 358],
  [20070228, 20080229, 359],
  [20080229, 20090228, 360],
  [20080229, 20080330, 30],
  [20080229, 20080331, 30],
];

describe('30/360', () => {
  it.each([
    ['30/360', [...NO_END_OF_FEBRUARY, ...BOND_BASIS], undefined],
    ['30E/360', [...NO_END_OF_FEBRUARY, ...EUROBOND], undefined],
    ['30E/360 ISDA', NO_END_OF_FEBRUARY, '2009-08-20'],
    ['30E/360 ISDA', ISDA_UNTIL_2012, '2012-02-29'],
    ['30E/360 ISDA', ISDA_UNTIL_2008, '2008-02-29'],
  ] as const)('%s counts as in the published examples', (convention, examples, termination) => {
    for (const [from, to, days] of examples) {
      const options = termination === undefined ? {} : { termination };
      const found = accrual(convention, iso(from), iso(to), options);
      expect(found.days, `${from} ${to}`).toBe(days);
      expect(found.years.numerator * 360n).toBe(BigInt(days) * found.years.denominator);
    }
  });
});

/** A fraction to twelve places; the published examples are right to eleven. */
const places12 = ({ years }: ReturnType<typeof accrual>): bigint =>
  roundRatio({ ...years, numerator: years.numerator * 10n ** 12n }, 'half_even');

describe('actual/actual', () => {
  // "EMU and market conventions", ISDA 1998: a coupon period, odd first and odd last periods.
  it.each([
    ['2003-11-01', '2004-05-01', 497_724_380_567n],
    ['1999-02-01', '1999-07-01', 410_958_904_110n],
    ['1999-07-01', '2000-07-01', 1_001_377_348_600n],
    ['2002-08-15', '2003-07-15', 915_068_493_151n],
    ['2003-07-15', '2004-01-15', 504_004_790_778n],
    ['1999-07-30', '2000-01-30', 503_892_506_924n],
    ['2000-01-30', '2000-06-30', 415_300_546_448n],
  ])('ISDA splits %s to %s by leap years', (from, to, expected) => {
    const found = places12(accrual('ACT/ACT ISDA', from, to));
    expect(found - expected).toBeGreaterThanOrEqual(-10n);
    expect(found - expected).toBeLessThanOrEqual(10n);
  });

  it.each([
    ['2003-11-01', '2004-05-01', ['2003-11-01', '2004-05-01'], 2, [1n, 2n]],
    ['1999-02-01', '1999-07-01', ['1998-07-01', '1999-07-01'], 1, [150n, 365n]],
    ['1999-07-01', '2000-07-01', ['1999-07-01', '2000-07-01'], 1, [1n, 1n]],
    // A long first period: a whole notional half year, and 153 days of the 184 before it.
    ['2002-08-15', '2003-07-15', ['2002-07-15', '2003-01-15', '2003-07-15'], 2, [337n, 368n]],
    ['1999-07-30', '2000-01-30', ['1999-07-30', '2000-01-30'], 2, [1n, 2n]],
    ['2000-01-30', '2000-06-30', ['2000-01-30', '2000-07-30'], 2, [152n, 364n]],
    // A long last quarter, with ends of months and without.
    [
      '1999-11-30',
      '2000-04-30',
      ['1999-11-30', '2000-02-29', '2000-05-31'],
      4,
      [91n * 92n + 61n * 91n, 91n * 92n * 4n],
    ],
    [
      '1999-11-30',
      '2000-04-30',
      ['1999-11-30', '2000-02-29', '2000-05-29'],
      4,
      [91n * 90n + 61n * 91n, 91n * 90n * 4n],
    ],
  ] as const)('ICMA counts %s to %s by coupon periods', (from, to, schedule, frequency, [a, b]) => {
    const { years } = accrual('ACT/ACT ICMA', from, to, { schedule, frequency });
    expect(years.numerator * b).toBe(a * years.denominator);
  });
});

const days = fc
  .date({
    min: new Date('1900-01-01T00:00:00Z'),
    max: new Date('2200-12-31T00:00:00Z'),
    noInvalidDate: true,
  })
  .map((date) => date.toISOString().slice(0, 10));

describe('days', () => {
  it('are numbered as the calendar of the platform numbers them', () => {
    fc.assert(
      fc.property(days, days, (a, b) => {
        const between = dayNumber(parseDay(b)) - dayNumber(parseDay(a));
        expect(between).toBe((Date.parse(b) - Date.parse(a)) / 86_400_000);
      }),
    );
  });

  it('accrue in parts as in one', () => {
    const conventions: readonly DayCount[] = ['ACT/360', 'ACT/365F', 'ACT/ACT ISDA'];
    fc.assert(
      fc.property(days, days, days, fc.constantFrom(...conventions), (x, y, z, convention) => {
        const [a, b, c] = [x, y, z].toSorted() as [string, string, string];
        const [first, second, whole] = [
          [a, b],
          [b, c],
          [a, c],
        ].map(([from, to]) => accrual(convention, from!, to!).years);
        expect(
          first!.numerator * second!.denominator * whole!.denominator +
            second!.numerator * first!.denominator * whole!.denominator,
        ).toBe(whole!.numerator * first!.denominator * second!.denominator);
      }),
    );
  });

  it.each([
    '2026-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-01-00',
    '0000-01-01',
    '2026-1-1',
    '20260101',
    '',
  ])('are refused where they are not in the calendar: %j', (day) => {
    expect(() => accrual('ACT/360', day, '2026-03-01')).toThrow(DecimalError);
  });

  it('are refused in the wrong order, and where a convention lacks what it needs', () => {
    expect(() => accrual('ACT/360', '2026-03-02', '2026-03-01')).toThrow('to a later one');
    expect(() => accrual('30E/360 ISDA', '2026-01-01', '2026-03-01')).toThrow('termination');
    expect(() => accrual('ACT/ACT ICMA', '2026-01-01', '2026-03-01')).toThrow('frequency');
    const order = { frequency: 2, schedule: ['2026-01-01', '2026-02-01'] };
    expect(() => accrual('ACT/ACT ICMA', '2026-01-01', '2026-03-01', order)).toThrow('reaches');
    const twice = { frequency: 2, schedule: ['2026-01-01', '2026-01-01', '2026-07-01'] };
    expect(() => accrual('ACT/ACT ICMA', '2026-01-01', '2026-03-01', twice)).toThrow('follow');
  });
});
