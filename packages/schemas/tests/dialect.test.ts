import Type, { type TSchema } from 'typebox';
import { describe, expect, it } from 'vitest';
import { checkDialect, LIMITS, page, pageInput, PATTERNS, t, wordOf } from '../src/index.ts';
import { everyWord } from './everyWord.ts';

const problemsOf = (schema: TSchema): string[] =>
  checkDialect(schema).map(({ path, problem }) => `${path}: ${problem}`);

const words: readonly (readonly [string, TSchema])[] = [
  ['object', t.object({ a: t.boolean() })],
  ['string', t.string({ minLength: 1, maxLength: 2, pattern: '^a', description: 'A.' })],
  ['string', t.enum(['a', 'b'])],
  ['integer', t.integer({ minimum: 1, maximum: 2 })],
  ['number', t.number({ minimum: 0, maximum: 1 })],
  ['boolean', t.boolean({ sensitive: 'personal' })],
  ['array', t.array(t.string(), { minItems: 1, maxItems: 2 })],
  ['union', t.union('k', [t.object({ k: t.literal('a') }), t.object({ k: t.literal('b') })])],
  ['literal', t.literal('a')],
  ['recursive', t.recursive('Node', { next: t.optional(t.self('Node')) })],
  ['map', t.map(t.string(), { maxEntries: 2 })],
  ['string', t.bytes({ maxBytes: 3, sensitive: 'secret' })],
  ['json', t.json({ maxBytes: 10 })],
  ...([t.decimal(), t.int64(), t.instant(), t.cid(), t.did(), t.cursor(), t.id()] as const).map(
    (schema) => ['string', schema] as const,
  ),
];

describe('a schema of the dialect', () => {
  it.each(words)('is accepted, and known as %s', (word, schema) => {
    expect(problemsOf(t.object({ member: schema, perhaps: t.optional(schema) }))).toEqual([]);
    expect(wordOf(schema)).toBe(word);
  });

  it('may be named, and stays what it was without the name', () => {
    const plain = t.object({ a: t.boolean() });
    const named = t.named('Thing', plain);
    expect(problemsOf(named)).toEqual([]);
    expect(named).toMatchObject({ 'x-name': 'Thing' });
    expect(plain).not.toHaveProperty('x-name');
    expect(t.object({ a: t.optional(named) }).required ?? []).toEqual([]);
  });

  it('is used in every word by the contract that is carried through each surface', () => {
    const met = new Set<string>();
    const visit = (schema: unknown): void => {
      if (typeof schema !== 'object' || schema === null) return;
      const word = wordOf(schema);
      if (word !== undefined) met.add(word);
      const format = (schema as Record<string, unknown>)['x-format'];
      if (typeof format === 'string') met.add(format);
      for (const child of Object.values(schema)) visit(child);
    };
    visit(everyWord.echo.input);
    visit(everyWord.list.output);
    const formats = Object.keys(PATTERNS).filter((format) => format !== 'id');
    for (const word of [...words.map(([name]) => name), 'self', ...formats])
      expect(met, word).toContain(word);
  });

  it('has a limit even where its author names none', () => {
    expect(t.string()).toMatchObject({ maxLength: LIMITS.string_chars });
    expect(t.array(t.boolean())).toMatchObject({ maxItems: LIMITS.array_items });
    expect(t.map(t.boolean())).toMatchObject({ maxProperties: LIMITS.map_entries });
    expect(t.json()).toMatchObject({ 'x-max-bytes': LIMITS.json_bytes });
    expect(t.bytes({ maxBytes: 3 })).toMatchObject({ maxLength: 4 });
    expect(t.integer()).toMatchObject({ maximum: Number.MAX_SAFE_INTEGER });
    expect(page(t.id()).properties.items).toMatchObject({ maxItems: LIMITS.page_items });
    expect(pageInput.limit).toMatchObject({ maximum: LIMITS.page_items });
  });
});

const named = (name: string) => t.named(name, t.object({}));
const nested = (depth: number): TSchema =>
  depth === 0 ? t.boolean() : t.object({ a: nested(depth - 1) });
const variant = (value: string) => t.object({ k: t.literal(value) });

const refusals: readonly (readonly [string, TSchema, RegExp])[] = [
  ['null', Type.Null(), /not a word/],
  ['any value', Type.Any(), /not a word/],
  ['a tuple', Type.Tuple([Type.String()]), /a list has a limit|does not take/],
  ['an intersection', Type.Intersect([t.object({}), t.object({})]), /not a word/],
  ['a bigint', Type.BigInt(), /not a word/],
  ['a union of plain types', Type.Union([Type.String(), Type.Number()]), /names its discriminator/],
  ['an open object', Type.Object({}), /objects are closed/],
  ['a record without a limit', Type.Record(Type.String(), Type.String()), /limit|does not take/],
  ['a string without a limit', Type.String(), /a string has a limit/],
  [
    'a format of JSON Schema',
    Type.String({ format: 'email', maxLength: 9 }),
    /does not take format/,
  ],
  ['an unknown format', Type.String({ 'x-format': 'colour', maxLength: 9 }), /unknown format/],
  ['a default', Type.String({ default: 'a', maxLength: 9 }), /does not take default/],
  ['a list without a limit', Type.Array(t.string()), /a list has a limit/],
  ['a unique list', Type.Array(t.string(), { maxItems: 1, uniqueItems: true }), /uniqueItems/],
  ['an integer without a range', Type.Integer(), /safe range/],
  ['an integer beyond the safe range', t.integer({ maximum: 2 ** 53 }), /safe range/],
  ['an enum of numbers', Type.Unsafe({ type: 'string', enum: [1] }), /an enum lists strings/],
  ['an empty enum', Type.Unsafe({ type: 'string', enum: [] }), /an enum lists strings/],
  ['a literal number', Type.Literal(1), /a literal is a string/],
  ['json without a limit', Type.Unsafe({ 'x-format': 'json' }), /json has a limit/],
  ['a member name with a dash', t.object({ 'a-b': t.boolean() }), /a-b is not a member name/],
  ['a member name of the prototype', t.object({ ['__proto__x']: t.boolean() }), /member name/],
  ['a union without its literal', t.union('k', [variant('a'), t.object({})]), /variant 1/],
  ['a union with the same literal twice', t.union('k', [variant('a'), variant('a')]), /variant 1/],
  ['a schema name with a space', named('A b'), /not a schema name/],
  ['a schema name in lower case', named('thing'), /not a schema name/],
  ['a reference to nothing', t.object({ a: t.self('Gone') }), /Gone is not the name/],
  [
    'a reference out of its recursion',
    t.object({ tree: t.recursive('Tree', {}), other: t.self('Tree') }),
    /Tree is not the name/,
  ],
  [
    'several recursive schemas at once',
    Type.Cyclic({ A: t.object({}), B: t.object({}) }, 'A'),
    /one recursive schema/,
  ],
  [
    'recursion without a limit',
    Type.Cyclic({ A: t.object({}) }, 'A'),
    /recursive schema has a limit/,
  ],
  ['nesting beyond 24 levels', nested(30), /nested deeper than 24/],
];

describe('what is not of the dialect', () => {
  it.each(refusals)('is refused: %s', (_, schema, why) => {
    expect(problemsOf(schema).join('\n')).toMatch(why);
    expect(problemsOf(t.object({ deep: t.array(schema) })).join('\n')).toMatch(/^\$\.deep\[\]/m);
  });
});
