import { AccountFlag as A, TransferFlag as T } from '../../layout.ts';
import { TRANSFER_RESULTS as R } from '../../results.ts';
import type { LedgerState } from '../../state.ts';
import type { ModelAccount } from '../modelState.ts';
import { accountOf, transferOf } from '../records.ts';
import type { Entry } from './oracle.ts';

/**
 * What is true of the books of any ledger, whatever was posted: sums are equal, limits are kept, and what
 * is pending is what the accounts hold. Nothing here knows the rules by which they came about.
 * @returns a sentence for each that is not so
 */
export function brokenInvariants(state: LedgerState): string[] {
  const accounts = state.queries.accounts({ limit: 8_190 }).map(accountOf);
  return [...brokenSums(accounts), ...brokenLimits(accounts)];
}

function brokenSums(accounts: readonly ModelAccount[]): string[] {
  const broken: string[] = [];
  for (const unit of new Set(accounts.map(({ ledger }) => ledger))) {
    const of = accounts.filter(({ ledger }) => ledger === unit);
    const sum = (balance: 'debitsPosted' | 'creditsPosted' | 'debitsPending' | 'creditsPending') =>
      of.reduce((all, account) => all + account[balance], 0n);
    if (sum('debitsPosted') !== sum('creditsPosted'))
      broken.push(`unit ${unit}: ${sum('debitsPosted')} debited, ${sum('creditsPosted')} credited`);
    if (sum('debitsPending') !== sum('creditsPending'))
      broken.push(`unit ${unit}: what is pending as debit is not what is pending as credit`);
  }
  return broken;
}

function brokenLimits(accounts: readonly ModelAccount[]): string[] {
  return accounts
    .filter(
      ({ flags, debitsPending, debitsPosted, creditsPending, creditsPosted }) =>
        ((flags & A.DEBITS_MUST_NOT_EXCEED_CREDITS) !== 0 &&
          debitsPending + debitsPosted > creditsPosted) ||
        ((flags & A.CREDITS_MUST_NOT_EXCEED_DEBITS) !== 0 &&
          creditsPending + creditsPosted > debitsPosted),
    )
    .map(({ id }) => `account ${id} is beyond its limit`);
}

/**
 * What is true of the transfers of a ledger: none acts twice, and each that is pending ends at most once,
 * in the way its status says; those that did not end are what the accounts hold.
 * @param entries all batches of its log
 */
export function brokenTransfers(state: LedgerState, entries: readonly Entry[]): string[] {
  const broken: string[] = [];
  const created = new Set<bigint>();
  const pending = new Set<bigint>();
  const ends = new Map<bigint, string[]>();
  const end = (id: bigint, how: string): void => void ends.set(id, [...(ends.get(id) ?? []), how]);
  for (const { order, results, ended } of entries) {
    for (const id of ended) end(id, 'expired');
    if (order?.kind !== 'transfers') continue;
    for (const [at, { id, flags, pendingId }] of order.events.entries()) {
      if (results[at] !== R.created) continue;
      if (created.has(id)) broken.push(`transfer ${id} acted twice`);
      created.add(id);
      if ((flags & T.PENDING) !== 0) pending.add(id);
      if ((flags & T.POST_PENDING) !== 0) end(pendingId, 'posted');
      if ((flags & T.VOID_PENDING) !== 0) end(pendingId, 'voided');
    }
  }
  const held = new Map<bigint, bigint>();
  for (const id of pending) {
    const ways = ends.get(id) ?? ['pending'];
    const status = state.queries.pendingStatus(id);
    if (ways.length > 1 || ways[0] !== status)
      broken.push(`the pending transfer ${id} is ${status}; its log says ${ways.join(' and ')}`);
    const record = state.queries.transfer(id);
    if (status !== 'pending' || record === undefined) continue;
    const { debit, amount } = transferOf(record);
    held.set(debit, (held.get(debit) ?? 0n) + amount);
  }
  for (const account of state.queries.accounts({ limit: 8_190 }).map(accountOf))
    if (account.debitsPending !== (held.get(account.id) ?? 0n))
      broken.push(`account ${account.id} holds other debits than its pending transfers`);
  for (const id of created)
    if (state.queries.transfer(id) === undefined) broken.push(`transfer ${id} is gone`);
  return broken;
}
