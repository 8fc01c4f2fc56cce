import { fail } from '@anarq/common-schemas';
import type { ReadContext } from '@anarq/kernel';
import type { AccountState } from './account.ts';
import type { WorkingSet } from './batch.ts';
import { readAccounts, type LedgerReader } from './reading.ts';
import { TRANSFER_FLAGS, type TransferRequest } from './transfer.ts';

type Asker = LedgerReader & Pick<ReadContext, 'allows' | 'services'>;

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

/** The identity of the module whose name an id begins with, as in `qwallet:…`. */
function moduleOf({ services }: Pick<ReadContext, 'services'>, id: string): string | undefined {
  const colon = id.indexOf(':');
  return colon === -1 ? undefined : services.node.modules[id.slice(0, colon)];
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
    const module = moduleOf(ctx, id);
    if (module === undefined || module === ctx.call.subject) continue;
    const [name = ''] = id.split(':');
    fail('QONSENT_DENIED', `Ids like ${name}:… are given by that module alone.`, {
      why: { rule: `${ctx.call.subject} is not the module ${name}` },
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
 * debit account of each pending transfer that is posted or voided. And only a module moves money to
 * or from accounts of its own: what they hold is money because nobody else can put it there.
 * @throws QONSENT_DENIED for the whole call
 */
export async function checkAccounts(
  ctx: Asker,
  requests: readonly TransferRequest[],
  set: WorkingSet,
): Promise<void> {
  const isAllowed = new Map<string, boolean>();
  for (const request of requests) {
    const { debitAccountId, creditAccountId } = movedBy(request, set);
    checkModules(ctx, request, set, [debitAccountId, creditAccountId]);
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

/** The accounts that a transfer is between; those of its pending transfer for a post or a void. */
function movedBy(
  request: TransferRequest,
  set: WorkingSet,
): Pick<TransferRequest, 'debitAccountId' | 'creditAccountId'> {
  const isResolution =
    (request.flags & (TRANSFER_FLAGS.post_pending | TRANSFER_FLAGS.void_pending)) !== 0;
  if (!isResolution) return request;
  // A pending transfer of this very call is checked itself.
  return set.transfers.get(request.pendingId ?? '') ?? {};
}

/** @throws QONSENT_DENIED where one of the accounts is of a module that is not the subject */
function checkModules(
  ctx: Asker,
  request: TransferRequest,
  set: WorkingSet,
  accountIds: readonly (string | undefined)[],
): void {
  const modules = new Set(Object.values(ctx.services.node.modules));
  for (const id of accountIds) {
    if (id === undefined) continue;
    // An account that is not open yet is its module's by its id already.
    const module = moduleOf(ctx, id) ?? set.accounts.get(id)?.owner;
    if (module === undefined || !modules.has(module) || module === ctx.call.subject) continue;
    fail('QONSENT_DENIED', 'Only a module moves money to or from accounts of its own.', {
      why: { rule: `account ${id} is of the module ${module}, not of ${ctx.call.subject}` },
      transferId: request.id,
    });
  }
}
