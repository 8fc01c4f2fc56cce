import { describe, expect, it } from 'vitest';
import { DecimalError, defineUnits, formatMinor, parseMinor, UNITS, unitOf } from '../src/index.ts';

describe('the currencies of ISO 4217', () => {
  it('are all there that have decimal places, by those places', () => {
    const iso = Object.entries(UNITS).filter(([, unit]) => unit.isoNumeric !== undefined);
    const codes = (scale: number) =>
      iso.filter(([, unit]) => unit.scale === scale).map(([code]) => code);
    expect(iso).toHaveLength(166);
    expect(codes(0).toSorted().join(' ')).toBe(
      'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
    );
    expect(codes(3).toSorted().join(' ')).toBe('BHD IQD JOD KWD LYD OMR TND');
    expect(codes(4).toSorted().join(' ')).toBe('CLF UYW');
  });

  it('are those that the platform knows too', () => {
    const places = (currency: string) =>
      new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions()
        .maximumFractionDigits;
    // Unicode CLDR counts what is in use, so that it differs where coins have gone.
    const known = Intl.supportedValuesOf('currency').filter((code) => Object.hasOwn(UNITS, code));
    expect(known.length).toBeGreaterThan(145);
    const differing = known.filter((code) => UNITS[code]?.scale !== places(code));
    expect(differing.every((code) => places(code)! < (UNITS[code]?.scale ?? 0))).toBe(true);
  });

  it('that were withdrawn can still be read, and metals have no places to be kept in', () => {
    expect(parseMinor('1.95', 'BGN')).toBe(195n);
    expect(unitOf('BGN').isoNumeric).toBeUndefined();
    expect(unitOf('XCG').isoNumeric).toBe('532');
    for (const code of ['XAU', 'XDR', 'XXX'])
      expect(() => unitOf(code)).toThrow('no decimal places');
  });
});

describe('units of one’s own', () => {
  it('have up to 18 places, and are used beside the others', () => {
    const units = defineUnits({
      KWH: { name: 'Kilowatt hour', scale: 3 },
      WAD: { name: 'Eighteen places', scale: 18 },
    });
    expect(parseMinor('1.5', 'KWH', units)).toBe(1_500n);
    expect(parseMinor('0.000000000000000001', 'WAD', units)).toBe(1n);
    expect(formatMinor(1_500n, 'KWH', units)).toBe('1.5');
    expect(parseMinor('1.5', 'EUR', units)).toBe(150n);
    expect(() => parseMinor('1.5', 'KWH')).toThrow('unknown');
  });

  it('stay as they were defined', () => {
    const units = defineUnits({ KWH: { name: 'Kilowatt hour', scale: 3 } });
    expect(defineUnits({ KWH: { name: 'Kilowatt hour', scale: 3 } }, units)).toEqual(units);
    expect(() => defineUnits({ KWH: { name: 'Kilowatt hour', scale: 4 } }, units)).toThrow(
      'stays so',
    );
    expect(() => defineUnits({ EUR: { name: 'Euro', scale: 3 } })).toThrow('stays so');
    expect(Object.hasOwn(UNITS, 'KWH')).toBe(false);
  });

  it('are refused with other codes, names and places, and in unbounded number', () => {
    for (const [code, name, scale] of [
      ['X', 'One letter', 2],
      ['1AB', 'Digit first', 2],
      ['A-B', 'Hyphen', 2],
      ['ABCDEFGHIJKLM', 'Too long', 2],
      ['ABC', '', 2],
      ['ABC', 'n'.repeat(81), 2],
      ['ABC', 'Places', 19],
      ['ABC', 'Places', -1],
      ['ABC', 'Places', 0.5],
    ] as const)
      expect(() => defineUnits({ [code]: { name, scale } }), `${code} ${name} ${scale}`).toThrow(
        DecimalError,
      );
    const many = Array.from({ length: 10_000 }, (_, at) => [
      `U${at}`,
      { name: 'One of many', scale: 0 },
    ]);
    expect(() => defineUnits(Object.fromEntries(many))).toThrow('at most 10000 units');
  });
});
