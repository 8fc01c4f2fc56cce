import { describe, expect, it } from 'vitest';
import { parseTemplate, TemplateError, variablesOf } from '../src/index.ts';

function errorOf(text: string): TemplateError {
  try {
    parseTemplate(text);
  } catch (error) {
    if (error instanceof TemplateError) return error;
    throw error;
  }
  throw new Error('the text was read');
}

const send = (source: string, destination = '@b', sent = '[USD 1]'): string =>
  `send ${sent} ( source = ${source} destination = ${destination} )`;

describe('a text that is no template', () => {
  it.each([
    ['sned [USD 1] ()', 1, 1, 'expected send, save, set_tx_meta or set_account_meta, found "sned"'],
    ['send [USD 1]\n(\n  source @a', 3, 10, 'expected =, found "@a"'],
    ['send [USD 1] ( destination = @a', 1, 16, 'expected source, found "destination"'],
    ['send [USD 1] (', 1, 15, 'expected source, found the end of the text'],
    [send('@a', '{ max [USD 1] to @b }'), 1, 62, 'expected max or remaining, found "}"'],
    [send('@a', '{}'), 1, 43, 'expected max, remaining or a portion, found "}"'],
    [send('@a', 'kept'), 1, 42, 'expected a destination, found "kept"'],
    [send('@a', '{ 1/2 @b }'), 1, 48, 'expected to or kept, found "@b"'],
    [send('{ 1/2 @a }'), 1, 31, 'expected from, found "@a"'],
    [send('{ @a'), 1, 30, 'expected a source, found "destination"'],
    ['send [USD 1] ( source = { @a', 1, 29, 'expected a source or }, found the end of the text'],
    [
      'send [USD 1] ( source = { 1/2 from @a',
      1,
      38,
      'expected a portion, remaining or }, found the end of the text',
    ],
    ['send [USD 1] ( source =', 1, 24, 'expected a source, found the end of the text'],
    [send('@a allowing overdraft'), 1, 47, 'expected up, found "destination"'],
    [
      send('@a allowing any'),
      1,
      37,
      'expected unbounded overdraft, or overdraft up to, found "any"',
    ],
    [send('oneof { }'), 1, 33, 'expected a source, found "}"'],
    [
      'vars { amount $a }',
      1,
      8,
      'expected a type (account, asset, monetary, number, portion, string) or }, found "amount"',
    ],
    ['vars { number a }', 1, 15, 'expected the name of a variable, found "a"'],
    ['vars { number $a number $a }', 1, 25, '$a is declared twice'],
    ['vars { number $a = $b number $b }', 1, 20, 'the variable $b is not declared before'],
    [
      'vars { number $a = nothing(1) }',
      1,
      20,
      'expected one of balance, overdraft, meta, get_asset, get_amount, found "nothing"',
    ],
    [
      'set_tx_meta("k", meta(@a, "b"))',
      1,
      18,
      'meta() is what a variable is declared to be, nothing else',
    ],
    ['set_tx_meta("k", )', 1, 18, 'expected a value, found ")"'],
    ['set_tx_meta("k" 1)', 1, 17, 'expected ,, found "1"'],
  ])('is refused with place and what was expected: %s', (text, line, column, message) => {
    const error = errorOf(text);
    expect(error.message).toBe(`line ${line}, column ${column}: ${message}`);
    expect(error).toMatchObject({ line, column, code: 'INPUT_INVALID' });
  });

  it.each([
    [send('USD'), 25, 'expected an account, found an asset'],
    [send('"a"'), 25, 'expected an account, found a string'],
    [send('{ 1 from @a }'), 27, 'expected an account, found a number'],
    [send('{ 1/2 from @a @b from @c }'), 39, 'expected a portion, found an account'],
    [send('max 5 from @a'), 29, 'expected a monetary amount, found a number'],
    [send('@a allowing overdraft up to 5'), 53, 'expected a monetary amount, found a number'],
    [send('@a \\ USD'), 30, 'expected a string, found an asset'],
    [send('@a', '[USD 1]'), 42, 'expected an account, found a monetary amount'],
    [send('@a', '@b', '100'), 6, 'expected a monetary amount, found a number'],
    [send('@a', '@b', '[10 USD]'), 7, 'expected an asset, found a number'],
    [send('@a', '@b', '[USD 1/2]'), 11, 'expected a number, found a portion'],
    [send('@a', '@b', '[USD 1] + 1'), 16, 'expected a monetary amount, found a number'],
    ['set_tx_meta("k", 1 + [USD 1])', 22, 'expected a number, found a monetary amount'],
    ['set_tx_meta("k", "a" + "b")', 18, 'expected a number or a monetary amount, found a string'],
    ['set_tx_meta("k", [USD 1] / 2)', 18, 'expected a number, found a monetary amount'],
    ['set_tx_meta("k", -@a)', 19, 'expected a number or a monetary amount, found an account'],
    ['set_tx_meta(1, 2)', 13, 'expected a string, found a number'],
    ['set_account_meta(USD, "k", 2)', 18, 'expected an account, found an asset'],
    ['save [USD 1] from USD', 19, 'expected an account, found an asset'],
    ['vars { number $a = @b }', 20, 'expected a number, found an account'],
    ['vars { monetary $a = balance(USD, @b) }', 30, 'expected an account, found an asset'],
    [
      'vars { portion $p } set_tx_meta("k", @a:$p)',
      41,
      'expected an account or a number or a string, found a portion',
    ],
  ])('is refused for a value of another type: %s', (text, column, message) => {
    expect(errorOf(text).message).toBe(`line 1, column ${column}: ${message}`);
  });

  it.each([
    ['send ?', 6, '"?" stands for nothing here'],
    ['send 💶', 6, '"💶" stands for nothing here'],
    ['send @ ', 7, 'expected the name of an account after @'],
    ['send @$a', 7, 'expected the name of an account after @'],
    ['send @a:', 9, 'expected a part of the name of an account after :'],
    ['send $A', 6, 'expected a name after $, of small letters, digits and _'],
    ['send 1.5', 9, 'expected % after decimal places: amounts are whole minor units'],
    ['send 1.%', 8, 'expected a digit'],
    ['send 1_', 8, 'expected a digit'],
    ['send "abc', 6, 'expected " at the end of the string'],
    ['send "a\nb"', 6, 'expected " at the end of the string'],
    ['send /* abc', 6, 'expected */ at the end of the comment'],
    ['send USD/1234567', 6, 'USD/1234567 is too long for an asset'],
    ['send 170141183460469231731687303715884105728', 6, 'the number is beyond 2^127 - 1'],
  ])('is refused at the character that has no meaning: %s', (text, column, message) => {
    expect(errorOf(text).message).toBe(`line 1, column ${column}: ${message}`);
  });

  it('is told by line and column behind comments and lines of both systems', () => {
    expect(errorOf('// one\r\n/* two\nthree */ send\n\n   !')).toMatchObject({
      line: 5,
      column: 4,
    });
  });

  it('sends all of an asset from what has an end only, unless below a cap', () => {
    const all = '[USD *]';
    expect(errorOf(send('{ 1/2 from @a remaining from @b }', '@b', all)).message).toContain(
      'portions need an amount',
    );
    expect(
      errorOf(send('{ @c oneof { @a allowing unbounded overdraft } }', '@b', all)).message,
    ).toContain('an unbounded overdraft has no end');
    parseTemplate(send('max [USD 5] from @a allowing unbounded overdraft', '@b', all));
    parseTemplate(send('max [USD 5] from { 1/2 from @a remaining from @b }', '@b', all));
  });

  it('scales no funds of one colour', () => {
    expect(errorOf(send('@a \\ "X" with scaling through @s')).message).toBe(
      'line 1, column 34: funds of one colour are not scaled',
    );
  });

  it('has one remaining at most', () => {
    const twice = send('@a', '{ remaining to @b 1/2 to @c remaining kept }');
    expect(errorOf(twice).message).toContain('there is one remaining at most');
  });
});

describe('a template', () => {
  it('names the variables that a run has to be given, and their types', () => {
    const template = parseTemplate(`
      vars {
        account $buyer
        portion $fee_2
        monetary $price = meta($buyer, "price")
        number $n = 1 + 2
      }
    `);
    expect(variablesOf(template)).toEqual([
      { name: 'buyer', type: 'account' },
      { name: 'fee_2', type: 'portion' },
    ]);
  });

  it('may be empty, or comments alone', () => {
    expect(parseTemplate(' // nothing\n/**/')).toEqual({ variables: [], statements: [] });
  });
});
