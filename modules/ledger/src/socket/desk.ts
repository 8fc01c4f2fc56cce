import type { AccountFilter, LedgerState, Queries } from '@anarq/ledger-engine';
import { FAULT_MODELS, type FaultModel } from '@anarq/ordering/fault-models';
import type { BatchAnswer } from '../engine/group.ts';
import { LedgerRefusal } from '../engine/refusal.ts';
import type { LedgerWriter } from '../engine/writer.ts';
import type { Admission } from './gate.ts';

/** What a connection asks: accounts or transfers by their keys, or the transfers of an account. */
export type Asked =
  | { readonly kind: 'accounts' | 'transfers'; readonly keys: readonly bigint[] }
  | { readonly kind: 'of-account'; readonly filter: AccountFilter };

/** Most transfers of an account that one question looks at: everybody else waits meanwhile. */
const READ_MAX = 100_000;

/**
 * The transfers that a filter means.
 * @throws LedgerRefusal where too many have to be looked at for that
 */
export function transfersOfAccount(queries: Queries, filter: AccountFilter): Uint8Array[] {
  const { records, readTo } = queries.searchAccountTransfers(filter, READ_MAX);
  if (readTo !== undefined && records.length < filter.limit)
    throw new LedgerRefusal(
      'LIMIT_EXCEEDED',
      `a question looks at ${READ_MAX} transfers of an account at most: narrow it by timestampMin and timestampMax`,
    );
  return records;
}

/** Where what one connection asks for is done. What it answers is safe. */
export interface Desk {
  /** Told with OPENED. */
  readonly greeting?: object;
  /**
   * Records of 128 bytes, which are written over.
   * @param done is called when nobody looks at them any more: their memory is used for others then
   */
  createAccounts(records: Uint8Array, done: () => void): Promise<BatchAnswer>;
  createTransfers(records: Uint8Array, done: () => void): Promise<BatchAnswer>;
  find(asked: Asked): Promise<readonly Uint8Array[]>;
}

/** Books that are served: those of one writer, or those of a node whose batches come from an order. */
export interface DeskBooks extends Pick<
  LedgerWriter,
  'queries' | 'settled' | 'createAccounts' | 'createTransfers'
> {
  /** Who orders their batches, and what that bears; absent for one writer. */
  readonly faultModel?: FaultModel;
}

/** Has it done by the books of a ledger themselves, within what an admission allows. */
export class WriterDesk implements Desk {
  readonly greeting: { readonly order: FaultModel };
  readonly #writer: DeskBooks;
  readonly #admission: Admission;

  constructor(writer: DeskBooks, admission: Admission) {
    this.greeting = { order: writer.faultModel ?? FAULT_MODELS.local };
    this.#writer = writer;
    this.#admission = admission;
  }

  createAccounts(records: Uint8Array, done: () => void): Promise<BatchAnswer> {
    const admit = this.#admits('accounts', records);
    return this.#settled(this.#writer.createAccounts(records, this.#admission.cause, admit), done);
  }

  createTransfers(records: Uint8Array, done: () => void): Promise<BatchAnswer> {
    const admit = this.#admits('transfers', records);
    return this.#settled(this.#writer.createTransfers(records, this.#admission.cause, admit), done);
  }

  async find(asked: Asked): Promise<readonly Uint8Array[]> {
    const { queries } = this.#writer;
    const found =
      asked.kind === 'of-account'
        ? transfersOfAccount(queries, asked.filter)
        : asked.keys.flatMap(
            (key) =>
              (asked.kind === 'accounts' ? queries.account(key) : queries.transfer(key)) ?? [],
          );
    // What was seen may be told when it is safe.
    await this.#writer.settled();
    return found;
  }

  #admits(kind: 'accounts' | 'transfers', records: Uint8Array) {
    return (state: LedgerState): void => {
      const why = this.#admission.check(kind, records, state);
      if (why !== undefined) throw new LedgerRefusal('QONSENT_DENIED', why);
    };
  }

  async #settled(answer: Promise<BatchAnswer>, done: () => void): Promise<BatchAnswer> {
    try {
      const answered = await answer;
      done();
      return answered;
    } catch (error) {
      // So may what it was refused for.
      await this.#writer.settled();
      throw error;
    }
  }
}
