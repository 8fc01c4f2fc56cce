import { describe, expect, it } from 'vitest';
import { problemsOf } from './specs.ts';

describe('the comparison', () => {
  const script = 'send [USD 3] ( source = @a destination = @b ) set_tx_meta("k", 1)';
  const given = { balances: [{ account: 'a', asset: 'USD', amount: 5 }] };
  const posting = { source: 'a', destination: 'b', asset: 'USD', amount: 3 };
  const problems = (spec: object): number =>
    problemsOf({ name: '', script, given, spec: { it: '', ...spec } }).length;

  it.each([
    ['expect.postings', [posting], [{ ...posting, amount: 4 }]],
    ['expect.postings', [posting], []],
    ['expect.postings', [posting], [{ ...posting, color: 'RED' }]],
    ['expect.txMetadata', { k: '1' }, { k: '2' }],
    ['expect.metadata', {}, { a: { k: '1' } }],
    ['expect.error.missingFunds', false, true],
    ['expect.error.negativeAmount', false, true],
    ['expect.movements', { a: { b: { USD: 3 } } }, { a: { b: { USD: 2 } } }],
    ['expect.movements', { a: { b: { USD: 3 } } }, {}],
    ['expect.endBalances.include', [{ ...given.balances[0], amount: 2 }], given.balances],
    [
      'expect.endBalances',
      [
        { ...given.balances[0], amount: 2 },
        { account: 'b', asset: 'USD', amount: 3 },
      ],
      [{ ...given.balances[0], amount: 2 }],
    ],
  ])('sees what differs in %s', (key, right, wrong) => {
    expect(problems({ [key]: right })).toBe(0);
    expect(problems({ [key]: wrong })).toBeGreaterThan(0);
  });

  it('leaves out no expectation', () => {
    expect(problems({ 'expect.something': true })).toBeGreaterThan(0);
  });
});
