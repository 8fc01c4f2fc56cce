import {
  BATCH_EVENTS_MAX,
  LogOperation,
  RECORD_BYTES,
  type LedgerState,
  type LoggedBatch,
} from '@anarq/ledger-engine';

/** Ends pending transfers whose time is over: a batch of the log like any other. */
export class PendingEnds {
  readonly #events = new Uint8Array(BATCH_EVENTS_MAX * RECORD_BYTES);
  readonly #results = new Uint32Array(BATCH_EVENTS_MAX);

  /**
   * Ends those that are over at an instant, as many as a batch has.
   * @param page of the log, in which they begin
   * @returns the batch, until the next one; undefined where none was over
   */
  of(state: LedgerState, timestamp: bigint, page: number): LoggedBatch | undefined {
    const ordinal = state.eventsCount;
    const count = state.expirePending(this.#events, timestamp, page);
    if (count === 0) return undefined;
    const { EXPIRIES: operation } = LogOperation;
    return { operation, events: this.#events, count, timestamp, results: this.#results, ordinal };
  }
}
