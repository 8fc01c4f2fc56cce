import { F_CODE_FLAGS, F_LEDGER, FACT_WORDS } from './accounts.ts';
import { exceedsCredits, exceedsDebits } from './balances.ts';
import { LAST_TRANSFER, type Books } from './books.ts';
import {
  AccountFlag,
  BALANCE_WORDS,
  CREDITS_PENDING,
  CREDITS_POSTED,
  DEBITS_PENDING,
  DEBITS_POSTED,
  RECORD_WORDS,
  T_AMOUNT,
  T_CODE_FLAGS,
  T_ID,
  T_LEDGER,
  T_PENDING,
  T_TIMEOUT_S,
  T_TIMESTAMP,
} from './layout.ts';
import { Status } from './statuses.ts';
import { addTo, copyTo } from './u128.ts';

/** Transfers that are looked at together: what is read of them stays in the first cache until it is read again. */
const EVENTS_AHEAD = 64;

const LIMITED_WORD =
  (AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS | AccountFlag.CREDITS_MUST_NOT_EXCEED_DEBITS) << 16;
const CLOSED_WORD = AccountFlag.CLOSED << 16;
const HISTORY_WORD = AccountFlag.HISTORY << 16;

const amount = new Uint32Array(4);

/**
 * The short way of the transfers that nearly all are: without flags, with ids that rise, between accounts that
 * both take them. They are carried out many at a time, without what the rules ask of others only.
 * Whatever is not such a transfer is left to the rules, which alone say why one is refused; what
 * is carried out here comes out as it does there.
 */
export class PlainTransfers {
  /** Events up to this one were looked at and are plain by what was sent; their ids rise. */
  #plainTo = 0;

  /** Forgets what was seen: another batch begins. */
  begin(): void {
    this.#plainTo = 0;
  }

  /**
   * Carries out the transfers of a batch from one on, outside a chain.
   * @param low of the time of that one, and high
   * @param first ordinal of the first event of the batch
   * @returns the first event that is left; perhaps the same
   */
  carryOut(
    books: Books,
    words: Uint32Array,
    from: number,
    count: number,
    low: number,
    high: number,
    first: number,
  ): number {
    let event = from;
    while (event < count) {
      if (event >= this.#plainTo) this.#plainTo = plainTo(words, event, count);
      const end = this.#plainTo;
      if (event === end || !books.ids.isAboveAll(words, event * RECORD_WORDS + T_ID)) break;
      const done = move(books, words, event, end, low - from, high, first);
      if (done > event) note(books, words, event, done, low - from, high, first);
      event = done;
      if (done < end) break;
    }
    return event;
  }
}

/** The first event from one on, within some, that is more than an amount to be moved, or whose id does not rise. */
function plainTo(words: Uint32Array, from: number, count: number): number {
  const end = Math.min(count, from + EVENTS_AHEAD);
  for (let event = from; event < end; event++) {
    const at = event * RECORD_WORDS;
    const code = words[at + T_CODE_FLAGS]!;
    const others =
      words[at + T_PENDING]! |
      words[at + T_PENDING + 1]! |
      words[at + T_PENDING + 2]! |
      words[at + T_PENDING + 3]! |
      words[at + T_TIMEOUT_S]! |
      words[at + T_TIMESTAMP]! |
      words[at + T_TIMESTAMP + 1]!;
    if (code === 0 || code > 0xffff || others !== 0) return event;
    const i3 = words[at + 3]!;
    // The greatest id there is would be refused.
    if (i3 === 0xffffffff) return event;

    if (event > from && !isAboveBefore(words, at, i3)) return event;
  }
  return end;
}

/** Whether an id is above that of the record before it. */
function isAboveBefore(words: Uint32Array, at: number, i3: number): boolean {
  const before = at - RECORD_WORDS;
  if (i3 !== words[before + 3]) return i3 > words[before + 3]!;
  if (words[at + 2] !== words[before + 2]) return words[at + 2]! > words[before + 2]!;
  if (words[at + 1] !== words[before + 1]) return words[at + 1]! > words[before + 1]!;
  return words[at]! > words[before]!;
}

/**
 * Moves the amounts of plain transfers.
 * @param base the low word of the time of a transfer, less its place in the batch
 * @param high word of the time of the first of them
 * @returns the first one that an account does not take without more ado, or the end
 */
function move(
  books: Books,
  words: Uint32Array,
  from: number,
  end: number,
  base: number,
  high: number,
  first: number,
): number {
  const { accounts, parties, events, history, keepsAllBalances } = books;
  const { facts, balances } = accounts;
  for (let event = from; event < end; event++) {
    const at = event * RECORD_WORDS;
    const debit = parties.debitOf(accounts, words, event);
    const credit = parties.creditOf(event);
    // An id that is zero, or the greatest there is, has no account.
    if (debit < 0 || credit < 0 || debit === credit) return event;
    const debitFact = debit * FACT_WORDS;
    const creditFact = credit * FACT_WORDS;
    const ledger = words[at + T_LEDGER]!;
    if (facts[debitFact + F_LEDGER] !== ledger || facts[creditFact + F_LEDGER] !== ledger)
      return event;
    const flags = facts[debitFact + F_CODE_FLAGS]! | facts[creditFact + F_CODE_FLAGS]!;
    if ((flags & CLOSED_WORD) !== 0) return event;
    const debitAt = debit * BALANCE_WORDS;
    const creditAt = credit * BALANCE_WORDS;
    // No sum of three numbers below 2^96 is beyond 128 bits.
    const tops =
      words[at + T_AMOUNT + 3]! |
      balances[debitAt + DEBITS_PENDING + 3]! |
      balances[debitAt + DEBITS_POSTED + 3]! |
      balances[creditAt + CREDITS_PENDING + 3]! |
      balances[creditAt + CREDITS_POSTED + 3]!;
    if (tops !== 0) return event;
    if ((flags & LIMITED_WORD) !== 0) {
      copyTo(amount, 0, words, at + T_AMOUNT);
      if (exceedsCredits(accounts, debit, amount) || exceedsDebits(accounts, credit, amount))
        return event;
    }
    addTo(balances, debitAt + DEBITS_POSTED, words, at + T_AMOUNT);
    addTo(balances, creditAt + CREDITS_POSTED, words, at + T_AMOUNT);
    const low = base + event;
    events.mark(first + event, low, low > 0xffffffff ? high + 1 : high, debit, credit);
    if (keepsAllBalances || (flags & HISTORY_WORD) !== 0)
      history.add(first + event, accounts, debit, credit);
  }
  return end;
}

/** Notes transfers that were carried out: their ids, what became of them, and when the last one was. */
function note(
  books: Books,
  words: Uint32Array,
  from: number,
  end: number,
  base: number,
  high: number,
  first: number,
): void {
  const { ids, events, last } = books;
  ids.append(words, from, end, first);
  events.statuses.fill(first + from, first + end, Status.CREATED);
  const low = base + end - 1;
  last[LAST_TRANSFER] = low;
  last[LAST_TRANSFER + 1] = low > 0xffffffff ? high + 1 : high;
}
