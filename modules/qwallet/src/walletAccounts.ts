import { fail } from '@anarq/common-schemas';
import type { RowOf, WriteContext } from '@anarq/kernel';
import { accountIdOf } from './ledgerAccounts.ts';
import { accounts } from './store.ts';

type AccountContext = Pick<WriteContext, 'rows' | 'call'>;

/** Sees to it that an identity has its wallet account in a unit; the ledger's is open already. */
export async function keepAccount(ctx: AccountContext, owner: string, unit: string): Promise<void> {
  const id = accountIdOf(owner, unit);
  if ((await ctx.rows(accounts).get(id)) !== undefined) return;
  ctx.rows(accounts).insert({ id, owner, unit, per_call_minor: null, per_day_minor: null });
}

/**
 * The account that the subject pays from in a unit.
 * @throws INSUFFICIENT_FUNDS where it has none
 */
export async function payingAccount(
  ctx: AccountContext,
  unit: string,
): Promise<RowOf<typeof accounts>> {
  const id = accountIdOf(ctx.call.subject, unit);
  return (
    (await ctx.rows(accounts).get(id)) ??
    fail('INSUFFICIENT_FUNDS', `You have no account in ${unit}; open one, and add funds.`, {
      accountId: id,
      unit,
    })
  );
}
