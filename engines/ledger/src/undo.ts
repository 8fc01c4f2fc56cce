import { F_CODE_FLAGS, FACT_WORDS, type Accounts } from './accounts.ts';
import type { BalanceHistory } from './balanceHistory.ts';
import type { Events } from './events.ts';
import type { Expiries } from './expiries.ts';
import { BALANCE_WORDS, RECORD_WORDS } from './layout.ts';
import type { Status } from './statuses.ts';
import type { TransferIds } from './transferIds.ts';

/** What can be put back. */
interface Changeable {
  readonly accounts: Accounts;
  readonly ids: TransferIds;
  readonly events: Events;
  readonly expiries: Expiries;
  readonly history: BalanceHistory;
  readonly last: Uint32Array;
}

/** Words kept of an account: its index, its code and flags, its balances. */
const ACCOUNT_WORDS = 2 + BALANCE_WORDS;

/**
 * What a chain of linked events has changed so far, so that all of it can be put back where one of
 * them fails. Outside a chain nothing is noted: an event alone changes nothing unless it succeeds.
 */
export class Undo {
  isOpen = false;
  #accounts = new Uint32Array(ACCOUNT_WORDS * 64);
  #accountsCount = 0;
  #records = new Uint32Array(RECORD_WORDS * 64);
  /** Where in the batch each record lies. */
  readonly #recordsAt: number[] = [];
  readonly #statuses: { readonly ordinal: number; readonly status: Status }[] = [];
  readonly #expiries: { readonly low: number; readonly high: number; readonly ordinal: number }[] =
    [];
  #openedBefore = 0;
  #historyBefore = 0;
  readonly #lastBefore = new Uint32Array(6);

  /** Begins a chain. */
  begin(books: Changeable): void {
    this.isOpen = true;
    this.#openedBefore = books.accounts.count;
    this.#historyBefore = books.history.count;
    this.#lastBefore.set(books.last);
  }

  /** Notes an account before its balances or flags change. */
  account(books: Changeable, index: number): void {
    if (!this.isOpen) return;
    const at = this.#accountsCount++ * ACCOUNT_WORDS;
    if (at === this.#accounts.length) this.#accounts = doubled(this.#accounts);
    this.#accounts[at] = index;
    this.#accounts[at + 1] = books.accounts.facts[index * FACT_WORDS + F_CODE_FLAGS]!;
    const from = index * BALANCE_WORDS;
    for (let word = 0; word < BALANCE_WORDS; word++)
      this.#accounts[at + 2 + word] = books.accounts.balances[from + word]!;
  }

  /** Notes a new transfer before it is written into the form in which it is stored. */
  record(words: Uint32Array, at: number): void {
    if (!this.isOpen) return;
    const to = this.#recordsAt.push(at) * RECORD_WORDS - RECORD_WORDS;
    if (to === this.#records.length) this.#records = doubled(this.#records);
    for (let word = 0; word < RECORD_WORDS; word++) this.#records[to + word] = words[at + word]!;
  }

  status(ordinal: number, status: Status): void {
    if (this.isOpen) this.#statuses.push({ ordinal, status });
  }

  /** Holds the end of a pending transfer back until the chain holds. @returns false outside a chain */
  expiry(low: number, high: number, ordinal: number): boolean {
    if (this.isOpen) this.#expiries.push({ low, high, ordinal });
    return this.isOpen;
  }

  /** The chain holds. */
  keep(books: Changeable): void {
    for (const { low, high, ordinal } of this.#expiries) books.expiries.add(low, high, ordinal);
    this.#clear();
  }

  /** The chain is broken: everything is as it was before it, in the books and in the batch. */
  discard(books: Changeable, words: Uint32Array): void {
    const { balances, facts } = books.accounts;
    for (let entry = this.#accountsCount - 1; entry >= 0; entry--) {
      const at = entry * ACCOUNT_WORDS;
      const index = this.#accounts[at]!;
      facts[index * FACT_WORDS + F_CODE_FLAGS] = this.#accounts[at + 1]!;
      balances.set(this.#accounts.subarray(at + 2, at + ACCOUNT_WORDS), index * BALANCE_WORDS);
    }
    for (let entry = this.#recordsAt.length - 1; entry >= 0; entry--) {
      const at = this.#recordsAt[entry]!;
      books.ids.unadd(words, at);
      words.set(this.#records.subarray(entry * RECORD_WORDS, (entry + 1) * RECORD_WORDS), at);
    }
    for (const { ordinal, status } of this.#statuses.toReversed())
      books.events.statuses.set(ordinal, status);
    while (books.accounts.count > this.#openedBefore) books.accounts.unopen();
    books.history.truncate(this.#historyBefore);
    books.last.set(this.#lastBefore);
    this.#clear();
  }

  #clear(): void {
    this.isOpen = false;
    this.#accountsCount = 0;
    this.#recordsAt.length = 0;
    this.#statuses.length = 0;
    this.#expiries.length = 0;
  }
}

function doubled(words: Uint32Array): Uint32Array<ArrayBuffer> {
  const twice = new Uint32Array(words.length * 2);
  twice.set(words);
  return twice;
}
