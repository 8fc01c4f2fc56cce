import type { Accounts } from './accounts.ts';
import type { Balances, QueryFilter } from './filters.ts';
import {
  A_BALANCES,
  A_LEDGER,
  A_TIMESTAMP,
  CREDITS_PENDING,
  CREDITS_POSTED,
  DEBITS_PENDING,
  DEBITS_POSTED,
  RECORD_WORDS,
} from './layout.ts';
import { ACCOUNT_WORDS, boundsOf, matches } from './matching.ts';
import { readU128, readU64 } from './u128.ts';

/** The balances of accounts added up; a sum may be beyond 128 bits. */
export interface Totals extends Balances {
  readonly accounts: number;
}

/** Adds up accounts by their ledger, without a copy of each. */
export function totalsOf(accounts: Accounts, filter: QueryFilter): Map<number, Totals> {
  const totals = new Map<number, Totals>();
  const bounds = boundsOf(filter);
  if (bounds === undefined) return totals;
  const words = new Uint32Array(RECORD_WORDS);
  for (let index = 0; index < accounts.count; index++) {
    accounts.writeRecord(index, words, 0);
    const timestamp = readU64(words, A_TIMESTAMP);
    if (timestamp < bounds.min || timestamp > bounds.max) continue;
    if (!matches(words, 0, filter, ACCOUNT_WORDS)) continue;
    const ledger = words[A_LEDGER] ?? 0;
    const of = totals.get(ledger);
    const sum = (balance: number, before = 0n): bigint =>
      before + readU128(words, A_BALANCES + balance);
    totals.set(ledger, {
      accounts: (of?.accounts ?? 0) + 1,
      debitsPending: sum(DEBITS_PENDING, of?.debitsPending),
      debitsPosted: sum(DEBITS_POSTED, of?.debitsPosted),
      creditsPending: sum(CREDITS_PENDING, of?.creditsPending),
      creditsPosted: sum(CREDITS_POSTED, of?.creditsPosted),
    });
  }
  return totals;
}
