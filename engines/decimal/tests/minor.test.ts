import { isErrorCode } from '@anarq/common-schemas';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecimalError, formatMinor, MINOR_MAX, parseMinor, UNITS, unitOf } from '../src/index.ts';

const units = fc.constantFrom(...Object.keys(UNITS));
const amounts = fc.bigInt({ min: -MINOR_MAX, max: MINOR_MAX });

/** The code with which a call is refused; anything else is passed on. */
function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof DecimalError) return error.code;
    throw error;
  }
}

describe('an amount', () => {
  it('is read into minor units of its unit', () => {
    expect(parseMinor('3.50', 'EUR')).toBe(350n);
    expect(parseMinor('3.5', 'EUR')).toBe(350n);
    expect(parseMinor('-0.01', 'USD')).toBe(-1n);
    expect(parseMinor('1200', 'JPY')).toBe(1_200n);
    expect(parseMinor('0.000001', 'rUv')).toBe(1n);
    expect(parseMinor('1', 'QVT')).toBe(10n ** 18n);
    expect(parseMinor('21000000', 'BTC')).toBe(2_100_000_000_000_000n);
    expect(parseMinor('-0', 'EUR')).toBe(0n);
  });

  it('is written in one canonical form', () => {
    expect(formatMinor(350n, 'EUR')).toBe('3.5');
    expect(formatMinor(300n, 'EUR')).toBe('3');
    expect(formatMinor(-1n, 'EUR')).toBe('-0.01');
    expect(formatMinor(0n, 'QVT')).toBe('0');
    expect(formatMinor(1_200n, 'JPY')).toBe('1200');
    expect(formatMinor(1n, 'QVT')).toBe('0.000000000000000001');
  });

  it('comes back as it was, for every unit and every amount that the ledger holds', () => {
    fc.assert(
      fc.property(amounts, units, (minor, unit) => {
        const text = formatMinor(minor, unit);
        expect(parseMinor(text, unit)).toBe(minor);
        expect(text).not.toMatch(/\.\d*0$|\.$|^-0$/);
      }),
    );
  });

  it('keeps its order when it is read', () => {
    fc.assert(
      fc.property(amounts, amounts, units, (a, b, unit) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        expect(parseMinor(formatMinor(low, unit), unit)).toBeLessThanOrEqual(
          parseMinor(formatMinor(high, unit), unit),
        );
      }),
    );
  });

  it.each([
    '',
    ' ',
    '1e3',
    '1E3',
    '1.5e0',
    '+1',
    '01',
    '1.',
    '.5',
    '1,5',
    '1 000',
    '1_000',
    '0x10',
    'NaN',
    'Infinity',
    '--1',
    '１',
    '1\n',
  ])('is refused when it is written as %j', (text) => {
    expect(codeOf(() => parseMinor(text, 'EUR'))).toBe('AMOUNT_INVALID');
  });

  it('is refused with more places than its unit has, even where they are zeros', () => {
    for (const [text, unit] of [
      ['1.005', 'EUR'],
      ['1.500', 'EUR'],
      ['1.0', 'JPY'],
      ['0.0000001', 'rUv'],
    ] as const)
      expect(
        codeOf(() => parseMinor(text, unit)),
        text,
      ).toBe('AMOUNT_INVALID');
  });

  it('is refused when it arrives as anything but text', () => {
    const values: readonly unknown[] = [3.5, 3, 3n, null, undefined, ['3'], { amount: '3' }];
    for (const value of values)
      // What a caller without types may send.
      expect(codeOf(() => parseMinor(value as string, 'EUR'))).toBe('AMOUNT_INVALID');
  });

  it('is refused in an unknown unit, also one that every object has', () => {
    for (const unit of ['XYZ', 'eur', 'ruv', '', 'constructor', '__proto__'])
      expect(
        codeOf(() => parseMinor('1', unit)),
        unit,
      ).toBe('AMOUNT_INVALID');
    expect(codeOf(() => formatMinor(1n, 'XYZ'))).toBe('AMOUNT_INVALID');
  });

  it('is refused beyond 2^127 - 1 minor units, and taken up to it', () => {
    expect(parseMinor(MINOR_MAX.toString(), 'JPY')).toBe(MINOR_MAX);
    expect(parseMinor(`-${MINOR_MAX.toString()}`, 'JPY')).toBe(-MINOR_MAX);
    expect(codeOf(() => parseMinor((MINOR_MAX + 1n).toString(), 'JPY'))).toBe('AMOUNT_INVALID');
    expect(codeOf(() => parseMinor('9'.repeat(38), 'QVT'))).toBe('AMOUNT_INVALID');
    expect(codeOf(() => parseMinor('9'.repeat(100_000), 'JPY'))).toBe('AMOUNT_INVALID');
    expect(codeOf(() => formatMinor(MINOR_MAX + 1n, 'JPY'))).toBe('AMOUNT_INVALID');
  });

  it('is refused with a code of the error table', () => {
    expect(isErrorCode(codeOf(() => parseMinor('x', 'EUR')))).toBe(true);
  });
});

describe('the units', () => {
  it('have the scale and the number of ISO 4217', () => {
    expect(unitOf('EUR')).toEqual({ name: 'Euro', scale: 2, isoNumeric: '978' });
    expect(unitOf('JPY')).toMatchObject({ scale: 0, isoNumeric: '392' });
    expect(unitOf('KWD')).toMatchObject({ scale: 3, isoNumeric: '414' });
    expect(unitOf('rUv')).toEqual({ name: 'Resource Utilization Voucher', scale: 6 });
  });

  it('can all be written in the contract language', () => {
    const numbers = Object.values(UNITS).flatMap((unit) => unit.isoNumeric ?? []);
    expect(new Set(numbers).size).toBe(numbers.length);
    for (const [code, unit] of Object.entries(UNITS)) {
      expect(code).toMatch(/^[A-Za-z]{2,12}$/);
      expect(unit.scale).toBeLessThanOrEqual(18);
      if (unit.isoNumeric !== undefined) expect(unit.isoNumeric).toMatch(/^\d{3}$/);
    }
  });
});
