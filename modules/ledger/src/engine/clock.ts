import { TIMESTAMP_MAX } from '@anarq/ledger-engine';

/** The time of batches: the machine's, and always later than that of the batch before, whatever it does. */
export class LedgerClock {
  readonly #now: () => bigint;
  #time: bigint;

  /** @param now nanoseconds since 1970 @param last the time of the last batch */
  constructor(now: () => bigint, last: bigint) {
    this.#now = now;
    this.#time = last;
  }

  /**
   * The time of the last event of a batch of so many.
   * @param ordered when an order says that it came: the time follows from that and the books alone
   */
  tick(events: number, ordered?: bigint, books?: { readonly lastTimestamp: bigint }): bigint {
    const now = ordered ?? this.#now();
    const last = ordered === undefined ? this.#time : (books?.lastTimestamp ?? 0n);
    const next = last + BigInt(events) + 1n;
    this.#time = now > next && now < TIMESTAMP_MAX ? now : next;
    return this.#time;
  }
}
