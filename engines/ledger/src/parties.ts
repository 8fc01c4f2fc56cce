import { FACT_WORDS, type Accounts } from './accounts.ts';
import {
  BALANCE_WORDS,
  CREDITS_PENDING,
  CREDITS_POSTED,
  RECORD_WORDS,
  T_CREDIT,
  T_DEBIT,
} from './layout.ts';

/** Events whose accounts are looked up at a time: what they need of the accounts stays in the first cache. */
const EVENTS_AHEAD = 64;

/**
 * The accounts of the transfers of a batch, looked up some transfers ahead. Accounts lie all over the
 * memory, and look-ups that do not depend on one another wait for it together; each on its own, between
 * the rules of two transfers, waits alone. No account is opened while transfers are created, so what is
 * found ahead is what would be found later.
 */
export class Parties {
  /** Index of the debit account and of the credit account of each event of the piece, or NOBODY; first their slots. */
  readonly #found = new Int32Array(EVENTS_AHEAD * 2);
  #from = 0;
  #to = 0;
  /** Kept, so that nobody takes the reading of what will be needed for useless. */
  touched = 0;

  /** Forgets what was found: another batch begins. */
  begin(): void {
    this.#from = 0;
    this.#to = 0;
  }

  /** Looks up the accounts of the events from one on, up to an end. */
  #lookUp(accounts: Accounts, words: Uint32Array, from: number, end: number): void {
    const found = this.#found;
    const { balances, facts } = accounts;
    const to = Math.min(end, from + EVENTS_AHEAD);
    for (let event = from; event < to; event++) {
      const at = event * RECORD_WORDS;
      const slot = (event - from) * 2;
      found[slot] = accounts.slotOf(words, at + T_DEBIT);
      found[slot + 1] = accounts.slotOf(words, at + T_CREDIT);
    }
    // Nearly always it is the account that is meant. Nothing here waits for what it reads.
    let touched = 0;
    for (let side = 0; side < (to - from) * 2; side += 2) {
      const debit = accounts.indexIn(found[side]!);
      const credit = accounts.indexIn(found[side + 1]!);
      touched ^= facts[debit * FACT_WORDS]! ^ balances[debit * BALANCE_WORDS]!;
      touched ^= facts[credit * FACT_WORDS]! ^ balances[credit * BALANCE_WORDS + CREDITS_PENDING]!;
      touched ^= balances[credit * BALANCE_WORDS + CREDITS_POSTED]!;
    }
    for (let event = from; event < to; event++) {
      const at = event * RECORD_WORDS;
      const slot = (event - from) * 2;
      found[slot] = accounts.findFrom(found[slot]!, words, at + T_DEBIT);
      found[slot + 1] = accounts.findFrom(found[slot + 1]!, words, at + T_CREDIT);
    }
    this.touched = touched;
    this.#from = from;
    this.#to = to;
  }

  debitOf(accounts: Accounts, words: Uint32Array, event: number): number {
    if (event >= this.#to || event < this.#from)
      this.#lookUp(accounts, words, event, words.length / RECORD_WORDS);
    return this.#found[(event - this.#from) * 2]!;
  }

  /** After `debitOf` of the same event. */
  creditOf(event: number): number {
    return this.#found[(event - this.#from) * 2 + 1]!;
  }
}
