import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDecimal, compareDecimal, DecimalError, subDecimal } from '../src/index.ts';

/** Decimals of the contract language, small enough that sums stay inside it. */
const decimals = fc
  .tuple(fc.bigInt({ min: -(10n ** 36n), max: 10n ** 36n }), fc.integer({ min: 0, max: 18 }))
  .map(([coefficient, scale]) => {
    const negative = coefficient < 0n;
    const digits = (negative ? -coefficient : coefficient).toString().padStart(scale + 1, '0');
    const places = scale === 0 ? '' : `.${digits.slice(-scale)}`;
    return `${negative ? '-' : ''}${digits.slice(0, digits.length - scale)}${places}`;
  });

describe('decimals', () => {
  it('are compared by value, not by their text', () => {
    expect(compareDecimal('1.50', '1.5')).toBe(0);
    expect(compareDecimal('-0', '0')).toBe(0);
    expect(compareDecimal('10', '9')).toBe(1);
    expect(compareDecimal('-10', '9')).toBe(-1);
    expect(compareDecimal('0.1', '0.09')).toBe(1);
  });

  it('are added and subtracted without a loss', () => {
    expect(addDecimal('0.1', '0.2')).toBe('0.3');
    expect(subDecimal('0.3', '0.1')).toBe('0.2');
    expect(subDecimal('1', '1.000')).toBe('0');
    expect(addDecimal(`${'9'.repeat(37)}`, '0.000000000000000001')).toBe(
      `${'9'.repeat(37)}.000000000000000001`,
    );
  });

  it('obey the laws of a sum and an order', () => {
    fc.assert(
      fc.property(decimals, decimals, (a, b) => {
        const sum = addDecimal(a, b);
        expect(addDecimal(b, a)).toBe(sum);
        expect(compareDecimal(subDecimal(sum, b), a)).toBe(0);
        expect(compareDecimal(a, b) + compareDecimal(b, a)).toBe(0);
        expect(compareDecimal(subDecimal(a, b), '0')).toBe(compareDecimal(a, b));
        expect(sum).not.toMatch(/\.\d*0$|\.$|^-0$/);
      }),
    );
  });

  it('refuse other forms, and results beyond the contract language', () => {
    for (const text of ['1e2', '', '+1', '1'.repeat(40), `0.${'1'.repeat(19)}`, '0'.repeat(60)])
      expect(() => addDecimal(text, '1'), text).toThrow(DecimalError);
    expect(() => addDecimal('9'.repeat(39), '1')).toThrow(DecimalError);
    expect(() => subDecimal(`-${'9'.repeat(39)}`, '1')).toThrow(DecimalError);
  });
});

const folder = join(
  process.env['Q_VECTORS'] ?? join(import.meta.dirname, '../../../../shared/vectors'),
  'decimal/gda',
);
const present = existsSync(folder);
if (!present) console.warn('decimal: the General Decimal Arithmetic vectors are not here; skipped');

/** The exact cases of a file whose operands and result are written without an exponent. */
function exactCases(file: string): readonly (readonly [string, string, string])[] {
  const plain = /^-?(0|[1-9]\d{0,38})(\.\d{1,18})?$/;
  return readFileSync(join(folder, file), 'utf8')
    .split(/\r?\n/)
    .map((line) => line.replace(/--.*$/, '').trim().split(/\s+/))
    .filter((words) => words.length === 6 && words[4] === '->')
    .map((words) => words.map((word) => word.replace(/^'(.*)'$/, '$1')))
    .filter((words) => [words[2]!, words[3]!, words[5]!].every((word) => plain.test(word)))
    .map((words) => [words[2]!, words[3]!, words[5]!] as const);
}

describe.skipIf(!present)('the vectors of General Decimal Arithmetic', () => {
  it.each([
    ['add.decTest', addDecimal],
    ['subtract.decTest', subDecimal],
  ] as const)('give the results of %s', (file, run) => {
    const cases = exactCases(file);
    expect(cases.length).toBeGreaterThan(50);
    for (const [a, b, expected] of cases)
      expect(compareDecimal(run(a, b), expected), `${a} ${b}`).toBe(0);
  });

  it('give the order of compare.decTest', () => {
    const cases = exactCases('compare.decTest');
    expect(cases.length).toBeGreaterThan(50);
    for (const [a, b, expected] of cases)
      expect(compareDecimal(a, b), `${a} ${b}`).toBe(Number(expected));
  });
});
