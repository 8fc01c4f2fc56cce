import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AccountFlag as A, TransferFlag as T } from '../src/index.ts';
import { plainAccount, plainTransfer, type ModelTransfer } from '../src/testing/index.ts';
import { Twins } from './twins.ts';

/** Longer than what is looked at together, more than once. */
const BATCH_MAX = 200;
const ID_MAX = 2n ** 128n - 1n;

/** Ids rise from here: over the end of each word, and up to the greatest id there is. */
const IDS_FROM = [1n, 2n ** 32n - 90n, 2n ** 64n - 90n, 2n ** 96n - 90n, ID_MAX - 300n];
const UNUSED_ID = 2n ** 120n;

/** Six accounts, the last four with a history, with limits, and of another ledger. */
const OPENED = [
  {},
  {},
  { flags: A.HISTORY },
  { flags: A.DEBITS_MUST_NOT_EXCEED_CREDITS },
  { flags: A.CREDITS_MUST_NOT_EXCEED_DEBITS | A.HISTORY },
  { ledger: 2 },
].map((more, index) => plainAccount(BigInt(index + 1), more));

const rarely = <V>(value: fc.Arbitrary<V>, ...others: V[]): fc.Arbitrary<V> =>
  fc.oneof({ weight: 100, arbitrary: value }, { weight: 1, arbitrary: fc.constantFrom(...others) });
const account = rarely(fc.constantFrom(1n, 2n, 3n), 4n, 4n, 5n, 5n, 0n, 6n, 99n, ID_MAX);

/** What makes a transfer one that is not plain. */
const ODD: Partial<ModelTransfer>[] = [
  { flags: T.LINKED },
  { flags: T.PENDING },
  { flags: T.PENDING, timeout_s: 3 },
  { flags: T.PENDING | T.CLOSING_DEBIT },
  { flags: T.BALANCING_DEBIT },
  { flags: T.IMPORTED, timestamp: 900n },
  { flags: 1 << 12 },
  { pendingId: 1n },
  { timeout_s: 1 },
  { timestamp: 5n },
  { timestamp: 2n ** 40n },
  { ledger: 0 },
  { ledger: 2 },
  { code: 0 },
];

interface Asked {
  /** How far its id is above that of the one before. */
  readonly step: bigint;
  readonly event: Partial<ModelTransfer>;
}
const asked: fc.Arbitrary<Asked> = fc.record({
  step: rarely(fc.constantFrom(1n, 1n, 2n), 0n, -1n, -5n, 2n ** 32n),
  event: fc
    .tuple(
      rarely(fc.constant({}), ...ODD),
      fc.record({
        debit: account,
        credit: account,
        amount: rarely(fc.bigInt(0n, 100n), 2n ** 32n - 1n, 2n ** 64n, 2n ** 96n, 2n ** 127n),
      }),
    )
    .map(([odd, event]) => ({ ...event, ...odd })),
});

it.each([
  ['without balances of the past', undefined, false],
  ['with all balances of the past', undefined, true],
  ['with indexes that leave memory all the time', 16, false],
])('many plain transfers come out as the model has them, %s', (_, sealEvents, keepsAllBalances) => {
  const batches = fc.array(fc.array(asked, { minLength: 1, maxLength: BATCH_MAX, size: 'max' }), {
    minLength: 1,
    maxLength: 2,
  });
  const idFrom = fc.constantFrom(...IDS_FROM);
  // The low word of the time ends somewhere among the transfers.
  const timeFrom = fc.nat(250).map((ns) => 2n ** 33n - BigInt(ns));
  fc.assert(
    fc.property(batches, idFrom, timeFrom, (all, firstId, firstTime) => {
      const twins = new Twins(sealEvents, { batchEventsMax: BATCH_MAX, keepsAllBalances });
      twins.time = firstTime;
      twins.createAccounts(OPENED);
      let id = firstId;
      for (const batch of all) {
        const events = batch.map(({ step, event }) => {
          id = id + step > ID_MAX || id + step < 0n ? ID_MAX : id + step;
          return plainTransfer(id, event);
        });
        const { engine, model } = twins.createTransfers(events);
        expect(engine).toEqual(model);
      }
      expect(twins.contents()).toEqual(twins.expected());
      checkHistory(twins);
      checkImport(twins);
      expect(twins.replayed().stateHash()).toEqual(twins.state.stateHash());
    }),
    { numRuns: 150, interruptAfterTimeLimit: 50_000 },
  );
});

it('the last of many is known by its time, also where the low word of that begins anew', () => {
  const twins = new Twins(undefined, { batchEventsMax: BATCH_MAX });
  twins.time = 2n ** 33n - 50n;
  twins.createAccounts(OPENED);
  const events = Array.from({ length: 100 }, (_, index) => plainTransfer(BigInt(index + 1)));
  const { engine, model } = twins.createTransfers(events);
  expect(engine).toEqual(model);
  expect(twins.contents()).toEqual(twins.expected());
  checkImport(twins);
});

/** Each transfer of the account with a history left its balances, the last one those of now. */
function checkHistory(twins: Twins): void {
  const accountId = 3n;
  const found = twins.state.queries.accountBalances({
    accountId,
    debits: true,
    credits: true,
    isReversed: false,
    limit: 1_000,
  });
  const transfers = [...twins.model.transfers.values()];
  const expected = transfers.filter((of) => of.debit === accountId || of.credit === accountId);
  expect(found.map(({ timestamp }) => timestamp)).toEqual(expected.map((of) => of.timestamp));
  const last = found.at(-1);
  if (last === undefined) return;
  const { debitsPending, debitsPosted, creditsPending, creditsPosted } =
    twins.model.accounts.get(accountId)!;
  const { timestamp } = last;
  expect(last).toEqual({ timestamp, debitsPending, debitsPosted, creditsPending, creditsPosted });
}

/** The books know when the last transfer was: none is imported at that time or before. */
function checkImport(twins: Twins): void {
  const last = [...twins.model.transfers.values()].at(-1)?.timestamp ?? twins.time;
  twins.time += 1_000n;
  const { engine, model } = twins.createTransfers(
    [last, last + 1n].map((timestamp, index) =>
      plainTransfer(UNUSED_ID + BigInt(index), { flags: T.IMPORTED, timestamp }),
    ),
  );
  expect(engine).toEqual(model);
}
