import { command, contract, event, page, pageInput, process, query, t } from '../src/index.ts';

/** One contract that uses every word of the dialect; surfaces and derivations are shown with it. */
const Leaf = t.named('Leaf', t.object({ label: t.string({ minLength: 1, maxLength: 40 }) }));

export const Everything = t.named(
  'Everything',
  t.object({
    id: t.id(),
    text: t.string({ maxLength: 200 }),
    whole: t.integer({ minimum: -5, maximum: 5 }),
    measure: t.number({ minimum: 0 }),
    flag: t.boolean(),
    colour: t.enum(['red', 'green']),
    list: t.array(Leaf, { maxItems: 3 }),
    maybe: t.optional(t.string({ maxLength: 10 })),
    shape: t.union('kind', [
      t.object({ kind: t.literal('circle'), radius: t.decimal() }),
      t.object({ kind: t.literal('square'), side: t.decimal() }),
    ]),
    tree: t.recursive('Tree', {
      value: t.string({ maxLength: 20 }),
      children: t.optional(t.array(t.self('Tree'), { maxItems: 4 })),
    }),
    counts: t.map(t.integer({ minimum: 0, maximum: 100 }), { maxEntries: 4 }),
    blob: t.bytes({ maxBytes: 16, sensitive: 'secret' }),
    anything: t.json({ maxBytes: 64 }),
    price: t.decimal(),
    big: t.int64(),
    at: t.instant(),
    cid: t.cid(),
    owner: t.did({ sensitive: 'personal' }),
  }),
);

export const everyWord = contract({
  name: 'everyword',
  version: '1.2.3',
  title: 'Every word',
  purpose: 'Shows that every word of the dialect reaches every surface.',
  operations: {
    echo: command({
      summary: 'Answers with what it was given.',
      http: 'POST /echo/{id}',
      scope: 'everyword/echo',
      input: Everything,
      output: Everything,
      emits: ['q.everyword.echoed.v1'],
    }),
    list: query({
      summary: 'Lists what was echoed.',
      scope: 'everyword/list',
      input: t.object({ ...pageInput, flag: t.optional(t.boolean()) }),
      output: page(Everything),
    }),
    run: process({
      summary: 'Echoes as a step.',
      scope: 'everyword/run',
      uses: ['everyword.echo'],
      input: Everything,
      output: Everything,
    }),
  },
  events: {
    'q.everyword.echoed.v1': event({
      summary: 'Something was echoed.',
      schema: t.object({ id: t.id(), everything: Everything }),
      subject: 'id',
    }),
  },
});

/** A value that uses every word. */
export const everything = {
  id: 'a1',
  text: 'héllo',
  whole: -5,
  measure: 0.5,
  flag: true,
  colour: 'red' as const,
  list: [{ label: 'x' }],
  shape: { kind: 'circle' as const, radius: '1.50' },
  tree: { value: 'root', children: [{ value: 'leaf' }] },
  counts: { a: 1 },
  blob: 'AAEC',
  anything: { free: ['form', 1, null] },
  price: '12.34',
  big: '9223372036854775807',
  at: '2026-01-02T03:04:05.678Z',
  cid: 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy',
  owner: 'did:squid:QmExampleExampleExample',
};
