import { describe, expect, it } from 'vitest';
import {
  LedgerState,
  RECORD_WORDS,
  T_CODE_FLAGS,
  TransferFlag,
  type RunStore,
} from '../src/index.ts';
import {
  accountsBatch,
  plainAccount,
  plainTransfer,
  transfersBatch,
} from '../src/testing/index.ts';

const BATCH = 8_190;
const SEAL_EVENTS = 2 ** 14;
/** Events lie in memory in chunks of so many. */
const CHUNK_EVENTS = 2 ** 14;
const ACCOUNTS = 100;
/** Holds of a batch, and how many ends of all of them may be waited for. */
const HOLDS = 1_000;
const ENDS_MAX = 4_096 + 2 * HOLDS;

/** Keeps no bytes, only how many there were: what was written away is out of memory. */
class Counted implements RunStore {
  bytes = 0;
  write(_: string, bytes: Uint8Array): void {
    this.bytes += bytes.byteLength;
  }
  read(name: string): Uint8Array {
    throw new Error(`${name} was read, which costs time for every transfer`);
  }
}

/** Books with a log that is not kept: nothing of it may be needed for new transfers. */
function newBooks(runs: RunStore): LedgerState {
  const state = new LedgerState({
    runs,
    sealEvents: SEAL_EVENTS,
    pages: {
      read: (page) => {
        throw new Error(`page ${page} was read, which costs time for every transfer`);
      },
    },
  });
  const accounts = accountsBatch(
    Array.from({ length: ACCOUNTS }, (_, index) => plainAccount(BigInt(index + 1))),
  );
  state.createAccounts(accounts, ACCOUNTS, BigInt(ACCOUNTS), new Uint32Array(ACCOUNTS));
  return state;
}

/** Creates transfers with ids that rise from batch to batch. */
class Load {
  readonly #state: LedgerState;
  readonly #words = new Uint32Array(BATCH * RECORD_WORDS);
  readonly #results = new Uint32Array(BATCH);
  #next = 1;
  #page = 0;
  #time = BigInt(ACCOUNTS);

  constructor(state: LedgerState) {
    this.#state = state;
  }

  /** @returns how many were refused */
  create(batches: number): number {
    let refused = 0;
    for (let batch = 0; batch < batches; batch++) {
      for (let index = 0; index < BATCH; index++) this.#fill(index);
      this.#time += BigInt(BATCH + 1);
      const events = new Uint8Array(this.#words.buffer);
      this.#state.createTransfers(events, BATCH, this.#time, this.#results, this.#page);
      this.#page += Math.ceil(BATCH / 30);
      for (const result of this.#results) if (result !== 0) refused++;
    }
    return refused;
  }

  #fill(index: number): void {
    const words = this.#words;
    const at = index * RECORD_WORDS;
    words[at] = this.#next++;
    words[at + 4] = 1 + (index % ACCOUNTS);
    words[at + 8] = 1 + ((index + 1) % ACCOUNTS);
    words[at + 12] = 1;
    words[at + 28] = 1;
    words[at + T_CODE_FLAGS] = 1;
  }
}

describe('the memory of the books', () => {
  it('does not grow with the transfers, but for a byte and what finds them again', () => {
    const runs = new Counted();
    const state = newBooks(runs);
    const load = new Load(state);
    expect(load.create(20)).toBe(0);
    const [early, earlyCount] = [state.memory, state.eventsCount];
    expect(load.create(225)).toBe(0);
    const [late, lateCount] = [state.memory, state.eventsCount];
    expect(lateCount).toBe(245 * BATCH);
    // What is held whole stays within two seals and a batch, in whole chunks, however many there are.
    for (const { events, ids } of [early, late]) {
      expect(events).toBeLessThanOrEqual(2 * SEAL_EVENTS + BATCH + 2 * CHUNK_EVENTS);
      expect(ids).toBeLessThanOrEqual(SEAL_EVENTS + BATCH);
    }
    // A byte each, and the sparse entries of ids and of accounts: less than one byte more.
    const more = late.bytesForOld - early.bytesForOld;
    expect(more / (lateCount - earlyCount)).toBeLessThan(2);
    expect(late.runs).toBeGreaterThan(early.runs);
    // 20 bytes of ids and 16 of postings for each transfer that was written away.
    expect(runs.bytes).toBeGreaterThan(36 * (lateCount - 2 * SEAL_EVENTS - 2 * BATCH));
  });

  it('does not grow with holds that were posted long before they would have ended', () => {
    const state = new LedgerState({});
    state.createAccounts(
      accountsBatch([plainAccount(1n), plainAccount(2n)]),
      2,
      2n,
      new Uint32Array(2),
    );
    const results = new Uint32Array(HOLDS * 2);
    for (let batch = 0; batch < 20; batch++) {
      const first = BigInt(batch * HOLDS * 2 + 1);
      const ids = Array.from({ length: HOLDS }, (_, index) => first + BigInt(index));
      const holds = ids.map((id) =>
        plainTransfer(id, { flags: TransferFlag.PENDING, timeout_s: 2 ** 31 }),
      );
      // One of a hundred is left to its time.
      const posts = ids.map((pendingId) =>
        plainTransfer(pendingId + BigInt(HOLDS), {
          flags: TransferFlag.POST_PENDING,
          pendingId: pendingId % 100n === 0n ? 1n : pendingId,
        }),
      );
      const time = BigInt((batch + 1) * HOLDS * 3);
      state.createTransfers(transfersBatch([...holds, ...posts]), HOLDS * 2, time, results);
    }
    expect(state.memory.ends).toBeLessThan(ENDS_MAX);
    // Those that are still pending end when it is over.
    const events = new Uint8Array(HOLDS * 2 * RECORD_WORDS * 4);
    expect(state.expirePending(events, 2n ** 31n * 1_000_000_000n + 10n ** 9n)).toBe(
      (20 * HOLDS) / 100,
    );
  });
});
