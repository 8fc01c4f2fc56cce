import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import {
  compileGlob,
  compilePolicy,
  parsePolicy,
  parseSelector,
  select,
  UNRESOLVED,
  type Statement,
} from '../src/index.ts';
import { codeOf } from './builders.ts';
import {
  globSlowly,
  judgeSlowly,
  NOTHING,
  printSelector,
  selectSlowly,
  type Selectors,
  type Step,
} from './twins.ts';

const FIELDS = ['a', 'b', 'bb', 'to'];
const index = fc.integer({ min: -3, max: 3 });
const slice = fc
  .tuple(fc.option(index, { nil: undefined }), fc.option(index, { nil: undefined }))
  .map(([from, to]): [number | undefined, number | undefined] =>
    from === undefined && to === undefined ? [0, to] : [from, to],
  );
const step: fc.Arbitrary<Step> = fc
  .tuple(
    fc.boolean(),
    fc.oneof(
      fc.record({ field: fc.constantFrom(...FIELDS), quoted: fc.boolean() }),
      fc.record({ index }),
      fc.record({ slice }),
      fc.constant({ values: true as const }),
    ),
  )
  .map(([optional, rest]) => ({ optional, ...rest }));
const steps = fc.array(step, { maxLength: 3 });

const scalar = fc.oneof(
  fc.integer({ min: -2, max: 4 }),
  fc.constantFrom('', 'a', 'ab', 'aab*', 'b'),
  fc.boolean(),
  fc.constant(null),
);
const { value: anything } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...FIELDS), tie('value'), { noNullPrototype: true, maxKeys: 4 }),
  ),
}));
const pattern = fc
  .array(fc.constantFrom('a', 'b', '*', '\\*', '\\'), { maxLength: 6 })
  .map((parts) => parts.join(''));

describe('selectors', () => {
  it('find what the plain interpreter finds', () => {
    fc.assert(
      fc.property(steps, anything, (path, value) => {
        const found = select(parseSelector(printSelector(path)), value);
        const expected = selectSlowly(path, value);
        expect(found === UNRESOLVED ? NOTHING : found).toEqual(expected);
      }),
      { numRuns: 3_000 },
    );
  });

  it('follow the examples of the specification', () => {
    const args = { to: ['bob@example.com', 'carol@not.example.com', 'dan@example.com'] };
    const at = (text: string) => select(parseSelector(text), args);
    expect(at('.to[1]')).toBe('carol@not.example.com');
    expect(at('.to[-1]')).toBe('dan@example.com');
    expect(at('.to[99]?')).toBeNull();
    expect(at('.to[99]')).toBe(UNRESOLVED);
    expect(at('.to[0:-2]')).toEqual(['bob@example.com']);
    expect(at('.foo???')).toBeNull();
    expect(at('.x.y?')).toBe(UNRESOLVED);
    expect(select(parseSelector('.[3]'), Uint8Array.of(1, 2, 3, 140))).toBe(140);
    expect(select(parseSelector('.["$_*"]'), { '$_*': 1 })).toBe(1);
    expect(select(parseSelector('.[0:1]'), '😀b')).toBe('😀');
  });

  it('do not see what objects inherit', () => {
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      expect(select(parseSelector(`.${name}`), {})).toBe(UNRESOLVED);
      expect(select(parseSelector(`.["${name}"]`), { a: 1 })).toBe(UNRESOLVED);
    }
  });

  const bad = [
    '',
    'a',
    '..',
    '.a..b',
    '.a.',
    '.1',
    '.[',
    '.[1',
    '.[:]',
    '.[1.5]',
    "['a']",
    '.["a]',
    '.a b',
    '.["\\q"]',
    '.[ 1 ]',
    '.a|.b',
    '.[1:2:3]',
    '?',
    '.?',
    '.-a',
    `.${'a'.repeat(600)}`,
    `.${'[]'.repeat(40)}`,
  ];
  for (const text of bad) {
    it(`${JSON.stringify(text.slice(0, 20))} is refused`, () => {
      expect(codeOf(() => parseSelector(text))).toBe('MALFORMED');
    });
  }
});

describe('globs', () => {
  it('match what the plain matcher matches', () => {
    const word = (letters: readonly string[], maxLength: number) =>
      fc.array(fc.constantFrom(...letters), { maxLength }).map((parts) => parts.join(''));
    const repetitive = word(['a', 'a', 'b', 'ab'], 5).map((part) => `*${part}*`);
    const globs = fc.oneof(
      pattern,
      repetitive,
      fc.tuple(repetitive, pattern).map(([a, b]) => a + b),
    );
    const texts = fc.oneof(word(['a', 'b', '*', '\\'], 10), word(['a', 'a', 'b'], 14));
    fc.assert(
      fc.property(globs, texts, (glob, string) => {
        expect(compileGlob(glob)(string)).toBe(globSlowly(glob, string));
      }),
      { numRuns: 8_000 },
    );
  });

  it('follow the examples of the specification', () => {
    const matches = compileGlob('Alice\\*, Bob*, Carol.');
    for (const text of ['Alice*, Bob, Dan, Erin, Carol.', 'Alice*, Bob  , Carol.']) {
      expect(matches(text)).toBe(true);
    }
    for (const text of [
      'Alice*, Bob*, Carol!',
      ' Alice*, Bob, Carol. ',
      'Alice Cooper, Bob, Carol.',
    ]) {
      expect(matches(text)).toBe(false);
    }
  });

  it('find a part that begins inside a failed attempt at it', () => {
    expect(compileGlob('*aab*')('aaab')).toBe(true);
    expect(compileGlob('*aabaaac*')('aabaaabaaac')).toBe(true);
    expect(compileGlob('*aabaaac*')('aabaaabaaab')).toBe(false);
  });

  it('read every character a bounded number of times, however hostile', () => {
    // Counted, not timed: reads of the text are linear in its length.
    const length = 20_000;
    const hostile = 'a'.repeat(length);
    const matches = compileGlob(`${'*aaaaaaab'.repeat(400)}*`);
    const reads = vi.spyOn(String.prototype, 'charCodeAt');
    let counted = 0;
    try {
      expect(matches(hostile)).toBe(false);
      counted = reads.mock.calls.length;
    } finally {
      reads.mockRestore();
    }
    expect(counted).toBeGreaterThan(length);
    expect(counted).toBeLessThan(length * 8);
  });

  it('are at most 64 in a policy, however deep', () => {
    const likes = (n: number) => Array.from({ length: n }, () => ['not', ['like', '.a', '*']]);
    expect(codeOf(() => parsePolicy([['or', likes(60)], ...likes(4)]))).toBe('ACCEPTED');
    expect(codeOf(() => parsePolicy([['or', likes(60)], ...likes(5)]))).toBe('MALFORMED');
  });

  it('longer than the limit are refused in a policy', () => {
    expect(codeOf(() => parsePolicy([['like', '.a', '*'.repeat(4096)]]))).toBe('ACCEPTED');
    expect(codeOf(() => parsePolicy([['like', '.a', '*'.repeat(4097)]]))).toBe('MALFORMED');
  });
});

interface Generated {
  statement: Statement;
  selectors: Selectors;
}

const selector = steps.map((path) => ({ text: printSelector(path), path }));
const { statement } = fc.letrec<{ statement: Generated }>((tie) => {
  const leaf = fc
    .tuple(
      selector,
      fc.oneof(
        fc.tuple(fc.constantFrom('==' as const, '!=' as const), anything),
        fc.tuple(fc.constantFrom('<', '<=', '>', '>='), fc.integer({ min: -2, max: 4 })),
        fc.tuple(fc.constant('like' as const), pattern),
      ),
    )
    .map(([{ text, path }, [op, argument]]): Generated => ({
      statement: [op, text, argument] as Statement,
      selectors: new Map([[text, path]]),
    }));
  const many = fc
    .tuple(
      fc.constantFrom('and' as const, 'or' as const),
      fc.array(tie('statement'), { maxLength: 3 }),
    )
    .map(([op, parts]): Generated => ({
      statement: [op, parts.map((part) => part.statement)],
      selectors: new Map(parts.flatMap((part) => [...part.selectors])),
    }));
  const not = tie('statement').map((part): Generated => ({
    statement: ['not', part.statement],
    selectors: part.selectors,
  }));
  const quantified = fc
    .tuple(fc.constantFrom('all' as const, 'any' as const), selector, tie('statement'))
    .map(([op, { text, path }, part]): Generated => ({
      statement: [op, text, part.statement],
      selectors: new Map([...part.selectors, [text, path]]),
    }));
  return { statement: fc.oneof({ maxDepth: 4 }, leaf, leaf, many, not, quantified) };
});

describe('policies', () => {
  it('judge as the plain interpreter judges, and always explain a refusal', () => {
    let admitted = 0;
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 2 }), anything, (parts, args) => {
        const policy = parsePolicy(parts.map((part) => part.statement));
        const failure = compilePolicy(policy)(args);
        const expected = parts.every(
          (part) => judgeSlowly(part.statement, args, part.selectors) === true,
        );
        expect(failure === undefined).toBe(expected);
        if (expected) admitted += 1;
        if (failure !== undefined) {
          expect(failure.statement).toMatch(/^(\/\d+)+$/);
          expect(failure.expected.length + failure.actual.length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 5_000 },
    );
    expect(admitted).toBeGreaterThan(200);
  });

  const judge = (policy: unknown, args: unknown) => compilePolicy(parsePolicy(policy))(args);

  it('follow the examples of the specification', () => {
    const katie = { name: 'Katie', age: 35, nationalities: ['Canadian', 'South African'] };
    const american = ['==', '.nationalities', ['American']];
    const isKatie = ['==', '.name', 'Katie'];
    expect(judge([['and', []]], katie)).toBeUndefined();
    expect(judge([['and', [isKatie, ['>=', '.age', 21]]]], katie)).toBeUndefined();
    expect(judge([['and', [isKatie, ['>=', '.age', 21], american]]], katie)).toEqual({
      statement: '/0/1/2',
      selector: '.nationalities',
      expected: '== a list of 1',
      actual: 'a list of 2',
    });
    expect(judge([['or', []]], katie)).toBeUndefined();
    expect(judge([['or', [isKatie, ['>', '.age', 45]]]], katie)).toBeUndefined();
    expect(judge([['not', ['and', [isKatie, american]]]], katie)).toBeUndefined();
    const args = { a: [{ b: 1 }, { b: 2 }, { z: [7, 8, 9] }] };
    expect(judge([['all', '.a', ['>', '.b', 0]]], args)).toMatchObject({ statement: '/0/2' });
    expect(judge([['any', '.a', ['==', '.b', 2]]], args)).toBeUndefined();
    expect(judge([['==', '.a[0].b', 1.0]], args)).toBeUndefined();
  });

  it('cannot be evaded through not, by leaving a value out or changing its type', () => {
    const limit = [['not', ['>', '.amount', 10]]];
    expect(judge(limit, { amount: 5 })).toBeUndefined();
    for (const amount of [11, '11', null, [11], Number.NaN, Infinity, undefined]) {
      expect(judge(limit, { amount })).toBeDefined();
    }
    expect(judge(limit, {})).toBeDefined();
    expect(judge([['!=', '.to', 'mallory']], {})).toBeDefined();
    expect(judge([['not', ['like', '.to', 'mallory*']]], { to: ['mallory'] })).toBeDefined();
    expect(judge([['any', '.to', ['==', '.', 'bob']]], { to: [] })).toBeDefined();
  });

  it('do not hold for a text that is too long to look through, nor do their opposites', () => {
    const like = ['like', '.a', '*b*'];
    const [fits, longer] = ['b'.repeat(4_096), 'b'.repeat(4_097)];
    expect(judge([like], { a: fits })).toBeUndefined();
    expect(judge([like], { a: longer })).toBeDefined();
    expect(judge([['not', like]], { a: longer })).toBeDefined();
    expect(judge([['or', [like, ['==', '.c', 1]]]], { a: longer, c: 1 })).toBeUndefined();
  });

  it('look at so much of a call in all, and no further', () => {
    const likes = ['or', Array.from({ length: 60 }, (_, i) => ['like', '.', `*!${i}*`])];
    const texts = (n: number) => ({ a: Array.from({ length: n }, () => 'x'.repeat(4_000)) });
    const never = [['not', ['any', '.a', likes]]];
    expect(judge(never, texts(4))).toBeUndefined();
    expect(judge(never, texts(5))).toBeDefined();
    // Each call has the whole of it again.
    expect(judge(never, texts(4))).toBeUndefined();
    expect(judge([['all', '.a', ['not', likes]]], texts(5))).toBeDefined();
  });

  it('compare big integers exactly', () => {
    expect(judge([['<=', '.n', 9007199254740991]], { n: 9007199254740992n })).toBeDefined();
    expect(judge([['==', '.n', 5]], { n: 5n })).toBeUndefined();
  });

  it('say what was expected and what came, in a bounded text', () => {
    expect(judge([['<=', '.price', 5]], { price: 12 })).toEqual({
      statement: '/0',
      selector: '.price',
      expected: '<= 5',
      actual: '12',
    });
    const long = judge([['==', '.note', 'x']], { note: 'n'.repeat(100_000) });
    expect(long?.actual.length).toBeLessThan(200);
  });

  const nested = (depth: number): unknown =>
    depth === 0 ? ['==', '.', 1] : ['not', nested(depth - 1)];
  const deepLiteral = (depth: number): unknown => (depth === 0 ? 1 : [deepLiteral(depth - 1)]);
  const bad: [string, unknown][] = [
    ['not a list', { a: 1 }],
    ['an unknown operator', [['matches', '.a', 'x']]],
    ['a missing argument', [['==', '.a']]],
    ['an argument too many', [['==', '.a', 1, 2]]],
    ['a number that is text', [['<', '.a', '5']]],
    ['an integer beyond 53 bits', [['<', '.a', 2 ** 53]]],
    ['a number that is none', [['==', '.a', Number.NaN]]],
    ['a bad selector', [['==', 'a', 1]]],
    ['a pattern that is no text', [['like', '.a', 5]]],
    ['not around a list of statements', [['not', [['==', '.a', 1]]]]],
    ['and around one statement', [['and', ['==', '.a', 1]]]],
    ['statements nested too deep', [nested(20)]],
    ['literals nested too deep', [['==', '.', deepLiteral(20)]]],
    ['too many statements', Array.from({ length: 2_000 }, () => ['==', '.a', 1])],
    ['too many literals', [['==', '.a', Array.from({ length: 2_000 }, () => 1)]]],
  ];
  for (const [what, policy] of bad) {
    it(`with ${what} are refused`, () => {
      expect(codeOf(() => parsePolicy(policy))).toBe('MALFORMED');
    });
  }

  it('do not look at more elements than the limit, and refuse', () => {
    const to = Array.from({ length: 10_001 }, () => 'bob');
    expect(judge([['all', '.to', ['==', '.', 'bob']]], { to: to.slice(1) })).toBeUndefined();
    expect(judge([['all', '.to', ['==', '.', 'bob']]], { to })).toBeDefined();
  });
});
