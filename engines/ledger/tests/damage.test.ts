import { beforeEach, describe, expect, it } from 'vitest';
import {
  AccountFlag,
  LedgerState,
  LogDamaged,
  LogOperation,
  logStart,
  PAGE_BYTES,
  pagesOf,
  PageWriter,
  RunDamaged,
} from '../src/index.ts';
import {
  accountsBatch,
  plainAccount,
  plainTransfer,
  transferOf,
  transfersBatch,
} from '../src/testing/index.ts';

const BATCH = 20;
const BATCHES = 10;

/** Books whose first transfers lie in the log alone, and their indexes in files. */
class Kept {
  readonly pages: Buffer[] = [];
  readonly files = new Map<string, Uint8Array>();
  readonly #options = {
    sealEvents: 16,
    pages: { read: (page: number) => this.pages[page]! },
    runs: {
      write: (name: string, bytes: Uint8Array) => void this.files.set(name, bytes.slice()),
      read: (name: string, offset: number, length: number) =>
        this.files.get(name)!.subarray(offset, offset + length),
    },
  };
  readonly #writer = new PageWriter(new Uint8Array(16), logStart());
  state = new LedgerState(this.#options);

  constructor() {
    this.#log(LogOperation.ACCOUNTS, accountsBatch([1n, 2n].map(accountAt)), 2, 1_000n);
    for (let batch = 0; batch < BATCHES; batch++) {
      const ids = Array.from({ length: BATCH }, (_, index) => BigInt(batch * BATCH + index + 1));
      const time = BigInt(2_000 + batch * 100);
      this.#log(LogOperation.TRANSFERS, transfersBatch(ids.map(transferAt)), BATCH, time);
    }
    // Nothing that was read before is remembered.
    this.state = LedgerState.restore(this.state.snapshot(), this.#options);
  }

  #log(operation: number, events: Uint8Array, count: number, timestamp: bigint): void {
    const results = new Uint32Array(count);
    const ordinal = this.state.eventsCount;
    if (operation === LogOperation.ACCOUNTS)
      this.state.createAccounts(events, count, timestamp, results);
    else this.state.createTransfers(events, count, timestamp, results, this.pages.length);
    const into = Buffer.alloc(pagesOf(count) * PAGE_BYTES);
    this.#writer.write({ operation, events, count, timestamp, results, ordinal }, into, 0);
    for (let at = 0; at < into.length; at += PAGE_BYTES)
      this.pages.push(into.subarray(at, at + PAGE_BYTES));
  }
}

const accountAt = (id: bigint) => plainAccount(id, { flags: AccountFlag.HISTORY });
const transferAt = (id: bigint) => plainTransfer(id, { amount: 10n });

describe('books that read what somebody changed', () => {
  let kept: Kept;
  beforeEach(() => {
    kept = new Kept();
  });

  it('answer as long as nothing was', () => {
    // The third of the twenty in the first batch, whose last one has its time.
    expect(transferOf(kept.state.queries.transfer(3n)!)).toEqual({
      ...transferAt(3n),
      timestamp: 1_983n,
    });
    expect(kept.state.queries.balancesAt(1n, 1_990n)).toMatchObject({ debitsPosted: 100n });
  });

  it.each([
    ['the amount of a record', 132 + 2 * 128 + 48],
    ['the number of a page’s first event', 32],
    ['the number of its records', 6],
    ['the checksum', 4_092],
  ])('refuse a page in which %s is another', (_, at) => {
    const page = kept.pages[1]!;
    page[at]! ^= 4;
    expect(() => kept.state.queries.transfer(3n)).toThrow(LogDamaged);
  });

  it.each(['ids-0', 'history-0'])('refuse the index %s when a bit of it is another', (name) => {
    const file = kept.files.get(name)!;
    file[8]! ^= 1;
    expect(() => {
      kept.state.queries.transfer(3n);
      kept.state.queries.balancesAt(1n, 1_990n);
    }).toThrow(RunDamaged);
  });

  it('refuse an index of accounts when a bit of it is another', () => {
    kept.files.get('postings-0')![8]! ^= 1;
    const filter = { accountId: 1n, limit: 5, debits: true, credits: true };
    expect(() => kept.state.queries.accountTransfers(filter)).toThrow(RunDamaged);
  });
});
