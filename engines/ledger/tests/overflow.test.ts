import { expect, it } from 'vitest';
import { LedgerState, TransferFlag, transferResultOf } from '../src/index.ts';
import {
  accountOf,
  accountsBatch,
  LedgerModel,
  plainAccount,
  plainTransfer,
  transfersBatch,
  type ModelTransfer,
} from '../src/testing/index.ts';

/** Around the ends of the words of 32 bits of which an amount is made. */
const EDGES = [32n, 64n, 96n, 128n].flatMap((bits) => [
  2n ** bits - 2n,
  2n ** bits - 1n,
  2n ** bits,
]);
const AMOUNTS = [1n, 2n, ...EDGES].filter((amount) => amount < 2n ** 128n);
const FLAGS = [0, TransferFlag.PENDING];

/** Each pair of amounts has three accounts of its own: debits overflow in one, credits in another. */
const CASES = AMOUNTS.flatMap((first) =>
  AMOUNTS.flatMap((second) =>
    FLAGS.flatMap((one) => FLAGS.map((two) => ({ first, second, one, two }))),
  ),
);

it('sums carry over every word of an amount, and are refused where they do not fit any more', () => {
  const accounts = CASES.flatMap((_, number) =>
    [1, 2, 3].map((place) => plainAccount(BigInt(number * 3 + place))),
  );
  const transfers = CASES.flatMap(({ first, second, one, two }, number): ModelTransfer[] => {
    const [debit, credit, other] = [1, 2, 3].map((place) => BigInt(number * 3 + place)) as [
      bigint,
      bigint,
      bigint,
    ];
    const id = BigInt(number * 4 + 1);
    return [
      plainTransfer(id, { debit, credit, amount: first, flags: one }),
      plainTransfer(id + 1n, { debit, credit: other, amount: second, flags: two }),
      plainTransfer(id + 2n, { debit: other, credit, amount: second, flags: two }),
      // What is left up to the last that fits.
      plainTransfer(id + 3n, { debit, credit, amount: 2n ** 128n - 1n - first, flags: two }),
    ];
  });
  const [state, model] = [new LedgerState({}), new LedgerModel()];
  const seen = new Set<string>();
  state.createAccounts(accountsBatch(accounts), accounts.length, 10_000n, new Uint32Array(10_000));
  model.createAccounts(accounts, 10_000n);
  const results = new Uint32Array(transfers.length);
  state.createTransfers(transfersBatch(transfers), transfers.length, 20_000n, results);
  const named = [...results].map(transferResultOf);
  for (const name of named) seen.add(name);
  expect(named).toEqual(model.createTransfers(transfers, 20_000n));
  for (const [id, account] of model.accounts)
    expect(accountOf(state.queries.account(id)!)).toEqual(account);
  expect([...seen].toSorted()).toEqual([
    'created',
    'overflows_credits',
    'overflows_credits_pending',
    'overflows_credits_posted',
    'overflows_debits',
    'overflows_debits_pending',
    'overflows_debits_posted',
  ]);
});
