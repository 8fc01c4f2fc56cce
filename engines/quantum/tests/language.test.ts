import { parseQasm, writeQasm } from '@anarq/circuit';
import { describe, expect, it } from 'vitest';
import { simulate, SPEEDS_DEFAULT } from '../src/index.ts';

/** The one outcome of a program: its registers in the order of declaration, each with its highest bit first. */
function outcomeOf(text: string): string {
  const task = { circuit: parseQasm(text), shots: 3, seed: 1n };
  const { outcome } = simulate(task, { memoryLimit_bytes: 1e8, speeds: SPEEDS_DEFAULT });
  return [...outcome.counts.keys()].join(' and ');
}

const byte = (...numbers: readonly number[]): string =>
  numbers.map((number) => number.toString(2).padStart(8, '0')).join('');

describe('programs with one outcome', () => {
  it.each([
    // Bits count as numbers.
    ['uint[8] n = 2; bit b = 1; n += b; bit[8] o = n;', `1${byte(3)}`],
    ['bit b = 1; int[8] n = b + b * 3 - (-b); bit[8] o = n;', `1${byte(5)}`],
    [
      'bit[3] r = "101"; uint[8] n = 0; for bit b in r { n *= 2; n += b; } bit[8] o = n;',
      `101${byte(5)}`,
    ],
    [
      'def f(qubit q) -> bit { x q; return measure q; } qubit q; int[8] k = 2; k = k + f(q); bit[8] o = k;',
      byte(3),
    ],
    // Arrays and parts of them.
    [
      'array[uint[8], 3, 2] m = {{1, 2}, {3, 4}, {5, 6}}; bit[8] a = m[-1, -1]; bit[8] b = m[1][0];',
      byte(6, 3),
    ],
    [
      'array[uint[8], 2] a = {1, 2}; array[uint[8], 2, 2] m = {{3, 4}, {5, 6}}; m[0] = a; a = m[1]; bit[8] b = m[0, 1]; bit[8] c = a[0];',
      byte(2, 5),
    ],
    [
      'array[uint[8], 2] row = {1, 2}; array[uint[8], 2] copy = row; row[0] = 7; bit[8] b = copy[0]; bit[8] c = row[0];',
      byte(1, 7),
    ],
    [
      'array[uint[8], 4, 2] m = {{1, 2}, {3, 4}, {5, 6}, {7, 8}}; m[0:1] = m[2:3]; bit[8] b = m[0, 0]; bit[8] c = m[1, 1];',
      byte(5, 8),
    ],
    [
      'array[uint[8], 3, 2] m; array[uint[8], 3, 2] n = {{1, 2}, {3, 4}, {5, 6}}; m[1:2, 0] = n[0:1, 1]; bit[8] b = m[1, 0]; bit[8] c = m[2, 0];',
      byte(2, 4),
    ],
    [
      'array[uint[8], 2, 2] m = {{1, 2}, {3, 4}}; array[uint[8], 2, 2] n = {m[1], {9, 8}}; bit[8] b = n[0, 1]; bit[8] c = n[1, 1];',
      byte(4, 8),
    ],
    [
      'array[int[8], 4] a = {1, 2, 3, 4}; int[8] s = 0; for int[8] e in a[1:2] { s += e; } bit[8] b = s;',
      byte(5),
    ],
    [
      'array[uint[8], 2, 2] m = {{1, 2}, {3, 4}}; uint[8] s; for uint[8] e in m[1] { s += e; } bit[8] b = s;',
      byte(7),
    ],
    ['array[uint[8], 2] a = {0, 4}; a[0][0] = 1; bit[3] b = a[1][0:2]; bit c = a[0] == 1;', '1001'],
    ['array[int[8], 0] a; bit[8] b = uint[8](sizeof(a));', byte(0)],
    [
      'array[uint[8], 3, 4] m; const uint n = sizeof(m); bit[n] r; bit[8] b = uint[8](sizeof(m, 1)); bit[8] c = uint[8](sizeof(m[0]));',
      `000${byte(4, 4)}`,
    ],
    [
      'def f(mutable array[int[8], #dim = 1] a) { a[2] = 10; } array[int[8], 5] a; f(a[1:3]); bit[8] b = a[3];',
      byte(10),
    ],
    [
      'def f(readonly array[int[8], #dim = 1] a) -> int[8] { return a[3]; } array[int[8], 2, 5] m = {{0, 1, 2, 3, 4}, {5, 6, 7, 8, 9}}; bit[8] b = f(m[1, 0:3]);',
      byte(8),
    ],
    [
      'def f(readonly array[int[8], #dim = 2] a) -> int[8] { uint[8] n = sizeof(a, 0); uint[8] m = sizeof(a, 1); int[8] s = 0; for int i in [0:n-1] { for int j in [0:m-1] { s += a[i][j]; } } return s; } array[int[8], 2, 2] m = {{1, 2}, {3, 4}}; bit[8] b = f(m);',
      byte(10),
    ],
    [
      'def f(qubit r) -> int[8] { x r; return 1; } qubit q; array[int[8], 2] a; a[f(q)] = 7; bit[8] b = a[1]; bit c = measure q;',
      `${byte(7)}1`,
    ],
    // Names of blocks that something behind them has too.
    [
      'def f(bit[2] c) -> bit { bit o = c[0]; int[8] k = 1; return o; } bit[2] c = "01"; bit o = f(c); int[8] k = 5; bit[8] p = k;',
      `011${byte(5)}`,
    ],
    ['{ int[8] m = 1; bit m_2 = 1; } array[int[8], 3] m = {7, 8, 9}; bit[8] m_2 = m[2];', byte(9)],
    // Angles and integers wrap.
    ['angle[4] a = 7 * (pi / 8); angle[4] b = pi / 8; bit[4] o = b - a;', '1010'],
    [
      'angle[4] c = 5 * (pi / 4); uint[4] two = 2; bit[4] o = two * c; bit[4] p = c >> 1;',
      '01000101',
    ],
    ['uint[8] a = 0; a -= 1; bit[8] o = a; int[8] b = 127; b += 1; bit[8] p = b;', byte(255, 128)],
    // Where it ends.
    ['bit[2] o; o[0] = 1; if (o[0]) { end; } o[1] = 1;', '01'],
  ])('%s', (text, outcome) => {
    const program = `OPENQASM 3.1; include "stdgates.inc"; ${text}`;
    expect(outcomeOf(program)).toBe(outcome);
    // What is written runs alike, and is written as itself.
    const written = writeQasm(parseQasm(program));
    expect(outcomeOf(written)).toBe(outcome);
    expect(writeQasm(parseQasm(written))).toBe(written);
  });
});
