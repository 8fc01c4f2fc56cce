import { fail, type InputOf } from '@anarq/common-schemas';
import { process, type ProcessContext } from '@anarq/kernel';
import type { LedgerState } from '@anarq/ledger-engine';
import { moduleOf } from '../access.ts';
import { checkUnit, readAmount } from '../amounts.ts';
import { booksOf } from '../books/books.ts';
import {
  importedAccountRecords,
  importedTransferRecords,
  type ImportedAccountRequest,
  type ImportedTransferRequest,
} from '../books/importedRecords.ts';
import { accountKey, causeOf, transferKey } from '../books/keys.ts';
import { accountEntry, transferEntry } from '../books/records.ts';
import { inBooks } from '../books/refused.ts';
import { ledger } from '../contract.ts';
import {
  ACCOUNT_STATES,
  IMPORTED_ACCOUNT_FLAGS,
  toBits,
  TRANSFER_FLAGS,
  TRANSFER_STATES,
} from '../flags.ts';
import { keepAccountName, keepTransferNames } from '../keepNames.ts';
import { openOnce } from '../opened.ts';
import { transferResult } from '../results.ts';
import { checkGoesOn } from '../goesOn.ts';
import type { BatchAnswer } from '../engine/group.ts';

type Input = InputOf<typeof ledger.importBooks>;
type Context = ProcessContext<typeof ledger.importBooks>;
type Outcomes = { id: string; result: string }[];

export const importBooks = process(ledger.importBooks, async (input, ctx) => {
  const accounts = input.accounts.map((given) => readAccount(ctx, given));
  const transfers = input.transfers.map(readTransfer);
  const ids = { accounts: ctx.id('batch'), transfers: ctx.id('batch') };
  return {
    accounts: accounts.length === 0 ? [] : await openAccounts(ctx, accounts, ids.accounts),
    transfers: transfers.length === 0 ? [] : await move(ctx, transfers, ids.transfers),
  };
});

/** @throws INPUT_INVALID without one owner, QONSENT_DENIED for an id that is another module's */
function readAccount(ctx: Context, given: Input['accounts'][number]): ImportedAccountRequest {
  const { owner: did, ownerModule, timestamp, flags, ...account } = given;
  checkUnit(account.unit);
  const { modules } = ctx.services.node;
  const owner = ownerModule === undefined ? did : modules[ownerModule];
  if (owner === undefined || (did !== undefined && ownerModule !== undefined))
    return fail(
      'INPUT_INVALID',
      'An account has an owner, or a module of this node that owns it.',
      {
        id: account.id,
      },
    );
  if ((moduleOf(ctx, account.id) ?? owner) !== owner)
    fail('QONSENT_DENIED', 'An id with the name of a module is that of an account of the module.', {
      why: { rule: `${owner} is not the module that the id names` },
      id: account.id,
    });
  return {
    ...account,
    owner,
    flags: toBits(IMPORTED_ACCOUNT_FLAGS, flags),
    timestamp: BigInt(timestamp),
  };
}

/** @throws AMOUNT_INVALID, or INPUT_INVALID for an amount without its unit */
function readTransfer(given: Input['transfers'][number]): ImportedTransferRequest {
  const { amount, timestamp, flags, timeout_s = 0, expiresAt: _, ...transfer } = given;
  if (amount !== undefined && transfer.unit === undefined)
    fail('INPUT_INVALID', 'An amount that is imported comes with its unit.', { id: transfer.id });
  return {
    ...transfer,
    timeout_s,
    flags: toBits(TRANSFER_FLAGS, flags ?? []),
    timestamp: BigInt(timestamp),
    ...(amount === undefined || transfer.unit === undefined
      ? {}
      : { amountMinor: readAmount(amount, transfer.unit) }),
  };
}

async function openAccounts(
  ctx: Context,
  requests: readonly ImportedAccountRequest[],
  batchId: string,
): Promise<Outcomes> {
  const { tenant } = ctx.call;
  const { results, page } = await openOnce(ctx, {
    requests,
    recordsOf: (some) => importedAccountRecords(tenant, some),
    batchId,
    members: ['timestamp'],
  });
  return requests.map((request, index) => {
    const result = results[index] ?? 'created';
    if (result === 'created') keepAccountName(ctx, request, page);
    return { id: request.id, result };
  });
}

async function move(
  ctx: Context,
  requests: readonly ImportedTransferRequest[],
  batchId: string,
): Promise<Outcomes> {
  const answer = await carryOut(ctx, requests, causeOf(batchId));
  keepTransferNames(ctx, batchId, answer, requests);
  return requests.map(({ id }, index) => ({
    id,
    result: transferResult(answer.results[index] ?? 0),
  }));
}

/** Puts the transfers into the books, once, whatever happens to this call. */
async function carryOut(
  ctx: Context,
  requests: readonly ImportedTransferRequest[],
  cause: Uint8Array,
): Promise<BatchAnswer> {
  const { tenant } = ctx.call;
  const books = booksOf(ctx);
  const keys = requests.map(({ id }) => transferKey(tenant, id));
  const done = await books.ask(() => books.outcomeOf(cause, keys));
  if (done !== undefined) return done;
  checkGoesOn(ctx);
  return inBooks(
    books.createTransfers(importedTransferRecords(tenant, requests), cause, (state) =>
      checkImported(state, tenant, requests),
    ),
  );
}

/**
 * What was imported moves money between imported accounts, and ends imported holds: nothing that lives
 * here is touched.
 * @throws STATE_CONFLICT for the whole call
 */
function checkImported(
  { queries }: LedgerState,
  tenant: string,
  requests: readonly ImportedTransferRequest[],
): void {
  for (const { id, debitAccountId, creditAccountId, pendingId } of requests) {
    const accounts = [debitAccountId, creditAccountId].flatMap((accountId) => {
      const record =
        accountId === undefined ? undefined : queries.account(accountKey(tenant, accountId));
      return record === undefined
        ? []
        : [(accountEntry(record).flags & ACCOUNT_STATES.imported) !== 0];
    });
    const record =
      pendingId === undefined ? undefined : queries.transfer(transferKey(tenant, pendingId));
    const hold =
      record === undefined || (transferEntry(record).flags & TRANSFER_STATES.imported) !== 0;
    if (!hold || accounts.includes(false))
      fail('STATE_CONFLICT', 'An imported transfer is between imported accounts.', {
        state: 'not imported',
        transferId: id,
      });
  }
}
