import { fail } from '@anarq/common-schemas';
import type { ReadContext } from '@anarq/kernel';
import type { AccountState } from './account.ts';
import type { WorkingSet } from './batch.ts';
import { readAccounts, type LedgerReader } from './reading.ts';
import { TRANSFER_FLAGS, type TransferRequest } from './transfer.ts';

type Asker = LedgerReader & Pick<ReadContext, 'allows'>;

const isReader = async (ctx: Asker, account: AccountState): Promise<boolean> =>
  account.owner === ctx.call.subject ||
  account.holder === ctx.call.subject ||
  (await ctx.allows('/ledger/read', `ledger/account/${account.id}`));

/**
 * An account that the subject may read: its own, one kept for it, or one that a grant opens.
 * @throws QINDEX_NOT_FOUND, the same for an account that does not exist and for one of somebody else
 */
export async function readableAccount(ctx: Asker, accountId: string): Promise<AccountState> {
  const account = (await readAccounts(ctx, [accountId])).get(accountId);
  if (account !== undefined && (await isReader(ctx, account))) return account;
  return fail('QINDEX_NOT_FOUND', `There is no account ${accountId} for you here.`, {
    id: accountId,
  });
}

/**
 * Ids that begin with a module's name and a colon are that module's to give, so that nobody takes
 * the id that it would use next.
 * @throws QONSENT_DENIED for the whole call
 */
export function checkIds(
  ctx: Pick<ReadContext, 'call' | 'services'>,
  requests: readonly { readonly id: string }[],
): void {
  for (const { id } of requests) {
    const colon = id.indexOf(':');
    const module = colon === -1 ? undefined : ctx.services.node.modules[id.slice(0, colon)];
    if (module === undefined || module === ctx.call.subject) continue;
    fail('QONSENT_DENIED', `Ids like ${id.slice(0, colon)}:… are given by that module alone.`, {
      why: { rule: `${ctx.call.subject} is not the module ${id.slice(0, colon)}` },
      id,
    });
  }
}

/** May the subject read one of these accounts? */
export async function readsOneOf(ctx: Asker, ids: readonly string[]): Promise<boolean> {
  for (const account of (await readAccounts(ctx, ids)).values())
    if (await isReader(ctx, account)) return true;
  return false;
}

/**
 * Only its owner takes money out of an account: each debit account must be the subject's, and so the
 * debit account of each pending transfer that is posted or voided.
 * @throws QONSENT_DENIED for the whole call
 */
export async function checkDebits(
  ctx: Asker,
  requests: readonly TransferRequest[],
  set: WorkingSet,
): Promise<void> {
  const isAllowed = new Map<string, boolean>();
  for (const request of requests) {
    const isResolution =
      (request.flags & (TRANSFER_FLAGS.post_pending | TRANSFER_FLAGS.void_pending)) !== 0;
    const pending = set.transfers.get(request.pendingId ?? '');
    const debitAccountId = isResolution ? pending?.debitAccountId : request.debitAccountId;
    const account = set.accounts.get(debitAccountId ?? '');
    if (account === undefined) continue;
    if (!isAllowed.has(account.id))
      isAllowed.set(
        account.id,
        account.owner === ctx.call.subject ||
          (await ctx.allows('/ledger/create-transfers', `ledger/account/${account.id}`)),
      );
    if (isAllowed.get(account.id) === true) continue;
    fail('QONSENT_DENIED', 'Only its owner moves money out of an account.', {
      why: {
        rule: `${ctx.call.subject} does not own account ${account.id}, nor holds a grant for it`,
        changeableBy: account.owner,
      },
      transferId: request.id,
    });
  }
}
