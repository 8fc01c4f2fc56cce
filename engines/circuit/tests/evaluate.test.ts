import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  evaluate,
  evaluateAngle,
  evaluateAs,
  evaluateCondition,
  type BinaryOperator,
  type ClassicalType,
  type Environment,
  type Expression,
  type FunctionName,
  type UnaryOperator,
  type Value,
} from '../src/index.ts';

const of = (value: Value | Expression): Expression =>
  typeof value === 'object' ? value : { kind: 'literal', value };
const two = (left: Value | Expression, op: BinaryOperator, right: Value | Expression) =>
  ({ kind: 'binary', op, left: of(left), right: of(right) }) satisfies Expression;
const one = (op: UnaryOperator, operand: Value | Expression) =>
  ({ kind: 'unary', op, of: of(operand) }) satisfies Expression;
const call = (name: FunctionName, ...operands: readonly (Value | Expression)[]) =>
  ({ kind: 'call', name, of: operands.map(of) }) satisfies Expression;

const types: readonly ClassicalType[] = [
  { kind: 'uint', width: 8 },
  { kind: 'int', width: 8 },
  { kind: 'angle', width: 8 },
  { kind: 'uint', width: 4 },
  { kind: 'float' },
];
const holding = (...values: readonly Value[]): Environment => ({
  variables: types.map((type, at) => ({ name: `v${at}`, type })),
  variable: (at) => values[at]!,
});
const variable = (at: number): Expression => ({ kind: 'variable', variable: at });
const [u8, i8, a8, u4] = [variable(0), variable(1), variable(2), variable(3)];

describe('an expression', () => {
  it.each<[string, Expression, Value]>([
    ['divides integers towards zero', two(-7n, '/', 2n), -3n],
    ['leaves a remainder with the sign of the dividend', two(-7n, '%', 2n), -1n],
    ['divides an integer by a float as floats', two(7n, '/', 2), 3.5],
    ['raises integers exactly', two(3n, '**', 50n), 3n ** 50n],
    ['raises to a negative power as a float', two(2n, '**', -1n), 0.5],
    ['compares an integer with a float by value', two(2n ** 53n + 1n, '==', 2 ** 53), false],
    ['finds NaN equal to nothing', two(Number.NaN, '==', Number.NaN), false],
    ['counts a bool as 0 or 1', two(true, '+', true), 2n],
    ['takes && of anything', two(2n, '&&', 0.5), true],
    ['turns a bool over with ~', one('~', true), false],
    ['shifts without losing', two(1n, '<<', 70n), 1n << 70n],
    ['shifts out to the right', two(1n, '>>', 10n ** 30n), 0n],
    ['shifts a negative integer to -1', two(-5n, '>>', 10n ** 30n), -1n],
    ['counts ones', call('popcount', 0b1011n), 3n],
    ['casts a float to an integer towards zero', call('int', -2.9, 8n), -2n],
    ['wraps a cast to its width', call('uint', 300n, 8n), 44n],
    ['casts to 64 bits without a width', call('uint', -1n), 2n ** 64n - 1n],
    ['rotates to the left', call('rotl', call('uint', 0b1001_0000n, 8n), 2n), 0b0100_0010n],
    ['rotates to the right', call('rotr', call('uint', 0b0000_0001n, 8n), 9n), 0b1000_0000n],
    ['takes the cosine of an angle', call('cos', call('angle', Math.PI, 8n)), -1],
    ['turns an angle of a float into its part of a turn', call('angle', Math.PI / 2, 8n), 64n],
    ['takes an angle beyond a turn back', call('angle', -Math.PI / 2, 8n), 192n],
  ])('%s', (_, expression, value) => {
    expect(evaluate(expression)).toBe(value);
  });

  it('wraps what is computed in a width, and lets a literal adapt to it', () => {
    const now = holding(250n, 100n, 200n, 9n, 0.5);
    expect(evaluate(two(u8, '+', 10n), now)).toBe(4n);
    expect(evaluate(two(i8, '+', 100n), now)).toBe(-56n);
    expect(evaluate(two(a8, '+', a8), now)).toBe(144n);
    expect(evaluate(two(u4, '*', 2n), now)).toBe(2n);
    expect(evaluate(two(u4, '+', u8), now)).toBe(3n);
    expect(evaluate(one('~', u8), now)).toBe(5n);
    expect(evaluate(one('-', u4), now)).toBe(7n);
    expect(evaluate(two(u8, '<<', 8n), now)).toBe(0n);
    expect(evaluate(two(two(u4, '**', 1_000_000_007n), '==', 9n ** 7n % 16n), now)).toBe(true);
    expect(evaluateAngle(a8, now)).toBeCloseTo((200 / 256) * 2 * Math.PI, 14);
    expect(evaluate(two(a8, '/', call('angle', Math.PI / 4, 8n)), now)).toBe(6n);
  });

  it('reads bits, a register and the record', () => {
    const bits = [true, false, true, true];
    const now: Environment = { bit: (at) => bits[at]!, record: (at) => bits.at(at) };
    expect(evaluate({ kind: 'bits', start: 1, size: 3 }, now)).toBe(6n);
    expect(evaluateCondition({ kind: 'bit', bit: 1 }, now)).toBe(false);
    expect(evaluate(one('~', { kind: 'bits', start: 0, size: 4 }), now)).toBe(2n);
    expect(evaluate({ kind: 'record', offset: -3 }, now)).toBe(false);
    expect(() => evaluate({ kind: 'record', offset: -5 }, now)).toThrow('no result -5');
  });

  it('is wrapped to the type it is assigned to', () => {
    expect(evaluateAs(of(-1n), { kind: 'uint', width: 3 })).toBe(7n);
    expect(evaluateAs(of(2.7), { kind: 'int', width: 8 })).toBe(2n);
    expect(evaluateAs(of(0.1), { kind: 'bool' })).toBe(true);
    expect(evaluateAs(of(3n), { kind: 'float' })).toBe(3);
  });

  it('keeps an angle of more bits than a double has', () => {
    const wide = call('angle', Math.PI / 2, 200n);
    expect(evaluate(wide)).toBe(1n << 198n);
    expect(evaluateAngle(wide)).toBe(Math.PI / 2);
  });

  it('agrees with the integers modulo 2^w', () => {
    const value = fc.bigInt({ min: 0n, max: 255n });
    fc.assert(
      fc.property(value, value, fc.constantFrom('+', '-', '*', '&', '|', '^'), (a, b, op) => {
        const expected = { '+': a + b, '-': a - b, '*': a * b, '&': a & b, '|': a | b, '^': a ^ b };
        const inWidth = two(call('uint', a, 8n), op as BinaryOperator, call('uint', b, 8n));
        expect(evaluate(inWidth)).toBe(BigInt.asUintN(8, expected[op as '+']));
      }),
      { numRuns: 300, seed: 5 },
    );
  });
});

describe('an expression without a value', () => {
  const deep = (levels: number): Expression => {
    let result = of(1n);
    for (let k = 0; k < levels; k += 1) result = one('-', result);
    return result;
  };
  it.each<[string, Expression, 'SEMANTICS' | 'LIMIT']>([
    ['a division by zero', two(1n, '/', 0n), 'SEMANTICS'],
    ['a remainder by zero', two(1n, '%', 0n), 'SEMANTICS'],
    ['a parameter without a value', { kind: 'parameter', name: 'a' }, 'SEMANTICS'],
    ['a bit before the run', { kind: 'bit', bit: 0 }, 'SEMANTICS'],
    ['an integer of infinity', call('int', two(1, '/', 0)), 'SEMANTICS'],
    ['bits of a float', two(1.5, '&', 1n), 'SEMANTICS'],
    ['a negative shift', two(1n, '<<', -1n), 'SEMANTICS'],
    ['a huge power', two(3n, '**', 10n ** 12n), 'LIMIT'],
    ['a power of a power', two(2n, '**', two(2n, '**', 60n)), 'LIMIT'],
    ['an exponent beyond all', two(2n, '**', two(2n, '**', 70n)), 'SEMANTICS'],
    ['a huge shift', two(1n, '<<', 10n ** 12n), 'LIMIT'],
    ['a huge width', call('uint', 1n, 10n ** 12n), 'LIMIT'],
    ['a deep nest', deep(5_000), 'LIMIT'],
  ])('is refused: %s', (_, expression, code) => {
    expect(() => evaluate(expression)).toThrow(expect.objectContaining({ code }));
  });

  it.each([two(1, '/', 0), call('log', -1), call('arccos', 2)])('is no angle: %j', (expression) => {
    expect(() => evaluateAngle(expression)).toThrow('finite');
  });

  it('is refused where squares grow without end', () => {
    let square: Expression = of(3n);
    for (let k = 0; k < 40; k += 1) square = two(square, '*', square);
    // The operands that are shared make a tree of 2^40 leaves; the length of the integer ends it early.
    expect(() => evaluate(square)).toThrow(expect.objectContaining({ code: 'LIMIT' }));
  });
});
