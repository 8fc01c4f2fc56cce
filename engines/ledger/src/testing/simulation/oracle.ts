import { LogOperation } from '../../log/pageLayout.ts';
import { accountResultOf, transferResultOf } from '../../results.ts';
import type { LedgerState } from '../../state.ts';
import { LedgerModel } from '../model.ts';
import { accountOf, transferOf } from '../records.ts';
import type { SimulationCounts } from './counts.ts';
import { BATCH_MAX, type Order } from './workload.ts';
import type { Applied, Waiting } from './writing.ts';

/** A batch of the log, as it was when it was applied. */
export interface Entry {
  /** What was sent; undefined where pending transfers ended. */
  readonly order: Order | undefined;
  readonly waiting: Waiting | undefined;
  readonly timestamp: bigint;
  readonly results: readonly number[];
  /** For the ends of pending transfers: whose. */
  readonly ended: readonly bigint[];
  /** Of the books after it. */
  readonly stateHashHex: string;
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/**
 * What a ledger must hold: all that was answered, in its order, and of what was applied after that as much
 * as a crash left, from the beginning on and in whole batches.
 */
export class Oracle {
  readonly violations: string[] = [];
  readonly entries: Entry[] = [];
  /** Batches from the beginning on that somebody was told of. */
  acknowledged = 0;
  readonly #counts: SimulationCounts;

  constructor(counts: SimulationCounts) {
    this.#counts = counts;
  }

  violated(text: string): void {
    this.violations.push(text);
  }

  applied(batch: Applied, state: LedgerState): void {
    const { waiting, timestamp, count, operation, events } = batch;
    const before = this.entries.at(-1)?.timestamp ?? 0n;
    if (timestamp - BigInt(count) < before)
      this.violated(`a batch at ${timestamp} follows one at ${before}`);
    const ended: bigint[] = [];
    if (operation === LogOperation.EXPIRIES)
      for (let at = 0; at < count; at++) ended.push(transferOf(events.subarray(at * 128)).id);
    this.entries.push({
      order: waiting?.order,
      waiting,
      timestamp,
      results: [...batch.results.subarray(0, count)],
      ended,
      stateHashHex: hexOf(state.stateHash()),
    });
    this.#counts.batches++;
    this.#counts.events += count;
    this.#counts.expiries += ended.length;
  }

  /** Somebody was told what became of a batch. */
  answered(waiting: Waiting): void {
    this.told(this.entries.findLastIndex((entry) => entry.waiting === waiting) + 1);
    this.#counts.answers++;
  }

  /** Somebody was told of the first batches. */
  told(batches: number): void {
    this.acknowledged = Math.max(this.acknowledged, batches);
  }

  /** Holds recovered books to what was applied before, and forgets what the crash undid. */
  recovered(state: LedgerState, batches: number): void {
    const { entries, acknowledged } = this;
    if (batches < acknowledged)
      this.violated(`of ${acknowledged} acknowledged batches ${batches} are left`);
    if (batches > entries.length)
      this.violated(`${batches} batches are there, but only ${entries.length} were applied`);
    const expected = entries[batches - 1]?.stateHashHex;
    if (expected !== undefined && hexOf(state.stateHash()) !== expected)
      this.violated(
        `after ${batches} batches the recovered books are others than before the crash`,
      );
    this.#counts.undone += Math.max(0, entries.length - batches);
    entries.length = Math.min(entries.length, batches);
    this.acknowledged = Math.min(acknowledged, batches);
  }

  /** Holds all answers, and the books at the end, to the model. */
  checkBooks(state: LedgerState): void {
    const model = this.checkAnswers();
    const { queries } = state;
    for (const [id, expected] of model.accounts) {
      const found = queries.account(id);
      if (found === undefined || !isSame(accountOf(found), expected))
        this.violated(`account ${id} is not what the model says`);
    }
    if (state.accountsCount !== model.accounts.size)
      this.violated('the number of accounts is another');
    for (const [id, expected] of model.transfers) {
      const found = queries.transfer(id);
      if (found === undefined || !isSame(transferOf(found), expected))
        this.violated(`transfer ${id} is not what the model says`);
      if (queries.pendingStatus(id) !== model.pendingStatus(id))
        this.violated(
          `transfer ${id} is ${queries.pendingStatus(id)}, not ${model.pendingStatus(id)}`,
        );
    }
  }

  /** Holds what came of every batch to the model. */
  checkAnswers(): LedgerModel {
    const model = new LedgerModel();
    for (const [number, { order, timestamp, results, ended }] of this.entries.entries()) {
      if (order === undefined) {
        if (!isSame(model.expire(timestamp, BATCH_MAX), ended))
          this.violated(`batch ${number}: other pending transfers ended than the model says`);
        continue;
      }
      const isTransfers = order.kind === 'transfers';
      const expected = isTransfers
        ? model.createTransfers(order.events, timestamp)
        : model.createAccounts(order.events, timestamp);
      const given = results.map(isTransfers ? transferResultOf : accountResultOf);
      if (!isSame(given, expected))
        this.violated(`batch ${number}: its results are ${given.join()}, not ${expected.join()}`);
    }
    return model;
  }
}

/** Whether two plain values print the same, bigints included. */
const isSame = (a: unknown, b: unknown): boolean => printed(a) === printed(b);

const printed = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'bigint' ? member.toString() : member,
  );
