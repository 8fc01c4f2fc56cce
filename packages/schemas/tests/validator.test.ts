import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { t, type TSchema } from '../src/index.ts';
import { compileValidator } from '../src/validator.ts';
import { everything, everyWord } from './everyWord.ts';

const accepts = (schema: TSchema, value: unknown): boolean => {
  const validator = compileValidator(schema);
  const checked = validator.check(value);
  // The two ways of asking never disagree.
  expect(validator.violations(value).length === 0).toBe(checked);
  return checked;
};

const violationsOf = (schema: TSchema, value: unknown) =>
  compileValidator(schema).violations(value);

/** An object that holds itself `levels` times under `member`. */
const nest = (levels: number, member: string, leaf: object = {}): object => {
  let value = leaf;
  for (let level = 1; level < levels; level += 1) value = { [member]: value };
  return value;
};

describe('a value', () => {
  it('of every word is accepted', () => {
    expect(violationsOf(everyWord.echo.input, everything)).toEqual([]);
    expect(accepts(everyWord.echo.input, everything)).toBe(true);
    expect(accepts(everyWord.list.output, { items: [everything], next: 'AA' })).toBe(true);
  });

  const wrong: readonly (readonly [string, object])[] = [
    ['id', { id: '' }],
    ['text', { text: 'x'.repeat(201) }],
    ['whole', { whole: 6 }],
    ['whole', { whole: 1.5 }],
    ['measure', { measure: -1 }],
    ['measure', { measure: Number.NaN }],
    ['flag', { flag: 'true' }],
    ['colour', { colour: 'blue' }],
    ['list', { list: Array.from({ length: 4 }, () => ({ label: 'x' })) }],
    ['list', { list: [{ label: 'x', extra: 1 }] }],
    ['shape', { shape: { kind: 'circle', side: '1' } }],
    ['shape', { shape: { kind: 'triangle' } }],
    ['tree', { tree: { value: 'a', children: [{ value: 1 }] } }],
    ['counts', { counts: { a: 101 } }],
    ['counts', { counts: { a: 1, b: 1, c: 1, d: 1, e: 1 } }],
    ['counts', { counts: { ['k'.repeat(257)]: 1 } }],
    ['blob', { blob: 'AA==' }],
    ['blob', { blob: 'A'.repeat(23) }],
    ['anything', { anything: 'x'.repeat(63) }],
    ['price', { price: 12.34 }],
    ['price', { price: '1e3' }],
    ['price', { price: '01' }],
    ['big', { big: 9 }],
    ['big', { big: '9223372036854775808' }],
    ['big', { big: '-9223372036854775809' }],
    ['at', { at: '2026-01-02T03:04:05+01:00' }],
    ['at', { at: '2026-13-02T03:04:05Z' }],
    ['cid', { cid: 'QmNotOfVersionOne' }],
    ['owner', { owner: 'squid:abc' }],
    ['', { extra: 1 }],
    ['', { text: undefined }],
    ['', { id: null }],
  ];

  it.each(wrong)('is refused with the place of what is wrong: %s in %j', (member, change) => {
    const value = { ...everything, ...change };
    expect(accepts(everyWord.echo.input, value)).toBe(false);
    const [first] = violationsOf(everyWord.echo.input, value);
    expect(first!.path.startsWith(member === '' ? '' : `/${member}`)).toBe(true);
    expect(first!.expected.length).toBeGreaterThan(0);
  });

  it('is refused with at most eight violations, each in words', () => {
    const schema = t.object(
      Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`m${index}`, t.boolean()])),
    );
    const value = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`m${index}`, 1]));
    expect(violationsOf(schema, value)).toHaveLength(8);
    expect(violationsOf(t.object({ a: t.boolean() }), {})).toEqual([
      { path: '', expected: 'members a' },
    ]);
    expect(violationsOf(t.object({}), { b: 1 })).toEqual([
      { path: '', expected: 'no member named b' },
    ]);
    expect(violationsOf(t.object({ c: t.enum(['x', 'y']) }), { c: 'z' })[0]).toEqual({
      path: '/c',
      expected: 'one of x, y',
    });
  });

  it('deeper than 64 levels is refused, however deep, and at 64 accepted', () => {
    const schema = t.object({ a: t.json() });
    expect(accepts(schema, { a: nest(63, 'b') })).toBe(true);
    expect(accepts(schema, { a: nest(64, 'b') })).toBe(false);
    const tree = t.recursive('Tree', { next: t.optional(t.self('Tree')) });
    expect(accepts(tree, nest(100_000, 'next'))).toBe(false);
  });

  it('that is recursive is refused beyond 32 levels of itself', () => {
    const chain = t.object({ chain: t.recursive('Link', { next: t.optional(t.self('Link')) }) });
    expect(accepts(chain, { chain: nest(32, 'next') })).toBe(true);
    expect(accepts(chain, { chain: nest(33, 'next') })).toBe(false);
    expect(violationsOf(chain, { chain: nest(33, 'next') })[0]!.expected).toBe(
      'at most 32 levels of Link',
    );
  });

  it('with text that is not well-formed Unicode is refused, in members and in their names', () => {
    const schema = t.object({ text: t.string(), counts: t.map(t.boolean()), free: t.json() });
    const good = { text: '😀', counts: { '😀': true }, free: null };
    expect(accepts(schema, good)).toBe(true);
    for (const bad of [
      { ...good, text: '\ud83d' },
      { ...good, counts: { '\ude00': true } },
      { ...good, free: { deep: ['\ud83d'] } },
    ])
      expect(accepts(schema, bad)).toBe(false);
    expect(violationsOf(schema, { ...good, text: '\ud83d' })).toEqual([
      { path: '/text', expected: 'well-formed Unicode' },
    ]);
  });

  it('names its place as a JSON pointer, with what a pointer escapes', () => {
    const schema = t.object({ free: t.map(t.json({ maxBytes: 4 })) });
    expect(violationsOf(schema, { free: { 'a/b~c': 'long' } })[0]!.path).toBe('/free/a~1b~0c');
  });
});

describe('the size of free JSON', () => {
  const limited = t.json({ maxBytes: 8 });

  it('is counted in bytes of UTF-8, up to the limit', () => {
    expect(accepts(limited, 'ééé')).toBe(true);
    expect(accepts(limited, 'éééé')).toBe(false);
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
        const parsed: unknown = JSON.parse(JSON.stringify(value));
        const bytes = Buffer.byteLength(JSON.stringify(parsed));
        // fast-check may make ill-formed strings; those are refused for another reason.
        if (JSON.stringify(parsed).includes('\\ud')) return;
        expect(accepts(t.json({ maxBytes: bytes }), parsed)).toBe(true);
        expect(accepts(t.json({ maxBytes: bytes - 1 }), parsed)).toBe(false);
      }),
    );
  });

  it('holds in lists, maps, optional members and at every level of recursion', () => {
    const long = 'x'.repeat(7);
    expect(accepts(t.array(limited), ['ok', long])).toBe(false);
    expect(accepts(t.map(limited), { a: 'ok', b: long })).toBe(false);
    const optional = t.object({ a: t.optional(limited) });
    expect(accepts(optional, {})).toBe(true);
    expect(accepts(optional, { a: long })).toBe(false);
    const tree = t.recursive('Tree', { free: limited, kids: t.optional(t.array(t.self('Tree'))) });
    expect(accepts(tree, { free: 1, kids: [{ free: 2, kids: [{ free: 3 }] }] })).toBe(true);
    expect(accepts(tree, { free: 1, kids: [{ free: 2, kids: [{ free: long }] }] })).toBe(false);
  });

  it('is that of the variant which the value is', () => {
    const schema = t.union('kind', [
      t.object({ kind: t.literal('small'), free: t.json({ maxBytes: 4 }) }),
      t.object({ kind: t.literal('large'), free: t.json({ maxBytes: 40 }) }),
    ]);
    expect(accepts(schema, { kind: 'large', free: 'x'.repeat(20) })).toBe(true);
    expect(accepts(schema, { kind: 'small', free: 'x'.repeat(20) })).toBe(false);
  });
});
