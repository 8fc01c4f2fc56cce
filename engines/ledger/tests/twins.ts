import {
  accountResultOf,
  LedgerState,
  LogOperation,
  logStart,
  PAGE_BYTES,
  pagesOf,
  PageWriter,
  readBatches,
  RECORD_BYTES,
  transferResultOf,
  type LedgerOptions,
} from '../src/index.ts';
import {
  accountOf,
  accountsBatch,
  LedgerModel,
  transferOf,
  transfersBatch,
  type ModelAccount,
  type ModelTransfer,
} from '../src/testing/index.ts';

const LEDGER = new Uint8Array(16).fill(7);
export const BATCH_MAX = 64;

/** The engine with its log in memory, beside the model: whatever is done to one is done to both. */
export class Twins {
  readonly model = new LedgerModel();
  readonly #log: Buffer[] = [];
  readonly #writer = new PageWriter(LEDGER, logStart());
  readonly #files = new Map<string, Uint8Array>();
  readonly #options: LedgerOptions;
  state: LedgerState;
  time = 1_000n;

  /**
   * @param sealEvents so few that indexes leave memory all the time; undefined keeps all in it
   * @param options of the books, where they are others
   */
  constructor(sealEvents: number | undefined, options: LedgerOptions = {}) {
    this.#options = {
      batchEventsMax: BATCH_MAX,
      keepsAllBalances: true,
      ...options,
      ...(sealEvents === undefined
        ? { sealEvents: 256 }
        : {
            sealEvents,
            pages: { read: (page) => this.#log[page]! },
            runs: {
              write: (name, bytes) => void this.#files.set(name, bytes.slice()),
              read: (name, offset, length) =>
                this.#files.get(name)!.subarray(offset, offset + length),
            },
          }),
    };
    this.state = new LedgerState(this.#options);
  }

  createAccounts(events: readonly ModelAccount[]): { engine: string[]; model: string[] } {
    this.time += BigInt(events.length);
    const batch = accountsBatch(events);
    const results = new Uint32Array(events.length);
    this.state.createAccounts(batch, events.length, this.time, results);
    this.#record(LogOperation.ACCOUNTS, batch, events.length, results, this.state.eventsCount);
    return {
      engine: [...results].map(accountResultOf),
      model: this.model.createAccounts(events, this.time),
    };
  }

  createTransfers(events: readonly ModelTransfer[]): { engine: string[]; model: string[] } {
    this.time += BigInt(events.length);
    const batch = transfersBatch(events);
    const results = new Uint32Array(events.length);
    const { eventsCount } = this.state;
    const { page } = this.#writer.position;
    this.state.createTransfers(batch, events.length, this.time, results, page);
    checkRefused(events, batch, results);
    this.#record(LogOperation.TRANSFERS, batch, events.length, results, eventsCount);
    return {
      engine: [...results].map(transferResultOf),
      model: this.model.createTransfers(events, this.time),
    };
  }

  /** Lets time pass, and ends what is over. */
  pass(ns: bigint): { engine: bigint[]; model: bigint[] } {
    this.time += ns + BigInt(BATCH_MAX);
    const batch = new Uint8Array(BATCH_MAX * 128);
    const { eventsCount } = this.state;
    const count = this.state.expirePending(batch, this.time, this.#writer.position.page);
    if (count > 0)
      this.#record(LogOperation.EXPIRIES, batch, count, new Uint32Array(count), eventsCount);
    return {
      engine: Array.from(
        { length: count },
        (_, index) => transferOf(batch.subarray(index * 128)).id,
      ),
      model: this.model.expire(this.time, BATCH_MAX),
    };
  }

  /** Goes on from a snapshot. */
  restore(): void {
    this.state = LedgerState.restore(this.state.snapshot(), this.#options);
  }

  /** Books made anew from the log, with the same results as the first time. */
  replayed(): LedgerState {
    const files = new Map<string, Uint8Array>();
    const state = new LedgerState({
      ...this.#options,
      ...(this.#options.runs === undefined
        ? {}
        : {
            runs: {
              write: (name, bytes) => void files.set(name, bytes.slice()),
              read: (name, offset, length) => files.get(name)!.subarray(offset, offset + length),
            },
          }),
    });
    const position = logStart();
    const source = { read: (page: number) => this.#log[page], end: this.#log.length };
    let page = 0;
    for (const batch of readBatches(source, LEDGER, position)) {
      const { operation, events, count, timestamp } = batch;
      const results = new Uint32Array(count);
      const again = events.slice();
      if (operation === LogOperation.ACCOUNTS)
        state.createAccounts(again, count, timestamp, results);
      else if (operation === LogOperation.TRANSFERS)
        state.createTransfers(again, count, timestamp, results, page);
      else state.expirePending(again, timestamp, page);
      if (!Buffer.from(again).equals(events)) throw new Error('replay stored another event');
      if (results.some((result, index) => result !== batch.results[index]))
        throw new Error('replay gave another result');
      ({ page } = position);
    }
    return state;
  }

  /** What the engine says about all accounts and transfers of the model, in the model's words. */
  contents(): { accounts: unknown[]; transfers: unknown[] } {
    const { queries } = this.state;
    return {
      accounts: [...this.model.accounts.keys()].map((id) => accountOf(queries.account(id)!)),
      transfers: [...this.model.transfers.keys()].map((id) => ({
        ...transferOf(queries.transfer(id)!),
        status: queries.pendingStatus(id),
      })),
    };
  }

  expected(): { accounts: unknown[]; transfers: unknown[] } {
    return {
      accounts: [...this.model.accounts.values()],
      transfers: [...this.model.transfers.values()].map((transfer) => ({
        ...transfer,
        status: this.model.pendingStatus(transfer.id),
      })),
    };
  }

  #record(
    operation: number,
    events: Uint8Array,
    count: number,
    results: Uint32Array,
    ordinal: number,
  ): void {
    if (count === 0) return;
    const into = Buffer.alloc(pagesOf(count) * PAGE_BYTES);
    this.#writer.write(
      { operation, events, count, timestamp: this.time, results, ordinal },
      into,
      0,
    );
    for (let at = 0; at < into.length; at += PAGE_BYTES)
      this.#log.push(into.subarray(at, at + PAGE_BYTES));
  }
}

/** What was refused, also after a chain was undone, goes into the log as it was sent. */
function checkRefused(
  events: readonly ModelTransfer[],
  batch: Uint8Array,
  results: Uint32Array,
): void {
  const sent = transfersBatch(events);
  results.forEach((result, index) => {
    const [from, to] = [index * RECORD_BYTES, (index + 1) * RECORD_BYTES];
    if (result !== 0 && Buffer.compare(sent.subarray(from, to), batch.subarray(from, to)) !== 0)
      throw new Error(`transfer ${index} was refused, and is not what was sent`);
  });
}
