import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AccountFlag as A,
  BATCH_EVENTS_MAX,
  LedgerState,
  LogOperation,
  logStart,
  PAGE_BYTES,
  pagesOf,
  PageWriter,
  RECORD_BYTES,
  TRANSFER_RESULTS as R,
  TransferFlag as T,
  WhatIf,
  type LoggedBatch,
} from '../src/index.ts';
import {
  accountOf,
  accountsBatch,
  plainAccount,
  plainTransfer,
  transferOf,
  transfersBatch,
  type ModelTransfer,
} from '../src/testing/index.ts';

type Events = readonly Partial<ModelTransfer>[];

const ACCOUNTS = [1n, 2n, 3n, 4n];
const FLAGS = [0, A.DEBITS_MUST_NOT_EXCEED_CREDITS, A.CREDITS_MUST_NOT_EXCEED_DEBITS, A.HISTORY];
/** Batches that are posted between leave the others where they are. */
const GAP_NS = 900_000_000n;

/** Books with their log, which write away what is older than a few events. */
class Logged {
  readonly log: LoggedBatch[] = [];
  readonly state: LedgerState;
  readonly #pages: Uint8Array[] = [];
  readonly #writer = new PageWriter(new Uint8Array(16), logStart());
  #now = 0n;

  constructor() {
    const accounts = ACCOUNTS.map((id, index) => plainAccount(id, { flags: FLAGS[index]! }));
    const runs = new Map<string, Uint8Array>();
    this.state = new LedgerState({
      sealEvents: 8,
      pages: { read: (page) => this.#pages[page]! },
      runs: {
        write: (name, bytes) => void runs.set(name, bytes.slice()),
        read: (name, offset, length) => runs.get(name)!.slice(offset, offset + length),
      },
    });
    this.#now += GAP_NS;
    this.#take(LogOperation.ACCOUNTS, accountsBatch(accounts), accounts.length, this.#now);
  }

  get page(): number {
    return this.#writer.position.page;
  }

  /** Posts transfers right after what was before, or later, and ends nothing. */
  postAtOnce(transfers: readonly ModelTransfer[], later_ns = 0n): Uint32Array {
    const now = this.state.lastTimestamp + BigInt(transfers.length) + later_ns;
    return this.#take(LogOperation.TRANSFERS, transfersBatch(transfers), transfers.length, now);
  }

  /** Posts transfers a second after what was before, and ends first what is over then. */
  post(transfers: readonly ModelTransfer[]): Uint32Array {
    this.#now += GAP_NS;
    if (this.state.expiryDueAt() <= this.#now) {
      const events = new Uint8Array(BATCH_EVENTS_MAX * RECORD_BYTES);
      const ordinal = this.state.eventsCount;
      const timestamp = this.#now;
      const count = this.state.expirePending(events, timestamp, this.page);
      const results = new Uint32Array(count);
      const operation = LogOperation.EXPIRIES;
      this.#log({ operation, events, count, timestamp, results, ordinal });
    }
    const { length } = transfers;
    const time = this.#now + BigInt(length);
    return this.#take(LogOperation.TRANSFERS, transfersBatch(transfers), length, time);
  }

  #take(operation: number, events: Uint8Array, count: number, timestamp: bigint): Uint32Array {
    const results = new Uint32Array(count);
    const ordinal = this.state.eventsCount;
    if (operation === LogOperation.ACCOUNTS)
      this.state.createAccounts(events, count, timestamp, results);
    else this.state.createTransfers(events, count, timestamp, results, this.page);
    this.#log({ operation, events, count, timestamp, results, ordinal });
    return results;
  }

  /** Goes on with batches of other books, and with what would be beside them. */
  goOn(batches: readonly LoggedBatch[], trial: WhatIf): void {
    for (const batch of batches) {
      trial.goOn(batch);
      const { operation, count, timestamp } = batch;
      const events = batch.events.slice();
      const results = new Uint32Array(count);
      if (operation === LogOperation.ACCOUNTS)
        this.state.createAccounts(events, count, timestamp, results);
      else if (operation === LogOperation.TRANSFERS)
        this.state.createTransfers(events, count, timestamp, results, this.page);
      else this.state.expirePending(events, timestamp, this.page);
      this.#log({ ...batch, events, results });
    }
  }

  #log(batch: LoggedBatch): void {
    const bytes = Buffer.alloc(pagesOf(batch.count) * PAGE_BYTES);
    this.#writer.write(batch, bytes, 0);
    for (let at = 0; at < bytes.byteLength; at += PAGE_BYTES)
      this.#pages.push(bytes.subarray(at, at + PAGE_BYTES));
    this.log.push({ ...batch, events: batch.events.slice(0, batch.count * RECORD_BYTES) });
  }
}

/** Transfers whose chains are closed; only what pends has an end. */
const transfersOf = (events: Events, firstId: bigint): ModelTransfer[] =>
  events.map((event, index) => {
    const given = event.flags ?? 0;
    const flags = index === events.length - 1 ? given & ~T.LINKED : given;
    const timeout_s = (flags & T.PENDING) === 0 ? 0 : (event.timeout_s ?? 0);
    return plainTransfer(firstId + BigInt(index), { ...event, flags, timeout_s });
  });

const events = (flags: readonly number[]) =>
  fc.array(
    fc.record({
      debit: fc.constantFrom(...ACCOUNTS, 9n),
      credit: fc.constantFrom(...ACCOUNTS),
      amount: fc.bigInt(0n, 20n),
      timeout_s: fc.constantFrom(1, 2, 0),
      flags: fc.constantFrom(...flags),
    }),
    { minLength: 1, maxLength: 8 },
  );
const past = fc.array(events([0, 0, T.LINKED, T.PENDING]), { maxLength: 6 });
const tried = events([0, T.LINKED, T.PENDING]);

describe('what would be, had something else been posted', () => {
  it('leaves the books as they are, and comes out as posting to them does', () => {
    fc.assert(
      fc.property(past, tried, (before, trial) => {
        const books = new Logged();
        before.forEach((batch, index) => books.post(transfersOf(batch, BigInt(index + 1) * 100n)));
        const hash = books.state.stateHash();
        const { page } = books;
        const batch = transfersOf(trial, 9_000n);
        const fork = new WhatIf(books.state, { page });
        const results = fork.post(transfersBatch(batch), batch.length);
        const differing = fork.differences();
        expect(books.state.stateHash()).toStrictEqual(hash);

        const copy = books.state.fork();
        const records = transfersBatch(batch);
        const real = new Uint32Array(batch.length);
        const timestamp = copy.lastTimestamp + BigInt(batch.length);
        copy.createTransfers(records, batch.length, timestamp, real, page);
        expect(results).toStrictEqual(real);
        expect(fork.stateHash()).toStrictEqual(copy.stateHash());
        for (const { inBooks, inFork } of differing) {
          const { id } = accountOf(inBooks);
          expect(inBooks).toStrictEqual(books.state.queries.account(id));
          expect(inFork).toStrictEqual(copy.queries.account(id));
        }
        const ids = new Set(differing.map(({ inBooks }) => accountOf(inBooks).id));
        for (const id of ACCOUNTS.filter((one) => !ids.has(one)))
          expect(copy.queries.account(id)).toStrictEqual(books.state.queries.account(id));
      }),
      { numRuns: 150 },
    );
  });

  it('goes on as the books would have, had it been posted then', () => {
    fc.assert(
      fc.property(past, tried, past, (before, trial, after) => {
        const [books, others, then] = [new Logged(), new Logged(), new Logged()];
        for (const [index, batch] of before.entries())
          for (const one of [books, others, then])
            one.post(transfersOf(batch, BigInt(index + 1) * 100n));
        const from = books.log.length;
        const batch = transfersOf(trial, 9_000n);
        const fork = new WhatIf(then.state, { page: then.page });
        const results = fork.post(transfersBatch(batch), batch.length);
        expect(results).toStrictEqual(others.postAtOnce(batch));

        const changed: unknown[] = [];
        for (const [index, more] of after.entries()) {
          const real = transfersOf(more, BigInt(index + 50) * 100n);
          const [was, is] = [books.post(real), others.post(real)];
          for (const [place, { id }] of real.entries())
            if (was[place] !== is[place])
              changed.push({ id, result: was[place], inFork: is[place] });
        }
        then.goOn(books.log.slice(from), fork);
        expect(then.state.stateHash()).toStrictEqual(books.state.stateHash());
        expect(fork.stateHash()).toStrictEqual(others.state.stateHash());
        expect(
          fork.changed.transfers.map(({ record, ...rest }) => ({
            id: transferOf(record).id,
            ...rest,
          })),
        ).toStrictEqual(changed);
        expect(fork.changed.count).toBe(changed.length);
      }),
      { numRuns: 300 },
    );
  });

  it('tells which transfers money that was gone would have refused, and no more than is asked for', () => {
    const books = new Logged();
    books.post(transfersOf([{ debit: 1n, credit: 2n, amount: 10n }], 100n));
    const { page } = books;
    const fork = new WhatIf(books.state, { page, changedMax: 1 });
    const spent = transfersBatch(transfersOf([{ debit: 2n, credit: 4n, amount: 8n }], 900n));
    expect([...fork.post(spent, 1)]).toStrictEqual([R.created]);
    const later = new Logged();
    later.post(transfersOf([{ debit: 1n, credit: 2n, amount: 10n }], 100n));
    const from = later.log.length;
    for (const id of [200n, 300n])
      later.post(transfersOf([{ debit: 2n, credit: 1n, amount: 3n }], id));
    books.goOn(later.log.slice(from), fork);
    expect(fork.changed.count).toBe(2);
    expect(fork.changed.transfers).toHaveLength(1);
    const [first] = fork.changed.transfers;
    expect(first).toMatchObject({ result: R.created, inFork: R.exceeds_credits });
    expect(transferOf(first!.record).id).toBe(200n);
    expect(
      fork.differences().map(({ inBooks, inFork }) => {
        const { id, debitsPosted, creditsPosted } = accountOf(inFork);
        return [id, accountOf(inBooks).debitsPosted, debitsPosted, creditsPosted];
      }),
    ).toStrictEqual([
      [1n, 10n, 10n, 0n],
      [2n, 6n, 8n, 10n],
      [4n, 0n, 0n, 8n],
    ]);
    expect(fork.differences(1)).toHaveLength(1);
  });

  it('ends what the books held when the books did, where their clock stood still', () => {
    const [books, then] = [new Logged(), new Logged()];
    const from = books.log.length;
    books.post(transfersOf([{ flags: T.PENDING, timeout_s: 1 }], 100n));
    books.postAtOnce(transfersOf([{ debit: 1n, credit: 4n }], 200n), 2n * GAP_NS);
    const fork = new WhatIf(then.state, { page: then.page });
    then.goOn(books.log.slice(from), fork);
    expect(fork.stateHash()).toStrictEqual(books.state.stateHash());
  });

  it('gives back what was held for no longer than the books went on', () => {
    const books = new Logged();
    books.post(transfersOf([{ debit: 1n, credit: 2n, amount: 10n }], 100n));
    const fork = new WhatIf(books.state, { page: books.page });
    const hold = { debit: 2n, credit: 4n, amount: 8n, flags: T.PENDING, timeout_s: 1 };
    fork.post(transfersBatch(transfersOf([hold], 900n)), 1);
    expect(fork.differences()).toHaveLength(2);
    fork.settle(books.state.lastTimestamp + GAP_NS / 2n);
    expect(fork.differences()).toHaveLength(2);
    fork.settle(books.state.lastTimestamp + GAP_NS * 2n);
    expect(fork.differences()).toHaveLength(0);
  });
});
