import { errorCodes } from '@anarq/common-schemas';
import { describe, expect, it } from 'vitest';
import { refused, type Given } from './support.ts';

const send = (sent: string, source = '@a', destination = '@b'): string =>
  `send ${sent} ( source = ${source} destination = ${destination} )`;

describe('a run that moves nothing', () => {
  it('says how much is missing of what', () => {
    const given = { balances: { 'a USD/2': 30n, 'b USD/2': 5n } };
    expect(refused(send('[USD/2 100]', '{ @a @b }', '@c'), given)).toEqual({
      reason: 'missing-funds',
      code: 'INSUFFICIENT_FUNDS',
      asset: 'USD/2',
      neededMinor: 100n,
      availableMinor: 35n,
      message: '100 of USD/2 are needed, 35 are there',
      line: 1,
      column: 29,
    });
  });

  it('says which share is missing, as shares do not help each other out', () => {
    const source = '{ 1/4 from @a remaining from @b }';
    const given = { balances: { 'a USD': 10n, 'b USD': 999n } };
    expect(refused(send('[USD 100]', source, '@c'), given)).toMatchObject({
      neededMinor: 25n,
      availableMinor: 10n,
    });
  });

  it('is refused as a whole where a later statement is', () => {
    const text = `${send('[USD 5]')} ${send('[USD 6]')}`;
    expect(refused(text, { balances: { 'a USD': 10n } })).toMatchObject({
      reason: 'missing-funds',
      availableMinor: 5n,
    });
  });

  it('is refused for what is wrong with a try, not for the funds of the next', () => {
    const source = 'oneof { @a allowing overdraft up to [EUR 1] @b }';
    const given = { balances: { 'a USD': 0n, 'b USD': 9n } };
    expect(refused(send('[USD 1]', source, '@c'), given).reason).toBe('asset-mismatch');
  });

  it('is refused where more has to be changed than a posting holds', () => {
    const most = String(2n ** 127n - 1n);
    const text = send(
      `[USD/18 ${most}]`,
      '@a with scaling through @s',
      '{ max [USD/18 1] to @b remaining kept }',
    );
    expect(refused(text, { balances: { 'a USD': 2n ** 120n } }).reason).toBe('amount-too-large');
  });

  const cases: readonly [why: string, text: string, given: Given, expected: object][] = [
    [
      'a variable that is not given',
      'vars { number $n }',
      {},
      { reason: 'variable-missing', variable: 'n', type: 'number' },
    ],
    [
      'a variable that objects have by themselves',
      'vars { string $__proto__ }',
      {},
      { reason: 'variable-missing' },
    ],
    [
      'a number that is none',
      'vars { number $n }',
      { variables: { n: '1e3' } },
      { reason: 'variable-invalid', variable: 'n' },
    ],
    [
      'a number beyond the range',
      'vars { number $n }',
      { variables: { n: `1${'0'.repeat(39)}` } },
      { reason: 'variable-invalid' },
    ],
    [
      'an account that is none',
      'vars { account $a }',
      { variables: { a: 'a::b' } },
      { reason: 'variable-invalid' },
    ],
    [
      'an account with its sign',
      'vars { account $a }',
      { variables: { a: '@a' } },
      { reason: 'variable-invalid' },
    ],
    [
      'an asset that is none',
      'vars { asset $a }',
      { variables: { a: 'usd' } },
      { reason: 'variable-invalid' },
    ],
    [
      'an asset with too many places',
      'vars { asset $a }',
      { variables: { a: 'USD/1234567' } },
      { reason: 'variable-invalid' },
    ],
    [
      'an amount without an asset',
      'vars { monetary $m }',
      { variables: { m: '100' } },
      { reason: 'variable-invalid' },
    ],
    [
      'an amount with decimal places',
      'vars { monetary $m }',
      { variables: { m: 'USD 1.50' } },
      { reason: 'variable-invalid' },
    ],
    [
      'a portion above one',
      'vars { portion $p }',
      { variables: { p: '101%' } },
      { reason: 'variable-invalid' },
    ],
    [
      'a portion below zero',
      'vars { portion $p }',
      { variables: { p: '-1/3' } },
      { reason: 'variable-invalid' },
    ],
    [
      'a portion of nothing',
      'vars { portion $p }',
      { variables: { p: '1/0' } },
      { reason: 'variable-invalid' },
    ],
    [
      'a portion with two points',
      'vars { portion $p }',
      { variables: { p: '1.2.3%' } },
      { reason: 'variable-invalid' },
    ],
    [
      'a portion without digits',
      'vars { portion $p }',
      { variables: { p: '%' } },
      { reason: 'variable-invalid' },
    ],
    [
      'a string that is too long',
      'vars { string $s }',
      { variables: { s: 'x'.repeat(1025) } },
      { reason: 'variable-invalid' },
    ],
    [
      'metadata that are not there',
      'vars { number $n = meta(@a, "k") }',
      {},
      { reason: 'metadata-missing', account: 'a', key: 'k' },
    ],
    [
      'metadata of another type',
      'vars { number $n = meta(@a, "k") }',
      { metadata: { a: { k: 'x' } } },
      { reason: 'metadata-invalid', type: 'number' },
    ],
    [
      'less than nothing to send',
      send('[USD -1]', '@world'),
      {},
      { reason: 'amount-negative', code: 'AMOUNT_INVALID', amountMinor: -1n },
    ],
    ['less than nothing to save', 'save [USD -1] from @a', {}, { reason: 'amount-negative' }],
    [
      'the balance of an account that owes',
      send('balance(@a, USD)', '@world'),
      { balances: { 'a USD': -7n } },
      { reason: 'balance-negative', balanceMinor: -7n },
    ],
    [
      'a cap in another asset',
      send('[USD 1]', 'max [EUR 1] from @world'),
      {},
      { reason: 'asset-mismatch', expected: 'USD', found: 'EUR' },
    ],
    [
      'an overdraft in another asset',
      send('[USD 1]', '@a allowing overdraft up to [EUR 1]'),
      {},
      { reason: 'asset-mismatch' },
    ],
    [
      'a cap of a destination in another asset',
      send('[USD 1]', '@world', '{ max [USD/2 1] to @a remaining kept }'),
      {},
      { reason: 'asset-mismatch', expected: 'USD', found: 'USD/2' },
    ],
    ['a sum of two assets', send('[USD 1] + [EUR 1]', '@world'), {}, { reason: 'asset-mismatch' }],
    [
      'portions that leave something',
      send('[USD 9]', '@world', '{ 1/3 to @a 1/3 to @b }'),
      {},
      { reason: 'portions-invalid', message: 'the portions add up to less than 1' },
    ],
    [
      'portions of more than there is',
      send('[USD 9]', '@world', '{ 2/3 to @a 2/3 to @b remaining kept }'),
      {},
      { reason: 'portions-invalid', message: 'the portions add up to more than 1' },
    ],
    [
      'a portion of more than one',
      send('[USD 9]', '@world', '{ 3/2 to @a remaining kept }'),
      {},
      { reason: 'portions-invalid', message: 'a portion is 0 to 1' },
    ],
    ['a fraction of zero', 'set_tx_meta("k", 1/0)', {}, { reason: 'division-by-zero' }],
    ['all of the world', send('[USD *]', '@world'), {}, { reason: 'unbounded', account: 'world' }],
    [
      'an account that variables do not make',
      'vars { string $s } set_tx_meta("k", @a:$s)',
      { variables: { s: 'b c' } },
      { reason: 'account-invalid', account: 'a:b c' },
    ],
    [
      'a colour that is none',
      send('[USD 1]', '@a \\ "red"'),
      {},
      { reason: 'color-invalid', color: 'red' },
    ],
    [
      'scaling of the world',
      send('[USD 1]', '@world with scaling through @s'),
      {},
      { reason: 'scaling-impossible' },
    ],
    [
      'scaling beyond the scales',
      send('[USD/999999 1]', '@a with scaling through @s'),
      {},
      { reason: 'scaling-impossible' },
    ],
    [
      'a number that grows too large',
      'vars { number $n } set_tx_meta("k", $n + $n)',
      { variables: { n: String(2n ** 127n - 1n) } },
      { reason: 'amount-too-large', code: 'AMOUNT_INVALID' },
    ],
    [
      'an amount that grows too large',
      send('[USD *]', '{ @a @c }'),
      { balances: { 'a USD': 2n ** 127n - 1n, 'c USD': 1n } },
      { reason: 'amount-too-large' },
    ],
    [
      'a change that grows too large',
      send('[USD/18 *]', '@a with scaling through @s'),
      { balances: { 'a USD': 2n ** 100n } },
      { reason: 'amount-too-large' },
    ],
  ];

  it.each(cases)('says why: %s', (_, text, given, expected) => {
    const refusal = refused(text, given);
    expect(refusal).toMatchObject(expected);
    expect(errorCodes).toContain(refusal.code);
    expect(refusal.message).not.toBe('');
  });
});
