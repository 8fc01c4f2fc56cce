import { F_CODE_FLAGS, F_LEDGER, F_TIMESTAMP, F_USER_32, FACT_WORDS } from './accounts.ts';
import type { Books } from './books.ts';
import type { Balances } from './filters.ts';
import { BALANCE_WORDS } from './layout.ts';
import { balancesOf, effectOf, NOTHING } from './pastBalances.ts';
import type { Totals } from './totals.ts';
import { readU64 } from './u128.ts';

const CODE_BITS = 16;

/** What the accounts of one ledger with one code hold together. */
export interface CodeTotals extends Totals {
  readonly ledger: number;
  readonly code: number;
}

type Sums = { -readonly [K in keyof CodeTotals]: CodeTotals[K] };

/**
 * What accounts held together at an instant, by ledger and code. It is made in one go from how the books
 * stand now, and then taken back, or added up from the first event on, event by event, whichever is
 * shorter: at most half of the log is read. Both may be done in steps while the books go on, since
 * nothing that happened until an instant ever changes, and what comes meanwhile is left out.
 */
export class TotalsByCode {
  readonly #books: Books;
  readonly #timestamp: bigint;
  readonly #userData32: number;
  readonly #sums = new Map<number, Sums>();
  readonly #isTakenBack: boolean;
  #next: number;
  readonly #end: number;

  /**
   * @param timestamp the instant, in nanoseconds
   * @param before the ordinal of the first event after it
   * @param userData32 of the accounts that are meant
   */
  constructor(books: Books, timestamp: bigint, before: number, userData32: number) {
    this.#books = books;
    this.#timestamp = timestamp;
    this.#userData32 = userData32;
    const { count } = books.events;
    this.#isTakenBack = count - before <= before;
    this.#next = this.#isTakenBack ? before : 0;
    this.#end = this.#isTakenBack ? count : before;
    for (let index = 0; index < books.accounts.count; index++) this.#addAccount(index);
  }

  /** Events that are still to be read. */
  get eventsLeft(): number {
    return this.#end - this.#next;
  }

  /** Reads so many further events. */
  step(eventsMax: number): void {
    const to = Math.min(this.#end, this.#next + eventsMax);
    for (; this.#next < to; this.#next++)
      if (this.#books.events.statuses.isEffective(this.#next)) this.#addEvent(this.#next);
  }

  /** The sums; those of the instant when no event is left. */
  get totals(): readonly CodeTotals[] {
    return [...this.#sums.values()].filter(({ accounts }) => accounts > 0);
  }

  #addAccount(index: number): void {
    const { facts, balances } = this.#books.accounts;
    const sums = this.#sumsOf(index);
    if (sums === undefined) return;
    // What an account that was opened later holds is taken back to nothing with all other events.
    if (readU64(facts, index * FACT_WORDS + F_TIMESTAMP) <= this.#timestamp) sums.accounts++;
    if (this.#isTakenBack) add(sums, balancesOf(balances, index * BALANCE_WORDS));
  }

  #addEvent(ordinal: number): void {
    const { debit, credit, held, posted } = effectOf(this.#books, ordinal);
    const debits = this.#sumsOf(debit);
    const credits = this.#sumsOf(credit);
    const [heldBy, postedBy] = this.#isTakenBack ? [-held, -posted] : [held, posted];
    if (debits !== undefined) {
      debits.debitsPending += heldBy;
      debits.debitsPosted += postedBy;
    }
    if (credits !== undefined) {
      credits.creditsPending += heldBy;
      credits.creditsPosted += postedBy;
    }
  }

  /** The sums to which an account belongs; undefined for one that is not meant. */
  #sumsOf(index: number): Sums | undefined {
    const { facts } = this.#books.accounts;
    const fact = index * FACT_WORDS;
    if (facts[fact + F_USER_32] !== this.#userData32) return undefined;
    const ledger = facts[fact + F_LEDGER]!;
    const code = facts[fact + F_CODE_FLAGS]! & 0xffff;
    const key = ledger * 2 ** CODE_BITS + code;
    let sums = this.#sums.get(key);
    if (sums === undefined) {
      sums = { ledger, code, accounts: 0, ...NOTHING };
      this.#sums.set(key, sums);
    }
    return sums;
  }
}

function add(sums: Sums, balances: Balances): void {
  sums.debitsPending += balances.debitsPending;
  sums.debitsPosted += balances.debitsPosted;
  sums.creditsPending += balances.creditsPending;
  sums.creditsPosted += balances.creditsPosted;
}
