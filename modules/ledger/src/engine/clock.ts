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

  /** The time of the last event of a batch of so many. */
  tick(events: number): bigint {
    const now = this.#now();
    const next = this.#time + BigInt(events) + 1n;
    this.#time = now > next && now < TIMESTAMP_MAX ? now : next;
    return this.#time;
  }
}
