import { execFileSync } from 'node:child_process';
import { contract, query, t } from '@anarq/common-schemas';
import { compileValidator } from '@anarq/common-schemas/validator';
import { describe, expect, it } from 'vitest';
import { everyWord } from '../../schemas/tests/everyWord.ts';
import { catalogue, helpOf, sampleOf } from '../src/index.ts';
import { shop } from './shop.ts';

describe('the help of an operation', () => {
  it('names every member of input and output, with its type in words', () => {
    const [input, output] = helpOf(everyWord.echo).split('\nOutput:\n') as [string, string];
    for (const member of Object.keys(everyWord.echo.input.properties)) {
      expect(input).toMatch(new RegExp(`^  ${member} +(required|optional)  \\S`, 'm'));
      expect(output).toMatch(new RegExp(`^  ${member} +(required|optional)  \\S`, 'm'));
    }
    for (const words of [
      'whole number, -5 to 5',
      'one of red, green',
      'list of Leaf, at most 3',
      'one of kind=circle, kind=square',
      'base64url, at most 16 bytes',
      'any JSON, at most 64 bytes',
      'map to whole number, 0 to 100, at most 4',
    ])
      expect(input).toContain(words);
    expect(input).toMatch(/maybe +optional/);
  });

  it('keeps a member readable beside one of very many words', () => {
    const words = Array.from({ length: 40 }, (_, index) => `a_result_of_some_length_${index}`);
    const wordy = contract({
      name: 'wordy',
      version: '1.0.0',
      title: 'Wordy',
      purpose: 'Says much.',
      operations: {
        ask: query({
          summary: 'Asks.',
          scope: 'wordy/ask',
          access: 'public',
          input: t.object({
            kind: t.enum(words as [string, ...string[]]),
            note: t.optional(t.string({ description: 'Short.' })),
          }),
          output: t.object({}),
        }),
      },
    });
    const help = helpOf(wordy.ask);
    expect(help).toContain(words.join(', '));
    expect(help).toMatch(/^  note  optional  text, at most 4,?096 characters  Short\.$/m);
  });

  it('says who may call, what it spends, and what to do about its errors', () => {
    const help = helpOf(shop.buy);
    for (const words of [
      'Buys an item.',
      'shop.buy (command, POST /shop/items/{itemId}/buy)',
      'The owner of item/{itemId}, or the holder of a grant for /shop/buy.',
      'Spends at most maxPrice in unit.',
      'INSUFFICIENT_FUNDS  Add funds',
      'Most you pay.',
    ])
      expect(help).toContain(words);
    expect(helpOf(shop.drop)).toContain('Goes after 2027-01-01.');
    expect(helpOf(shop.find)).toContain('Anybody, without an identity.');
  });

  it('ends with an example that a shell hands over unchanged', () => {
    const line = helpOf(shop.buy).trimEnd().split('\n').at(-1)!.trim();
    expect(line).toMatch(/^\.\/q call shop\.buy '/);
    const printed = execFileSync('sh', ['-c', line.replace('./q call shop.buy', "printf '%s'")], {
      encoding: 'utf8',
    });
    expect(JSON.parse(printed)).toEqual(shop.buy.examples[0]!.input);
  });
});

describe('a sample', () => {
  it('matches the schema that it is made from, every word of the dialect', () => {
    for (const op of [everyWord.echo, everyWord.list, shop.buy, shop.find, shop.touch, shop.drop])
      for (const schema of [op.input, op.output])
        expect(compileValidator(schema).violations(sampleOf(schema))).toEqual([]);
  });
});

describe('the catalogue', () => {
  it('lists every operation with route, tool and proof', () => {
    const [first, second] = catalogue([everyWord, shop]);
    expect(first!.operations.map((op) => op.id)).toEqual([
      'everyword.echo',
      'everyword.list',
      'everyword.run',
    ]);
    expect(second).toMatchObject({ module: 'shop', title: 'Shop', version: '2.1.0' });
    expect(second!.operations[0]).toEqual({
      id: 'shop.buy',
      summary: 'Buys an item.',
      kind: 'command',
      http: 'POST /shop/items/{itemId}/buy',
      tool: 'shop.buyItem',
      scope: '/shop/buy',
      access: 'granted',
      signature: 'full',
    });
    expect(second!.operations[2]).not.toHaveProperty('tool');
  });
});
