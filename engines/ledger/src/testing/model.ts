import { AccountFlag as A, NS_PER_S, TIMESTAMP_MAX, TransferFlag as T } from '../layout.ts';
import type { AccountResult, TransferResult } from '../results.ts';
import {
  copyOf,
  type ModelAccount,
  type ModelTransfer,
  type PendingStatus,
  type State,
} from './modelState.ts';

const ID_MAX = 2n ** 128n - 1n;
const AMOUNT_MAX = ID_MAX;

const TRANSIENT: ReadonlySet<TransferResult> = new Set<TransferResult>([
  'debit_account_not_found',
  'credit_account_not_found',
  'pending_transfer_not_found',
  'exceeds_credits',
  'exceeds_debits',
  'debit_account_already_closed',
  'credit_account_already_closed',
]);

/**
 * The books as maps and big numbers, as plainly as they can be said: what the engine is held to. Slow,
 * and nothing here is shared with it but the names.
 */
export class LedgerModel {
  #state: State = {
    accounts: new Map(),
    transfers: new Map(),
    pending: new Map(),
    failed: new Set(),
    lastAccount: 0n,
    lastTransfer: 0n,
  };

  get accounts(): ReadonlyMap<bigint, ModelAccount> {
    return this.#state.accounts;
  }

  /** Transfers in the order in which they were created. */
  get transfers(): ReadonlyMap<bigint, ModelTransfer> {
    return this.#state.transfers;
  }

  pendingStatus(id: bigint): PendingStatus | undefined {
    return this.#state.pending.get(id);
  }

  createAccounts(events: readonly ModelAccount[], timestamp: bigint): AccountResult[] {
    return this.#batch<AccountResult, ModelAccount>(events, timestamp, A.IMPORTED, (event, at) =>
      this.#createAccount(event, at),
    );
  }

  createTransfers(events: readonly ModelTransfer[], timestamp: bigint): TransferResult[] {
    return this.#batch<TransferResult, ModelTransfer>(events, timestamp, T.IMPORTED, (event, at) =>
      this.#createTransfer(event, at),
    );
  }

  /** Ends what is over, the earliest first. @returns the ids */
  expire(timestamp: bigint, most: number): bigint[] {
    const due = this.#due(timestamp).slice(0, most);
    for (const held of due) {
      this.#release(held);
      this.#state.pending.set(held.id, 'expired');
    }
    if (due.length > 0) this.#state.lastTransfer = timestamp;
    return due.map(({ id }) => id);
  }

  #due(timestamp: bigint): ModelTransfer[] {
    const { transfers, pending } = this.#state;
    return [...transfers.values()]
      .filter(({ id, timeout_s }) => timeout_s > 0 && pending.get(id) === 'pending')
      .filter((held) => endOf(held) <= timestamp)
      .toSorted((a, b) => Number(endOf(a) - endOf(b)) || Number(a.timestamp - b.timestamp));
  }

  #batch<R extends AccountResult | TransferResult, E extends ModelAccount | ModelTransfer>(
    events: readonly E[],
    timestamp: bigint,
    imported: number,
    create: (event: E, at: bigint) => R,
  ): R[] {
    const results: R[] = [];
    const importing = ((events[0]?.flags ?? 0) & imported) !== 0;
    let before: State | undefined;
    let from = 0;
    let isBroken = false;
    events.forEach((event, index) => {
      const at = timestamp - BigInt(events.length - 1 - index);
      const isLinked = (event.flags & A.LINKED) !== 0;
      const isLast = index === events.length - 1;
      if (isLinked && before === undefined) {
        before = copyOf(this.#state);
        from = index;
      }
      let result = 'created' as R;
      if (isLinked && isLast) result = 'linked_event_chain_open' as R;
      else if (isBroken) result = 'linked_event_failed' as R;
      else result = (wrongTime(event, importing, imported, timestamp) ?? create(event, at)) as R;
      results[index] = result;
      if (result !== 'created') {
        if (before !== undefined && !isBroken) {
          isBroken = true;
          this.#state = before;
          results.fill('linked_event_failed' as R, from, index);
        }
        if ('amount' in event && TRANSIENT.has(result as TransferResult))
          this.#state.failed.add(event.id);
      }
      if (!isLinked || isLast) {
        before = undefined;
        isBroken = false;
      }
    });
    return results;
  }

  #createAccount(a: ModelAccount, at: bigint): AccountResult {
    const { accounts, transfers, lastAccount } = this.#state;
    if (a.reserved !== 0) return 'reserved_field';
    if ((a.flags & 0xffc0) !== 0) return 'reserved_flag';
    if (a.id === 0n) return 'id_must_not_be_zero';
    if (a.id === ID_MAX) return 'id_must_not_be_int_max';
    const e = accounts.get(a.id);
    if (e !== undefined) {
      if (a.flags !== e.flags) return 'exists_with_different_flags';
      if (a.userData128 !== e.userData128) return 'exists_with_different_user_data_128';
      if (a.userData64 !== e.userData64) return 'exists_with_different_user_data_64';
      if (a.userData32 !== e.userData32) return 'exists_with_different_user_data_32';
      if (a.ledger !== e.ledger) return 'exists_with_different_ledger';
      if (a.code !== e.code) return 'exists_with_different_code';
      return 'exists';
    }
    const both = A.DEBITS_MUST_NOT_EXCEED_CREDITS | A.CREDITS_MUST_NOT_EXCEED_DEBITS;
    if ((a.flags & both) === both) return 'flags_are_mutually_exclusive';
    if (a.debitsPending !== 0n) return 'debits_pending_must_be_zero';
    if (a.debitsPosted !== 0n) return 'debits_posted_must_be_zero';
    if (a.creditsPending !== 0n) return 'credits_pending_must_be_zero';
    if (a.creditsPosted !== 0n) return 'credits_posted_must_be_zero';
    if (a.ledger === 0) return 'ledger_must_not_be_zero';
    if (a.code === 0) return 'code_must_not_be_zero';
    const isImported = (a.flags & A.IMPORTED) !== 0;
    const isTaken = [...transfers.values()].some(({ timestamp }) => timestamp === a.timestamp);
    if (isImported && (a.timestamp <= lastAccount || isTaken))
      return 'imported_event_timestamp_must_not_regress';
    const timestamp = isImported ? a.timestamp : at;
    accounts.set(a.id, { ...a, timestamp });
    this.#state.lastAccount = timestamp;
    return 'created';
  }

  #createTransfer(t: ModelTransfer, at: bigint): TransferResult {
    const { transfers, failed } = this.#state;
    if ((t.flags & 0xfe00) !== 0) return 'reserved_flag';
    if (t.id === 0n) return 'id_must_not_be_zero';
    if (t.id === ID_MAX) return 'id_must_not_be_int_max';
    const e = transfers.get(t.id);
    if (e !== undefined) return this.#compared(t, e);
    if (failed.has(t.id)) return 'id_already_failed';
    if ((t.flags & (T.POST_PENDING | T.VOID_PENDING)) !== 0) return this.#resolve(t, at);
    return this.#move(t, at);
  }

  #move(t: ModelTransfer, at: bigint): TransferResult {
    const { accounts, transfers } = this.#state;
    const isPending = (t.flags & T.PENDING) !== 0;
    const isImported = (t.flags & T.IMPORTED) !== 0;
    if (t.debit === 0n) return 'debit_account_id_must_not_be_zero';
    if (t.debit === ID_MAX) return 'debit_account_id_must_not_be_int_max';
    if (t.credit === 0n) return 'credit_account_id_must_not_be_zero';
    if (t.credit === ID_MAX) return 'credit_account_id_must_not_be_int_max';
    if (t.debit === t.credit) return 'accounts_must_be_different';
    if (t.pendingId !== 0n) return 'pending_id_must_be_zero';
    if (!isPending && t.timeout_s !== 0) return 'timeout_reserved_for_pending_transfer';
    if (!isPending && (t.flags & (T.CLOSING_DEBIT | T.CLOSING_CREDIT)) !== 0)
      return 'closing_transfer_must_be_pending';
    if (t.ledger === 0) return 'ledger_must_not_be_zero';
    if (t.code === 0) return 'code_must_not_be_zero';
    const dr = accounts.get(t.debit);
    const cr = accounts.get(t.credit);
    if (dr === undefined) return 'debit_account_not_found';
    if (cr === undefined) return 'credit_account_not_found';
    if (dr.ledger !== cr.ledger) return 'accounts_must_have_the_same_ledger';
    if (t.ledger !== dr.ledger) return 'transfer_must_have_the_same_ledger_as_accounts';
    if (isImported) {
      if (this.#regresses(t.timestamp)) return 'imported_event_timestamp_must_not_regress';
      if (t.timestamp <= dr.timestamp)
        return 'imported_event_timestamp_must_postdate_debit_account';
      if (t.timestamp <= cr.timestamp)
        return 'imported_event_timestamp_must_postdate_credit_account';
      if (t.timeout_s !== 0) return 'imported_event_timeout_must_be_zero';
    }
    if ((dr.flags & A.CLOSED) !== 0) return 'debit_account_already_closed';
    if ((cr.flags & A.CLOSED) !== 0) return 'credit_account_already_closed';
    let { amount } = t;
    if ((t.flags & T.BALANCING_DEBIT) !== 0)
      amount = least(amount, dr.creditsPosted - dr.debitsPosted - dr.debitsPending);
    if ((t.flags & T.BALANCING_CREDIT) !== 0)
      amount = least(amount, cr.debitsPosted - cr.creditsPosted - cr.creditsPending);
    if (isPending && amount + dr.debitsPending > AMOUNT_MAX) return 'overflows_debits_pending';
    if (isPending && amount + cr.creditsPending > AMOUNT_MAX) return 'overflows_credits_pending';
    if (amount + dr.debitsPosted > AMOUNT_MAX) return 'overflows_debits_posted';
    if (amount + cr.creditsPosted > AMOUNT_MAX) return 'overflows_credits_posted';
    const debits = dr.debitsPending + dr.debitsPosted + amount;
    const credits = cr.creditsPending + cr.creditsPosted + amount;
    if (debits > AMOUNT_MAX) return 'overflows_debits';
    if (credits > AMOUNT_MAX) return 'overflows_credits';
    const timestamp = isImported ? t.timestamp : at;
    if (endOf({ ...t, timestamp }) > TIMESTAMP_MAX) return 'overflows_timeout';
    if ((dr.flags & A.DEBITS_MUST_NOT_EXCEED_CREDITS) !== 0 && debits > dr.creditsPosted)
      return 'exceeds_credits';
    if ((cr.flags & A.CREDITS_MUST_NOT_EXCEED_DEBITS) !== 0 && credits > cr.debitsPosted)
      return 'exceeds_debits';
    transfers.set(t.id, { ...t, amount, timestamp });
    this.#state.lastTransfer = timestamp;
    if (isPending) {
      dr.debitsPending += amount;
      cr.creditsPending += amount;
      this.#state.pending.set(t.id, 'pending');
    } else {
      dr.debitsPosted += amount;
      cr.creditsPosted += amount;
    }
    if ((t.flags & T.CLOSING_DEBIT) !== 0) dr.flags |= A.CLOSED;
    if ((t.flags & T.CLOSING_CREDIT) !== 0) cr.flags |= A.CLOSED;
    return 'created';
  }

  #resolve(t: ModelTransfer, at: bigint): TransferResult {
    const { accounts, transfers, pending } = this.#state;
    const isVoid = (t.flags & T.VOID_PENDING) !== 0;
    const isPost = (t.flags & T.POST_PENDING) !== 0;
    const others =
      T.PENDING | T.BALANCING_DEBIT | T.BALANCING_CREDIT | T.CLOSING_DEBIT | T.CLOSING_CREDIT;
    if ((isVoid && isPost) || (t.flags & others) !== 0) return 'flags_are_mutually_exclusive';
    if (t.pendingId === 0n) return 'pending_id_must_not_be_zero';
    if (t.pendingId === ID_MAX) return 'pending_id_must_not_be_int_max';
    if (t.pendingId === t.id) return 'pending_id_must_be_different';
    if (t.timeout_s !== 0) return 'timeout_reserved_for_pending_transfer';
    const p = transfers.get(t.pendingId);
    if (p === undefined) return 'pending_transfer_not_found';
    if ((p.flags & T.PENDING) === 0) return 'pending_transfer_not_pending';
    if (t.debit !== 0n && t.debit !== p.debit)
      return 'pending_transfer_has_different_debit_account_id';
    if (t.credit !== 0n && t.credit !== p.credit)
      return 'pending_transfer_has_different_credit_account_id';
    if (t.ledger !== 0 && t.ledger !== p.ledger) return 'pending_transfer_has_different_ledger';
    if (t.code !== 0 && t.code !== p.code) return 'pending_transfer_has_different_code';
    const isAll = t.amount === (isVoid ? 0n : AMOUNT_MAX);
    const amount = isAll ? p.amount : t.amount;
    if (amount > p.amount) return 'exceeds_pending_transfer_amount';
    if (isVoid && amount < p.amount) return 'pending_transfer_has_different_amount';
    const status = pending.get(p.id);
    if (status === 'posted') return 'pending_transfer_already_posted';
    if (status === 'voided') return 'pending_transfer_already_voided';
    if (status === 'expired' || (p.timeout_s > 0 && endOf(p) <= at))
      return 'pending_transfer_expired';
    const isImported = (t.flags & T.IMPORTED) !== 0;
    if (isImported && this.#regresses(t.timestamp))
      return 'imported_event_timestamp_must_not_regress';
    const dr = accounts.get(p.debit)!;
    const cr = accounts.get(p.credit)!;
    if (isPost && (dr.flags & A.CLOSED) !== 0) return 'debit_account_already_closed';
    if (isPost && (cr.flags & A.CLOSED) !== 0) return 'credit_account_already_closed';
    const timestamp = isImported ? t.timestamp : at;
    transfers.set(t.id, {
      ...t,
      debit: p.debit,
      credit: p.credit,
      amount,
      userData128: t.userData128 || p.userData128,
      userData64: t.userData64 || p.userData64,
      userData32: t.userData32 || p.userData32,
      ledger: p.ledger,
      code: p.code,
      timestamp,
    });
    this.#state.lastTransfer = timestamp;
    pending.set(p.id, isVoid ? 'voided' : 'posted');
    this.#release(p);
    if (isPost) {
      dr.debitsPosted += amount;
      cr.creditsPosted += amount;
    }
    return 'created';
  }

  #release(p: ModelTransfer): void {
    const dr = this.#state.accounts.get(p.debit)!;
    const cr = this.#state.accounts.get(p.credit)!;
    dr.debitsPending -= p.amount;
    cr.creditsPending -= p.amount;
    if ((p.flags & T.CLOSING_DEBIT) !== 0) dr.flags &= ~A.CLOSED;
    if ((p.flags & T.CLOSING_CREDIT) !== 0) cr.flags &= ~A.CLOSED;
  }

  #regresses(timestamp: bigint): boolean {
    const { accounts, lastTransfer } = this.#state;
    return (
      timestamp <= lastTransfer ||
      [...accounts.values()].some((account) => account.timestamp === timestamp)
    );
  }

  #compared(t: ModelTransfer, e: ModelTransfer): TransferResult {
    if (t.flags !== e.flags) return 'exists_with_different_flags';
    if (t.pendingId !== e.pendingId) return 'exists_with_different_pending_id';
    if (t.timeout_s !== e.timeout_s) return 'exists_with_different_timeout';
    // What a post or a void leaves out, it took from the pending transfer.
    const p = this.#state.transfers.get(t.pendingId);
    const isVoid = (t.flags & T.VOID_PENDING) !== 0;
    const meant = p === undefined ? t : filledIn(t, p, isVoid);
    if (meant.debit !== e.debit) return 'exists_with_different_debit_account_id';
    if (meant.credit !== e.credit) return 'exists_with_different_credit_account_id';
    const isBalancing = (t.flags & (T.BALANCING_DEBIT | T.BALANCING_CREDIT)) !== 0;
    if (isBalancing ? meant.amount < e.amount : meant.amount !== e.amount)
      return 'exists_with_different_amount';
    if (meant.userData128 !== e.userData128) return 'exists_with_different_user_data_128';
    if (meant.userData64 !== e.userData64) return 'exists_with_different_user_data_64';
    if (meant.userData32 !== e.userData32) return 'exists_with_different_user_data_32';
    if (meant.ledger !== e.ledger) return 'exists_with_different_ledger';
    return meant.code === e.code ? 'exists' : 'exists_with_different_code';
  }
}

const least = (amount: bigint, room: bigint): bigint =>
  room < 0n ? 0n : room < amount ? room : amount;

const endOf = ({ timestamp, timeout_s }: ModelTransfer): bigint =>
  timestamp + BigInt(timeout_s) * BigInt(NS_PER_S);

const filledIn = (t: ModelTransfer, p: ModelTransfer, isVoid: boolean): ModelTransfer => ({
  ...t,
  debit: t.debit || p.debit,
  credit: t.credit || p.credit,
  amount: t.amount === (isVoid ? 0n : AMOUNT_MAX) ? p.amount : t.amount,
  userData128: t.userData128 || p.userData128,
  userData64: t.userData64 || p.userData64,
  userData32: t.userData32 || p.userData32,
  ledger: t.ledger || p.ledger,
  code: t.code || p.code,
});

/** What is wrong with the time that an event came with. */
function wrongTime(
  event: ModelAccount | ModelTransfer,
  importing: boolean,
  imported: number,
  timestamp: bigint,
): AccountResult | undefined {
  const isImported = (event.flags & imported) !== 0;
  if (isImported !== importing)
    return isImported ? 'imported_event_not_expected' : 'imported_event_expected';
  if (!isImported) return event.timestamp === 0n ? undefined : 'timestamp_must_be_zero';
  if (event.timestamp < 1n || event.timestamp > TIMESTAMP_MAX)
    return 'imported_event_timestamp_out_of_range';
  return event.timestamp >= timestamp ? 'imported_event_timestamp_must_not_advance' : undefined;
}
