import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { needs, parseTemplate, run, TemplateError } from '../src/index.ts';
import { drawn } from './templates.ts';

const namesOf = (text: string, variables = {}): string[] =>
  needs(parseTemplate(text), variables).balances.map(({ account, asset, color }) =>
    `${account} ${asset} ${color}`.trimEnd(),
  );

describe('what a run needs', () => {
  it('is each account with an end, in each branch, once', () => {
    const text = `
      vars { account $a }
      save [EUR *] from @saved
      save [EUR 1] from @other
      send [USD 1] (
        source = {
          $a
          $a
          @world
          @free allowing unbounded overdraft
          oneof { @b { 1/2 from @c \\ "RED" remaining from max overdraft(@cap, USD) from @c } }
        }
        destination = { max overdraft(@d, EUR) to @e remaining kept }
      )`;
    expect(namesOf(text, { a: 'users:1' })).toEqual([
      'saved EUR',
      'users:1 USD',
      'b USD',
      'c USD RED',
      'cap USD',
      'c USD',
      'd EUR',
    ]);
  });

  it('is every scale of an asset for a source that is scaled', () => {
    const names = namesOf(
      'send [USD/2 *] ( source = @a with scaling through @s destination = @b )',
    );
    expect(names).toHaveLength(19);
    expect(names).toEqual(expect.arrayContaining(['a USD', 'a USD/2', 'a USD/18']));
  });

  it('is asked for again where one reading leads to another', () => {
    const template = parseTemplate(
      `
      vars { account $shop = meta(@sale, "shop") monetary $due = balance($shop, EUR) }
      send $due ( source = @till destination = $shop )
      send [USD 1] ( source = @world destination = meta_free:$shop )`.replace('meta_free', '@to'),
    );
    expect(needs(template)).toEqual({
      balances: [],
      metadata: [{ account: 'sale', key: 'shop' }],
    });
    const metadata = (): string => 'shops:7';
    expect(needs(template, {}, { metadata }).balances).toEqual([
      { account: 'shops:7', asset: 'EUR', color: '' },
    ]);
    const shop = (account: string): bigint | undefined => (account === 'shops:7' ? 5n : undefined);
    expect(needs(template, {}, { metadata, balances: shop }).balances).toEqual([
      { account: 'till', asset: 'EUR', color: '' },
    ]);
    expect(needs(template, {}, { metadata, balances: () => 5n })).toEqual({
      balances: [],
      metadata: [],
    });
  });

  it('is told also of what is read only because of what the run itself moved', () => {
    const template = parseTemplate(`
      send [USD 9] ( source = @world destination = @a )
      send balance(@a, USD) + balance(@b, USD) ( source = @c destination = @d )`);
    const held: Record<string, bigint> = { a: -5n };
    const ask = (): string[] =>
      needs(template, {}, { balances: (account) => held[account] }).balances.map(
        ({ account }) => account,
      );
    // With what a owes at first, the second statement alone would be refused.
    expect(ask()).toEqual(['b']);
    held['b'] = 0n;
    expect(ask()).toEqual(['c']);
    held['c'] = 4n;
    expect(ask()).toEqual([]);
  });

  it('ends where a run will be refused', () => {
    const missing = parseTemplate(
      'vars { account $a } send [USD 1] ( source = $a destination = @b )',
    );
    expect(needs(missing)).toEqual({ balances: [], metadata: [] });
    const absent = parseTemplate('vars { number $n = meta(@a, "n") }');
    expect(needs(absent, {}, { metadata: () => null })).toEqual({ balances: [], metadata: [] });
  });

  it('is all that a run reads', () => {
    let runs = 0;
    fc.assert(
      fc.property(drawn, ({ text, balances }) => {
        let template;
        try {
          template = parseTemplate(text);
        } catch (error) {
          if (error instanceof TemplateError) return;
          throw error;
        }
        const loaded = new Map(
          needs(template).balances.map(({ account }) => [account, balances[`${account} USD`]!]),
        );
        runs += 1;
        run(template, {
          balances: (account) => {
            const balanceMinor = loaded.get(account);
            if (balanceMinor === undefined) throw new Error(`${account} was not named`);
            return balanceMinor;
          },
        });
        const known = { balances: (account: string) => loaded.get(account) };
        expect(needs(template, {}, known)).toEqual({ balances: [], metadata: [] });
      }),
      { numRuns: 500 },
    );
    expect(runs).toBeGreaterThan(100);
  });
});
