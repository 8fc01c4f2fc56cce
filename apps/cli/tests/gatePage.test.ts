import { GATES } from '@anarq/quantum/local';
import { describe, expect, it } from 'vitest';
import { entryText } from '../src/gates/entryText.ts';
import { gatePage } from '../src/gates/page.ts';
import { wavesOf } from '../src/gates/waves.ts';

const page = gatePage();
const rowOf = (name: string): string[] => {
  const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\``)) ?? '';
  return row.split(/ (?<!\\)\| |^\| | \|$/).slice(1, -1);
};

describe('the page of gates', () => {
  it('has a row of each gate of the table, once', () => {
    const names = page.match(/^\| `[a-z]\w*/gim)?.map((start) => start.slice(3));
    expect(names?.toSorted()).toEqual([...GATES.keys()].toSorted());
  });

  it.each([
    ['h', '`[1/√2, 1/√2] [1/√2, -1/√2]`', '`X → Z`, `Z → X`', '`u3(π/2, 0, π) 0`', '`H`'],
    [
      'rx(θ)',
      '`[cos(θ/2), -i sin(θ/2)] [-i sin(θ/2), cos(θ/2)]`',
      '–',
      '`u3(θ, -π/2, π/2) 0`',
      '`Rx`',
    ],
    [
      'cx',
      '`\\|01⟩ → \\|11⟩`, `\\|11⟩ → \\|01⟩`',
      '`X_ → XX`, `Z_ → Z_`, `_X → _X`, `_Z → ZZ`',
      '–',
      '`●` `⊕`',
    ],
    [
      'cp(λ)',
      '`\\|11⟩ → e^(iλ) \\|11⟩`',
      '–',
      '`p(λ/2) 0` `cx 0,1` `p(-λ/2) 1` `cx 0,1` `p(λ/2) 1`',
      '`●` `P`',
    ],
    ['ccz', '`\\|111⟩ → -\\|111⟩`', '–', '`h 2` `ccx 0,1,2` `h 2`', '`●` `●` `●`'],
  ])(
    'says of %s its matrix or action, stabiliser action, decomposition and symbols',
    (...known) => {
      const [name, matrix, , stabiliser, decomposition, symbols] = rowOf(known[0]);
      expect([name, matrix, stabiliser, decomposition, symbols]).toEqual([
        `\`${known[0]}\``,
        ...known.slice(1),
      ]);
    },
  );
});

describe('an entry of a matrix', () => {
  it('is told from its values alone', () => {
    const text = (entryOf: (a: number, b: number) => [number, number]) =>
      entryText(
        wavesOf(2, ([a = 0, b = 0]) => entryOf(a, b)),
        ['theta', 'phi'],
      );
    expect(text(() => [0, 0])).toBe('0');
    expect(text(() => [0, -Math.SQRT1_2])).toBe('-i/√2');
    expect(text((a, b) => [Math.sin(a / 2) * Math.cos(b), Math.sin(a / 2) * Math.sin(b)])).toBe(
      'e^(iφ) sin(θ/2)',
    );
    expect(text((a) => [Math.cos(a), 0])).toBe('cos(θ)');
  });

  it('is refused where it is no sum of waves that the page can write', () => {
    expect(() => wavesOf(1, ([a = 0]) => [a, 0])).toThrow('no sum of waves');
  });
});
