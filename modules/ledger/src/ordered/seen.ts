import {
  LogOperation,
  readU128,
  RECORD_WORDS,
  T_CREDIT,
  T_DEBIT,
  T_PENDING,
  wordsOf,
  type LedgerState,
} from '@anarq/ledger-engine';
import { LedgerRefusal } from '../engine/refusal.ts';
import type { BatchForOrder } from './batchBytes.ts';

/**
 * Who hands a batch in looked at it on its own books. What was not in them then and is now was looked at by
 * nobody, so the batch is refused, at every node alike, and handed in again after another look.
 * @throws LedgerRefusal STATE_CONFLICT
 */
export function checkSeen(
  { operation, events, seen }: Pick<BatchForOrder, 'operation' | 'events' | 'seen'>,
  state: LedgerState,
): void {
  if (seen === undefined || operation !== LogOperation.TRANSFERS) return;
  if (state.accountsCount === seen.accounts && state.eventsCount === seen.events) return;
  const words = wordsOf(events);
  for (let at = 0; at < words.length; at += RECORD_WORDS) {
    const isNew =
      state.accountNumber(words, at + T_DEBIT) >= seen.accounts ||
      state.accountNumber(words, at + T_CREDIT) >= seen.accounts ||
      (state.queries.usedBy(readU128(words, at + T_PENDING)) ?? -1) >= seen.events;
    if (isNew) throw new LedgerRefusal('STATE_CONFLICT', UNSEEN);
  }
}

const UNSEEN =
  'an account or a hold of this batch was not there when it was looked at, and is now: look again';

/** Whether a batch was refused because it has to be looked at again. */
export const isUnseen = (error: unknown): boolean =>
  error instanceof LedgerRefusal && error.code === 'STATE_CONFLICT' && error.message === UNSEEN;
