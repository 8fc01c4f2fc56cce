import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AccountFlag as A, LedgerState, TransferFlag as T } from '../src/index.ts';
import {
  accountOf,
  accountsBatch,
  plainAccount,
  plainTransfer,
  transfersBatch,
  type ModelTransfer,
} from '../src/testing/index.ts';

const ACCOUNTS = [1n, 2n, 3n, 4n, 5n];
const FLAGS = [
  0,
  A.DEBITS_MUST_NOT_EXCEED_CREDITS,
  A.CREDITS_MUST_NOT_EXCEED_DEBITS,
  A.HISTORY,
  A.HISTORY | A.DEBITS_MUST_NOT_EXCEED_CREDITS,
];

const transfers = (flags: readonly number[]) =>
  fc.array(
    fc.record({
      debit: fc.constantFrom(...ACCOUNTS, 9n),
      credit: fc.constantFrom(...ACCOUNTS),
      amount: fc.bigInt(0n, 20n),
      flags: fc.constantFrom(...flags),
    }),
    { minLength: 1, maxLength: 12 },
  );

/** Posts into books. @returns the results, and how the accounts stand then */
function post(state: LedgerState, events: readonly Partial<ModelTransfer>[], firstId: bigint) {
  const batch = events.map((event, index) => plainTransfer(firstId + BigInt(index), event));
  // A chain that the batch leaves open is another matter.
  const closed = batch.map((event, index) =>
    index === batch.length - 1 ? { ...event, flags: event.flags & ~T.LINKED } : event,
  );
  const results = new Uint32Array(closed.length);
  const timestamp = state.lastTimestamp + BigInt(closed.length);
  state.createTransfers(transfersBatch(closed), closed.length, timestamp, results);
  return {
    results: [...results],
    accounts: ACCOUNTS.map((id) => accountOf(state.queries.account(id)!)),
  };
}

it('a copy of some accounts answers transfers as a copy of all, and neither changes the books', () => {
  fc.assert(
    fc.property(
      transfers([0, 0, T.PENDING, T.CLOSING_DEBIT | T.PENDING]),
      transfers([0, T.LINKED, T.BALANCING_DEBIT, T.PENDING]),
      (before, tried) => {
        const state = new LedgerState({ batchEventsMax: 64, sealEvents: 64 });
        const opened = ACCOUNTS.map((id, index) => plainAccount(id, { flags: FLAGS[index]! }));
        const results = new Uint32Array(opened.length);
        state.createAccounts(accountsBatch(opened), opened.length, 100n, results);
        post(state, before, 1_000n);
        const hash = state.stateHash();
        const some = post(state.forkOf([...ACCOUNTS, 9n, 9n]), tried, 2_000n);
        expect(some).toStrictEqual(post(state.fork(), tried, 2_000n));
        expect(state.stateHash()).toStrictEqual(hash);
      },
    ),
    { numRuns: 200 },
  );
});
