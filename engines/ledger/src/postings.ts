import type { Events } from './events.ts';
import type { RunStore } from './ports.ts';
import { SortedRun } from './sortedRun.ts';

const ENTRY_WORDS = 2;

/**
 * Which events touched an account. Nothing is noted while transfers are created: events in memory know
 * their accounts, and are sorted by them when somebody asks; before they leave memory they are written
 * as a run of (account, ordinal).
 */
export class Postings {
  readonly runs: SortedRun[] = [];
  /** The first event that is in no run. */
  sealedTo = 0;
  readonly #events: Events;
  readonly #store: RunStore | undefined;
  #sorted = new Uint32Array(0);
  #sortedCount = 0;
  #sortedTo = -1;

  constructor(events: Events, store: RunStore | undefined) {
    this.#events = events;
    this.#store = store;
  }

  /** Writes the events since the last run as one. @param accounts how many accounts there are */
  seal(accounts: number): void {
    if (this.#store === undefined || this.sealedTo === this.#events.count) return;
    this.#sort(accounts);
    if (this.#sortedCount > 0) {
      const facts = {
        name: `postings-${this.runs.length}`,
        count: this.#sortedCount,
        width: ENTRY_WORDS,
        keyWidth: ENTRY_WORDS,
      };
      this.runs.push(SortedRun.write(this.#store, facts, this.#sorted));
    }
    this.sealedTo = this.#events.count;
    this.#sortedTo = -1;
  }

  /** The ordinals of the events of an account within a range, ascending or descending. */
  *of(
    account: number,
    accounts: number,
    range: { readonly from: number; readonly to: number; readonly isReversed: boolean },
  ): Generator<number> {
    const { from, to, isReversed } = range;
    if (isReversed) yield* this.#late(account, accounts, range);
    const key = new Uint32Array(ENTRY_WORDS);
    for (let step = 0; step < this.runs.length; step++) {
      const run = this.runs[isReversed ? this.runs.length - 1 - step : step]!;
      key[0] = account;
      key[1] = from;
      const first = run.lowerBound(key);
      key[1] = to;
      const end = run.lowerBound(key);
      if (isReversed) for (let entry = end - 1; entry >= first; entry--) yield run.word(entry, 1);
      else for (let entry = first; entry < end; entry++) yield run.word(entry, 1);
    }
    if (!isReversed) yield* this.#late(account, accounts, range);
  }

  /** Those that are in no run yet. */
  *#late(
    account: number,
    accounts: number,
    { from, to, isReversed }: { from: number; to: number; isReversed: boolean },
  ): Generator<number> {
    this.#sort(accounts);
    const first = this.#lowerBound(account, from);
    const end = this.#lowerBound(account, to);
    // The sorted entries may be made anew while somebody still reads these.
    const ordinals = this.#sorted.slice(first * ENTRY_WORDS, end * ENTRY_WORDS);
    const count = end - first;
    for (let step = 0; step < count; step++)
      yield ordinals[(isReversed ? count - 1 - step : step) * ENTRY_WORDS + 1]!;
  }

  #lowerBound(account: number, ordinal: number): number {
    const sorted = this.#sorted;
    let low = 0;
    let high = this.#sortedCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = sorted[middle * ENTRY_WORDS]!;
      const isBelow =
        other < account || (other === account && sorted[middle * ENTRY_WORDS + 1]! < ordinal);
      if (isBelow) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Sorts the late events by account and ordinal: counted, then placed in their order. */
  #sort(accounts: number): void {
    const events = this.#events;
    if (this.#sortedTo === events.count) return;
    const next = new Uint32Array(accounts + 1);
    let count = 0;
    for (let ordinal = this.sealedTo; ordinal < events.count; ordinal++) {
      if (!events.statuses.isEffective(ordinal)) continue;
      next[events.debitOf(ordinal) + 1]!++;
      next[events.creditOf(ordinal) + 1]!++;
      count += 2;
    }
    for (let account = 1; account <= accounts; account++) next[account]! += next[account - 1]!;
    if (this.#sorted.length < count * ENTRY_WORDS)
      this.#sorted = new Uint32Array(count * ENTRY_WORDS);
    const sorted = this.#sorted;
    for (let ordinal = this.sealedTo; ordinal < events.count; ordinal++) {
      if (!events.statuses.isEffective(ordinal)) continue;
      place(sorted, next, events.debitOf(ordinal), ordinal);
      place(sorted, next, events.creditOf(ordinal), ordinal);
    }
    this.#sortedCount = count;
    this.#sortedTo = events.count;
  }
}

/** Puts an entry where the next one of its account belongs. */
function place(sorted: Uint32Array, next: Uint32Array, account: number, ordinal: number): void {
  const at = next[account]!++ * ENTRY_WORDS;
  sorted[at] = account;
  sorted[at + 1] = ordinal;
}
