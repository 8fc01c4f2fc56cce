import { describe, expect, it } from 'vitest';
import { CircuitError, parseQasm, showError } from '../../src/index.ts';
import { changedTexts, counterexample } from './changed.ts';

const refusal = (text: string): string => {
  try {
    parseQasm(text);
  } catch (error) {
    if (!(error instanceof CircuitError)) throw error;
    expect(error.place?.line).toBeGreaterThanOrEqual(1);
    expect(error.place?.column).toBeGreaterThanOrEqual(1);
    expect(showError(text, error).split('\n').length).toBe(3);
    return error.code;
  }
  return 'accepted';
};

const MANY = 1_000_000;
const chain = (length: number, link: (at: number) => string): string =>
  Array.from({ length }, (_, at) => link(at)).join('\n');

describe('a text that means harm', () => {
  it.each([
    ['a million parentheses', `gphase(${'('.repeat(MANY)}0${')'.repeat(MANY)});`, 'LIMIT'],
    ['a million signs', `gphase(${'-'.repeat(MANY)}1);`, 'LIMIT'],
    ['a sum of a million', `gphase(${'1+'.repeat(MANY)}1);`, 'LIMIT'],
    ['a power of a million', `gphase(${'1**'.repeat(MANY)}1);`, 'LIMIT'],
    ['a million indices', `a${'[0]'.repeat(MANY)};`, 'LIMIT'],
    ['a million calls', 'f('.repeat(MANY), 'LIMIT'],
    ['a million blocks', '{'.repeat(MANY), 'LIMIT'],
    ['a million conditions', 'if (true) '.repeat(MANY), 'LIMIT'],
    ['a million types', 'complex['.repeat(MANY), 'LIMIT'],
    ['a list in a million lists', `array[int, 2] a = ${'{'.repeat(MANY)}`, 'LIMIT'],
    ['a hundred thousand controls', `qubit q; ${'ctrl @ '.repeat(1e5)}U(0,0,0) q;`, 'LIMIT'],
    ['powers of powers', `qubit q; ${'pow(2) @ '.repeat(1e5)}U(0,0,0) q;`, 'LIMIT'],
    ['a tower of powers', 'int a = 9**9**9**9;', 'LIMIT'],
    ['a shift by a billion', 'int a = 1 << 1000000000;', 'LIMIT'],
    ['a number of a million digits', `int a = ${'9'.repeat(MANY)};`, 'LIMIT'],
    ['a register of 10^12', 'qubit[1000000000000] q;', 'LIMIT'],
    ['registers that are too many together', 'qubit[1000000] q; qubit r;', 'LIMIT'],
    ['a power of 10^12', 'qubit q; pow(1000000000000) @ U(0,0,0) q;', 'LIMIT'],
    ['a loop of 10^12', 'qubit q; for uint i in [0:1000000000000] U(i,0,0) q;', 'LIMIT'],
    [
      'a loop of 10^12 rounds alike',
      'qubit q; for int i in [1:1000000000000] U(0,0,0) q;',
      'LIMIT',
    ],
    ['an array of 10^12', 'array[int, 1000000, 1000000] a;', 'LIMIT'],
    [
      'parts of parts of an array',
      `array[int, 200000] a; int s = a${'[0:199999]'.repeat(200)}[0];`,
      'LIMIT',
    ],
    [
      'gates that double',
      `gate g0 q { U(0,0,0) q; } ${chain(99, (at) => `gate g${at + 1} q { g${at} q; g${at} q; }`)} qubit q; g99 q;`,
      'LIMIT',
    ],
    ['a gate that calls itself', 'gate g q { g q; }', 'SEMANTICS'],
    ['subroutines that call each other', 'def f() { g(); } def g() { f(); } f();', 'SEMANTICS'],
    ['no number', 'qubit q; U(sqrt(-1),0,0) q;', 'SEMANTICS'],
    ['an infinite angle', 'qubit q; U(1e999,0,0) q;', 'SEMANTICS'],
    ['a file of the machine', 'include "/etc/passwd";', 'SEMANTICS'],
    ['a file of the prototype', 'include "__proto__";', 'SEMANTICS'],
    ['a function of the prototype', 'int a = constructor(1);', 'SEMANTICS'],
    [
      'garbage',
      chain(200_000, (at) => String.fromCharCode(33 + ((at * 7919) % 90)).repeat(50)),
      'SYNTAX',
    ],
    ['an end inside of a comment', `${' '.repeat(MANY)}/* `, 'SYNTAX'],
    ['a zero character', 'qubit q\0;', 'SYNTAX'],
    ['half a character', 'qubit \ud800;', 'SYNTAX'],
    ['what stands for no character', 'qubit \ufffd;', 'SYNTAX'],
    ['a mark of byte order in the middle', 'qubit\ufeff q;', 'SYNTAX'],
  ])('%s is refused with its place', (_, text, code) => {
    expect(refusal(text)).toBe(code);
  });

  it('may begin with a mark of byte order, and may use names of prototypes', () => {
    const text = '\ufeffqubit __proto__; bit toString; gate valueOf q { U(0,0,0) q; } ';
    const { qubitRegisters, customGates } = parseQasm(
      `${text} valueOf __proto__; toString = measure __proto__;`,
    );
    expect(qubitRegisters[0]?.name).toBe('__proto__');
    expect(customGates[0]?.name).toBe('valueOf');
  });

  it('includes what it is given only, no file in itself, and no more than is bearable', () => {
    const includes = {
      'a.inc': 'include "b.inc";',
      'b.inc': 'include "a.inc";',
      'wrong.inc': '\n  qubit q',
    };
    const error = (text: string): unknown => {
      try {
        return parseQasm(text, { includes });
      } catch (thrown) {
        return thrown;
      }
    };
    expect(error('include "a.inc";')).toMatchObject({
      code: 'SEMANTICS',
      message: '"a.inc" includes itself: a.inc -> b.inc -> a.inc (b.inc, line 1, column 1)',
    });
    expect(error('include "wrong.inc";')).toMatchObject({
      place: { file: 'wrong.inc', line: 2, column: 10 },
    });
    const deep = Object.fromEntries(
      Array.from({ length: 40 }, (_, at) => [`${at}`, `include "${at + 1}";`]),
    );
    expect(() => parseQasm('include "0";', { includes: deep })).toThrow('at most 16 deep');
  });

  it('is shown with its line and a caret, also where the line is long or strange', () => {
    const shown = (text: string): string => {
      try {
        parseQasm(text);
      } catch (error) {
        if (error instanceof CircuitError) return showError(text, error);
        throw error;
      }
      return '';
    };
    expect(shown('qubit q;\r\n\tqubit β r;')).toBe(
      "Expected ';', but found 'r' (line 2, column 10)\n   qubit β r;\n           ^",
    );
    const [, line, caret] = shown(`qubit q; ${'x'.repeat(MANY)} ! ${'y'.repeat(MANY)}`).split('\n');
    expect(line!.length).toBeLessThan(110);
    expect(line![caret!.indexOf('^')]).toBe('!');
  });
});

describe('a text that was changed at random', () => {
  it('is a circuit, or refused with its place', () => {
    expect(counterexample(changedTexts, { numRuns: 1_500, seed: 11 })).toBeUndefined();
  });
});
