import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { needs, parseTemplate, run, TemplateError } from '../src/index.ts';
import { completed, refused } from './support.ts';

const codeOf = (text: string): string => {
  try {
    parseTemplate(text);
  } catch (error) {
    if (error instanceof TemplateError) return error.code;
    throw error;
  }
  return 'read';
};

const send = (source: string, destination = '@b'): string =>
  `send [USD 1] ( source = ${source} destination = ${destination} )`;
const nested = (open: string, inner: string, close: string, times: number): string =>
  open.repeat(times) + inner + close.repeat(times);

describe('a text that asks for too much', () => {
  it.each([
    ['is longer than a template', ' '.repeat(65_537)],
    ['nests sources', send(nested('{ ', '@a', ' }', 20_000))],
    ['nests caps', send(nested('max [USD 1] from ', '@a', '', 3_000))],
    ['nests choices', send(nested('oneof { ', '@a', ' }', 5_000))],
    ['nests portions', send(nested('{ remaining from ', '@a', ' }', 2_000))],
    ['nests destinations', send('@a', nested('{ remaining to ', '@b', ' }', 3_000))],
    ['nests brackets', `set_tx_meta("k", ${nested('(', '1', ')', 30_000)})`],
    ['nests amounts', `send ${nested('[get_asset(', '[USD 1]', ') 1]', 3_000)} ()`],
    ['nests signs', `set_tx_meta("k", ${'-'.repeat(60_000)}1)`],
    ['has many statements', 'set_tx_meta("k", 1) '.repeat(257)],
    [
      'has many variables',
      `vars { ${Array.from({ length: 65 }, (_, i) => `number $n${i}`).join(' ')} }`,
    ],
    ['has many sources', send(`{ ${'@a '.repeat(1_024)} }`)],
    ['has many scaled sources', send(`{ ${'@a with scaling through @s '.repeat(60)} }`)],
    [
      'has many destinations',
      send('@a', `{ ${'max [USD 1] kept '.repeat(1_024)} remaining kept }`),
    ],
    ['has a long number', `set_tx_meta("k", ${'1'.repeat(60_000)})`],
    ['has a long number of groups', `set_tx_meta("k", 1${'_1'.repeat(30_000)})`],
    ['has a long percentage', `set_tx_meta("k", 0.${'1'.repeat(40)}%)`],
    ['has a long string', `set_tx_meta("${'x'.repeat(60_000)}", 1)`],
    ['has a long account', send(`@${'a'.repeat(257)}`)],
  ])('is refused where it %s', (_, text) => {
    expect(codeOf(text)).toBe('LIMIT_EXCEEDED');
  });

  it('is read up to each limit', () => {
    expect(codeOf(send(nested('{ ', '@a', ' }', 31)))).toBe('read');
    expect(codeOf(send(`{ ${'@a '.repeat(1_023)} }`))).toBe('read');
    expect(codeOf('set_tx_meta("k", 1) '.repeat(256))).toBe('read');
    expect(codeOf(send(`@${'a'.repeat(256)}`))).toBe('read');
    expect(codeOf(`set_tx_meta("${'x'.repeat(1_024)}", 1)`)).toBe('read');
  });
});

describe('a template at its limits', () => {
  it('divides exactly by a thousand fractions without a common divisor', () => {
    const least = 10n ** 37n;
    const parts = Array.from({ length: 700 }, (_, i) => `1/${least + BigInt(i)} to @d${i % 5}`);
    const destination = `{ ${parts.join(' ')} remaining to @rest }`;
    const { postings } = completed(
      `send [USD ${10n ** 38n}] ( source = @world destination = ${destination} )`,
    );
    const sum = postings.reduce((total, { amountMinor }) => total + amountMinor, 0n);
    expect(sum).toBe(10n ** 38n);
    expect(postings).toHaveLength(701);
  });

  it('adds long sums', () => {
    const text = `set_tx_meta("k", 1${' + 1'.repeat(16_000)})`;
    expect(completed(text).transactionMetadata.get('k')).toBe('16001');
  });

  it('makes no account longer than one may be', () => {
    const doubling = Array.from({ length: 60 }, (_, i) => `account $v${i + 1} = @x:$v${i}:$v${i}`);
    const text = `vars { account $v0 = @x ${doubling.join(' ')} }`;
    expect(refused(text)).toMatchObject({ reason: 'account-invalid' });
  });

  it('undoes a thousand tries', () => {
    const tries = Array.from({ length: 1_000 }, (_, i) => `@a${i}`);
    const text = `send [USD 10] ( source = oneof { ${tries.join(' ')} } destination = @b )`;
    const balances = Object.fromEntries(
      tries.map((name, i) => [`${name.slice(1)} USD`, i === 999 ? 10n : 9n]),
    );
    expect(completed(text, { balances }).postings).toEqual([
      { source: 'a999', destination: 'b', asset: 'USD', amountMinor: 10n },
    ]);
  });
});

describe('any text', () => {
  const words = fc.constantFrom(
    ...'send save vars source destination max from to remaining kept allowing unbounded overdraft up'.split(
      ' ',
    ),
    ...'oneof with scaling through set_tx_meta set_account_meta balance meta get_asset account'.split(
      ' ',
    ),
    ...'number monetary portion @a @b:$x $x $y USD USD/2 1 100 1/2 50% 0.1% "s" ( ) { } [ ] = , * + - / \\'.split(
      ' ',
    ),
  );
  const soup = fc.array(words, { maxLength: 40 }).map((all) => all.join(' '));
  const valid = `vars { number $x account $y = meta(@a, "k") }
    send [USD/2 $x] ( source = { 1/2 from oneof { @a @b:$x } remaining from max [USD/2 9] from @world }
      destination = { max balance(@a, USD/2) to $y remaining kept } )
    set_account_meta($y, "s", $x/2)`.split(' ');
  const changed = fc
    .tuple(fc.nat(valid.length - 1), fc.nat(3), words)
    .map(([at, removed, word]) => valid.toSpliced(at, removed, word).join(' '));

  it('is a template, or is refused with its place; and a template runs, or says why not', () => {
    let read = 0;
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'grapheme' }), soup, changed),
        fc.string(),
        (text, value) => {
          let template;
          try {
            template = parseTemplate(text);
          } catch (error) {
            expect(error).toBeInstanceOf(TemplateError);
            return;
          }
          read += 1;
          for (const x of [value, '7', undefined]) {
            const variables = x === undefined ? {} : { x };
            needs(template, variables);
            const input = { variables, balances: () => 5n, metadata: () => value };
            expect(typeof run(template, input).ok).toBe('boolean');
          }
        },
      ),
      { numRuns: 5_000 },
    );
    expect(read).toBeGreaterThan(100);
  });
});
