import { fail } from '@anarq/common-schemas';
import type { ReadContext } from '@anarq/kernel';
import type { LedgerState, Queries } from '@anarq/ledger-engine';
import { accountKey, ownerMark, transferKey } from './books/keys.ts';
import { accountEntry, transferEntry, type TransferEntry } from './books/records.ts';
import type { TransferRequest } from './books/requests.ts';
import { TRANSFER_FLAGS } from './flags.ts';
import { accountsById, type AccountName, type LedgerReader } from './names.ts';

type Asker = LedgerReader & Pick<ReadContext, 'allows' | 'services'>;

/**
 * What is asked of two accounts, by id, where they are known: by a transfer, or by the pending one that
 * it ends.
 */
export type Moved = Pick<
  TransferRequest,
  'id' | 'debitAccountId' | 'creditAccountId' | 'pendingId' | 'flags'
>;

/** Nobody closes an account of somebody else, nor sees by a transfer how much it lacks. */
const NEEDS_CREDIT = TRANSFER_FLAGS.closing_credit | TRANSFER_FLAGS.balancing_credit;

/** What a transfer does to each side that only its owner may. */
const OWNERS_ALONE = {
  debit: 'Only its owner moves money out of an account.',
  credit: 'Only its owner closes an account, or has it filled up to what it lacks.',
} as const;

/** The identity of the module whose name an id begins with, as in `qwallet:…`. */
export function moduleOf(
  { services }: Pick<ReadContext, 'services'>,
  id: string,
): string | undefined {
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

/**
 * Only its owner takes money out of an account: each debit account must be the subject's, and so the
 * debit account of each pending transfer that is posted or voided; a credit account too, where it is
 * closed or balanced. And only a module moves money to or from accounts of its own: what they hold is
 * money because nobody else can put it there.
 * @returns keys of accounts of others which a grant opens to the subject
 * @throws QONSENT_DENIED for the whole call
 */
export async function checkAccounts(ctx: Asker, moved: readonly Moved[]): Promise<Set<bigint>> {
  const ids = moved.flatMap(({ debitAccountId, creditAccountId }) => [
    debitAccountId,
    creditAccountId,
  ]);
  const accounts = await accountsById(ctx, [...new Set(ids.filter((id) => id !== undefined))]);
  const opened = new Set<bigint>();
  const isAllowed = new Map<string, boolean>();
  for (const { id: transferId, debitAccountId, creditAccountId, flags } of moved) {
    checkModules(ctx, transferId, accounts, [debitAccountId, creditAccountId]);
    const sides = [['debit', debitAccountId] as const];
    const credit = ['credit', creditAccountId] as const;
    for (const [side, id] of (flags & NEEDS_CREDIT) === 0 ? sides : [...sides, credit]) {
      const account = accounts.get(id ?? '');
      if (account === undefined || account.owner === ctx.call.subject) continue;
      const resource = `ledger/account/${account.id}`;
      if (!isAllowed.has(account.id))
        isAllowed.set(account.id, await ctx.allows('/ledger/create-transfers', resource));
      if (isAllowed.get(account.id) !== true)
        fail('QONSENT_DENIED', OWNERS_ALONE[side], {
          why: {
            rule: `${ctx.call.subject} does not own account ${account.id}, nor holds a grant for it`,
            changeableBy: account.owner,
          },
          transferId,
        });
      opened.add(BigInt(`0x${account.key}`));
    }
  }
  return opened;
}

/** @throws QONSENT_DENIED where one of the accounts is of a module that is not the subject */
function checkModules(
  ctx: Asker,
  transferId: string,
  accounts: ReadonlyMap<string, AccountName>,
  accountIds: readonly (string | undefined)[],
): void {
  const modules = new Set(Object.values(ctx.services.node.modules));
  for (const id of accountIds) {
    if (id === undefined) continue;
    // An account that is not open yet is its module's by its id already.
    const module = moduleOf(ctx, id) ?? accounts.get(id)?.owner;
    if (module === undefined || !modules.has(module) || module === ctx.call.subject) continue;
    fail('QONSENT_DENIED', 'Only a module moves money to or from accounts of its own.', {
      why: { rule: `account ${id} is of the module ${module}, not of ${ctx.call.subject}` },
      transferId,
    });
  }
}

/**
 * Looks again, in the books themselves and in the moment before the transfers are made: an account may
 * have been opened, and a pending transfer made, since they were asked.
 * @throws SERVICE_UNAVAILABLE, after which it is asked again
 */
export function stillOpen(
  ctx: Pick<ReadContext, 'call' | 'services'>,
  moved: readonly Moved[],
  opened: ReadonlySet<bigint>,
): (state: LedgerState) => void {
  const { subject, tenant } = ctx.call;
  const mine = ownerMark(subject);
  const modules = Object.values(ctx.services.node.modules).filter((did) => did !== subject);
  const ofOtherModules = new Set(modules.map(ownerMark));
  return ({ queries }) => {
    const ownerOf = (key: bigint): bigint | undefined => {
      const record = queries.account(key);
      return record === undefined ? undefined : accountEntry(record).ownerMark;
    };
    const isMine = (key: bigint, owner = ownerOf(key)): boolean =>
      owner === undefined || owner === mine || opened.has(key);
    for (const one of moved) {
      const { debitKey, creditKey, flags } = sidesOf(one, queries, tenant);
      const owners = [debitKey, creditKey].map(ownerOf);
      const isOpen = isMine(debitKey) && ((flags & NEEDS_CREDIT) === 0 || isMine(creditKey));
      if (isOpen && !owners.some((owner) => owner !== undefined && ofOtherModules.has(owner)))
        continue;
      fail('SERVICE_UNAVAILABLE', 'What this call is about came into the books while it ran.', {
        retryAfter_ms: 50,
      });
    }
  };
}

/** The accounts of a transfer by their keys; of one that ends a pending one, those of that. */
function sidesOf(
  { debitAccountId, creditAccountId, pendingId, flags }: Moved,
  queries: Queries,
  tenant: string,
): Pick<TransferEntry, 'debitKey' | 'creditKey' | 'flags'> {
  // A pending transfer of this very call is looked at itself.
  const pending =
    pendingId === undefined ? undefined : queries.transfer(transferKey(tenant, pendingId));
  if (pending !== undefined) return transferEntry(pending);
  const keyOf = (id: string | undefined): bigint =>
    id === undefined ? 0n : accountKey(tenant, id);
  return { debitKey: keyOf(debitAccountId), creditKey: keyOf(creditAccountId), flags };
}
