import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AccountFlag as A, TransferFlag as T } from '../src/index.ts';
import {
  plainAccount,
  transferOf,
  type ModelAccount,
  type ModelTransfer,
} from '../src/testing/index.ts';
import { Twins } from './twins.ts';

/** Numbers about which carries and limits turn. */
const EDGES = [0n, 1n, 2n ** 32n - 1n, 2n ** 64n - 1n, 2n ** 96n, 2n ** 127n, 2n ** 128n - 1n];
const amount = fc.oneof(
  { weight: 6, arbitrary: fc.bigInt(0n, 100n) },
  { weight: 2, arbitrary: fc.constantFrom(...EDGES) },
);
const anyAccount = fc.oneof(
  { weight: 40, arbitrary: fc.bigInt(1n, 6n) },
  { weight: 1, arbitrary: fc.constantFrom(0n, 2n ** 128n - 1n, 2n ** 100n, 99n) },
);
/** Mostly fresh: rising, falling, or anywhere; else one of a few. */
type Fresh = 'rising' | 'falling' | 'anywhere' | bigint;
const transferId: fc.Arbitrary<Fresh> = fc.oneof(
  { weight: 20, arbitrary: fc.constant('rising' as const) },
  { weight: 6, arbitrary: fc.constant('falling' as const) },
  { weight: 4, arbitrary: fc.constant('anywhere' as const) },
  { weight: 3, arbitrary: fc.bigInt(1n, 20n) },
  { weight: 1, arbitrary: fc.constantFrom(0n, 2n ** 128n - 1n) },
);
const some = <V>(value: V, weight: number, other: fc.Arbitrary<V>): fc.Arbitrary<V> =>
  fc.oneof({ weight, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: other });
const bits = (...flags: number[]): fc.Arbitrary<number> =>
  fc
    .tuple(...flags.map((flag) => some(0, 5, fc.constant(flag))))
    .map((all) => all.reduce((sum, flag) => sum | flag, 0));

const account = fc.record<ModelAccount>({
  id: anyAccount,
  debitsPending: some(0n, 30, fc.constant(1n)),
  debitsPosted: some(0n, 30, fc.constant(1n)),
  creditsPending: some(0n, 30, fc.constant(1n)),
  creditsPosted: some(0n, 30, fc.constant(1n)),
  userData128: some(0n, 4, fc.bigInt(0n, 2n)),
  userData64: some(0n, 4, fc.bigInt(0n, 2n)),
  userData32: some(0, 4, fc.nat(2)),
  reserved: some(0, 40, fc.constant(1)),
  ledger: some(1, 8, fc.nat(2)),
  code: some(1, 8, fc.nat(2)),
  flags: bits(
    A.LINKED,
    A.DEBITS_MUST_NOT_EXCEED_CREDITS,
    A.CREDITS_MUST_NOT_EXCEED_DEBITS,
    A.HISTORY,
  ),
  timestamp: some(0n, 40, fc.constant(5n)),
});

const KINDS = [
  0,
  0,
  0,
  T.PENDING,
  T.PENDING,
  T.PENDING,
  T.POST_PENDING,
  T.VOID_PENDING,
  T.BALANCING_DEBIT,
  T.BALANCING_CREDIT,
  T.PENDING | T.CLOSING_DEBIT,
  T.POST_PENDING,
  T.VOID_PENDING,
  T.POST_PENDING | T.VOID_PENDING,
];
interface Asked {
  readonly event: ModelTransfer;
  readonly id: Fresh;
  /** Which of the pending transfers it resolves; which that was sent before it repeats. */
  readonly pick: number;
  readonly isAgain: boolean;
}
const transfer: fc.Arbitrary<Asked> = fc
  .record({
    id: transferId,
    pick: fc.nat(),
    isAgain: some(false, 12, fc.constant(true)),
    debit: anyAccount,
    credit: anyAccount,
    amount,
    userData128: some(0n, 6, fc.bigInt(0n, 2n)),
    userData64: some(0n, 6, fc.bigInt(0n, 2n)),
    userData32: some(0, 6, fc.nat(2)),
    timeout_s: some(0, 2, fc.constantFrom(1, 5, 4_294_967_295)),
    ledger: some(1, 20, fc.nat(2)),
    code: some(1, 20, fc.nat(2)),
    timestamp: some(0n, 60, fc.constant(5n)),
    kind: fc.constantFrom(...KINDS),
    linked: some(0, 6, fc.constant(T.LINKED as number)),
    own: some(true, 3, fc.constant(false)),
    reserved: some(0, 60, fc.constant(1 << 12)),
  })
  .map(({ id, pick, isAgain, kind, linked, own, reserved, ...rest }): Asked => {
    const resolves = (kind & (T.POST_PENDING | T.VOID_PENDING)) !== 0;
    const holds = (kind & T.PENDING) !== 0;
    const event = {
      ...rest,
      id: 0n,
      flags: kind | linked | reserved,
      pendingId: 0n,
      timeout_s: holds ? rest.timeout_s : 0,
      // Most of those that resolve leave the rest to the pending transfer.
      ...(resolves && own ? { debit: 0n, credit: 0n, ledger: 0, code: 0 } : {}),
      ...(resolves && own ? { amount: kind === T.VOID_PENDING ? 0n : 2n ** 128n - 1n } : {}),
    };
    return { event, id, pick, isAgain };
  });

/** Gives what was asked for its ids: they depend on what happened before. */
class Asking {
  #rising = 2n ** 64n;
  #falling = 2n ** 63n;
  readonly sent: ModelTransfer[] = [];

  of(twins: Twins, { event, id, pick, isAgain }: Asked): ModelTransfer {
    const earlier = this.sent[pick % Math.max(1, this.sent.length)];
    if (isAgain && earlier !== undefined) return earlier;
    const resolves = (event.flags & (T.POST_PENDING | T.VOID_PENDING)) !== 0;
    const held = [...twins.model.transfers.values()].filter(
      ({ flags }) => (flags & T.PENDING) !== 0,
    );
    const asked = {
      ...event,
      id: this.#idOf(id, pick),
      pendingId: resolves ? (held[pick % Math.max(1, held.length)]?.id ?? 3n) : 0n,
    };
    this.sent.push(asked);
    return asked;
  }

  #idOf(id: Fresh, pick: number): bigint {
    if (typeof id === 'bigint') return id;
    if (id === 'rising') return (this.#rising += BigInt(1 + (pick % 3)));
    if (id === 'falling') return (this.#falling -= BigInt(1 + (pick % 3)));
    return (BigInt(pick) * 0x9e3779b97f4a7c15f39cc0605cedc835n) % 2n ** 127n;
  }
}

/** Imported events carry times that mostly rise. */
const imported = fc.array(fc.tuple(transfer, fc.nat(30)), { minLength: 1, maxLength: 6 });

type Command =
  | { readonly kind: 'accounts'; readonly events: ModelAccount[] }
  | { readonly kind: 'transfers'; readonly events: Asked[] }
  | { readonly kind: 'import'; readonly events: [Asked, number][] }
  | { readonly kind: 'importAccounts'; readonly events: [ModelAccount, number][] }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'restore' };

const command = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('accounts' as const),
      events: fc.array(account, { minLength: 1, maxLength: 8 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('transfers' as const),
      events: fc.array(transfer, { minLength: 1, maxLength: 40, size: 'max' }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('import' as const), events: imported }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('importAccounts' as const),
      events: fc.array(fc.tuple(account, fc.nat(30)), { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(3_000) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restore' as const) }) },
);

function run(twins: Twins, asking: Asking, step: Command): void {
  switch (step.kind) {
    case 'accounts': {
      const { engine, model } = twins.createAccounts(step.events);
      expect(engine).toEqual(model);
      return;
    }
    case 'transfers': {
      const { engine, model } = twins.createTransfers(
        step.events.map((event) => asking.of(twins, event)),
      );
      expect(engine).toEqual(model);
      return;
    }
    case 'import': {
      // A gap of time in which imported events may have happened.
      twins.pass(1_000n);
      const events = step.events.map(([asked, ago]) => ({
        ...asking.of(twins, asked),
        flags: asked.event.flags | T.IMPORTED,
        timeout_s: 0,
        timestamp: twins.time - BigInt(ago),
      }));
      const { engine, model } = twins.createTransfers(events);
      expect(engine).toEqual(model);
      return;
    }
    case 'importAccounts': {
      twins.pass(1_000n);
      const events = step.events.map(([event, ago]) => ({
        ...event,
        flags: event.flags | A.IMPORTED,
        timestamp: twins.time - BigInt(ago),
      }));
      const { engine, model } = twins.createAccounts(events);
      expect(engine).toEqual(model);
      return;
    }
    case 'pass': {
      const { engine, model } = twins.pass(BigInt(step.ms) * 1_000_000n);
      expect(engine).toEqual(model);
      return;
    }
    case 'restore':
      twins.restore();
  }
}

/** Six accounts that transfers find, two of them with limits. */
const OPENED = [0, 0, 0, A.HISTORY, 2, 4].map((flags, index) =>
  plainAccount(BigInt(index + 1), { flags }),
);

const RUNS = Number(process.env['Q_LEDGER_RUNS'] ?? 300);

it.each([
  ['with everything in memory', undefined],
  ['with indexes that leave memory all the time', 16],
])('the books are those of the model, %s', (_, sealEvents) => {
  fc.assert(
    fc.property(fc.array(command, { minLength: 1, maxLength: 15, size: 'max' }), (commands) => {
      const twins = new Twins(sealEvents);
      twins.createAccounts(OPENED);
      const asking = new Asking();
      for (const step of commands) run(twins, asking, step);
      expect(twins.contents()).toEqual(twins.expected());
      checkQueries(twins);
      checkHistory(twins);
      checkTotals(twins);
      expect(twins.replayed().stateHash()).toEqual(twins.state.stateHash());
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 50_000 },
  );
});

/** Lists are the model's, filtered the plain way. */
function checkQueries(twins: Twins): void {
  const { queries } = twins.state;
  const all = [...twins.model.transfers.values()];
  const middle = all[all.length >>> 1]?.timestamp ?? 1n;
  for (const isReversed of [false, true])
    for (const [accountId, code] of [
      [1n, 0],
      [2n, 1],
      [4n, 0],
    ] as const) {
      const expected = all.filter(
        (each) =>
          (each.debit === accountId || each.credit === accountId) &&
          (code === 0 || each.code === code) &&
          each.timestamp >= middle,
      );
      const found = queries.accountTransfers({
        accountId,
        code,
        timestampMin: middle,
        limit: 1_000,
        debits: true,
        credits: true,
        isReversed,
      });
      expect(found.map((record) => transferOf(record).id)).toEqual(
        (isReversed ? expected.toReversed() : expected).map(({ id }) => id),
      );
    }
  const found = queries.transfers({ timestampMax: middle, limit: 1_000 });
  expect(found.map((record) => transferOf(record).id)).toEqual(
    all.filter(({ timestamp }) => timestamp <= middle).map(({ id }) => id),
  );
}

/** The sums by code of any instant are those of the accounts one by one, in however many steps. */
function checkTotals(twins: Twins): void {
  const { queries } = twins.state;
  const accounts = [...twins.model.accounts.values()];
  const instants = [0n, 1n, ...[...twins.model.transfers.values()].map((of) => of.timestamp)];
  for (const [index, timestamp] of [...instants, twins.time].entries()) {
    if (index % 5 !== 0 && index < instants.length) continue;
    for (const userData32 of new Set(accounts.map((of) => of.userData32))) {
      const expected = new Map<string, bigint[]>();
      for (const of of accounts) {
        const balances = queries.balancesAt(of.id, timestamp);
        if (of.userData32 !== userData32 || balances === undefined) continue;
        const key = `${of.ledger} ${of.code}`;
        const before = expected.get(key) ?? [0n, 0n, 0n, 0n, 0n];
        expected.set(
          key,
          before.map((sum, i) => sum + [1n, ...Object.values(balances)][i]!),
        );
      }
      const totals = queries.totalsByCode(userData32, timestamp);
      while (totals.eventsLeft > 0) totals.step(3);
      const found = totals.totals.map(
        (of) =>
          [
            `${of.ledger} ${of.code}`,
            [
              BigInt(of.accounts),
              of.debitsPending,
              of.debitsPosted,
              of.creditsPending,
              of.creditsPosted,
            ],
          ] as const,
      );
      expect(new Map(found)).toEqual(expected);
    }
  }
}

/** Changes added up are the balances, at the end and at any instant. */
function checkHistory(twins: Twins): void {
  const { queries } = twins.state;
  const changes = queries.changes({ limit: 100_000 });
  const lastOf = new Map<bigint, { readonly balances: object; readonly isClosed: boolean }>();
  for (const [index, change] of changes.entries()) {
    for (const { id, flags, ...balances } of [change.debit, change.credit])
      lastOf.set(id, { balances, isClosed: (flags & A.CLOSED) !== 0 });
    if (index % 7 === 0)
      for (const [id, { balances, isClosed }] of lastOf) {
        expect(queries.balancesAt(id, change.timestamp)).toEqual(balances);
        expect(queries.wasClosedAt(id, change.timestamp)).toBe(isClosed);
      }
  }
  for (const {
    id,
    debitsPending,
    debitsPosted,
    creditsPending,
    creditsPosted,
  } of twins.model.accounts.values())
    expect(queries.balancesAt(id, twins.time)).toEqual({
      debitsPending,
      debitsPosted,
      creditsPending,
      creditsPosted,
    });
}
