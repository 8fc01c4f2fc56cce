import type { OutputOf } from '@anarq/common-schemas';
import type { NamedAccount } from './accounts.ts';
import type { ledger } from './contract.ts';
import type { LedgerReader } from './names.ts';
import { metadataOf } from './transactions/metadata.ts';
import { accountView } from './views.ts';

/** Accounts as the contract shows them, with their metadata. */
export async function accountViews(
  ctx: LedgerReader,
  accounts: readonly NamedAccount[],
): Promise<OutputOf<typeof ledger.account>[]> {
  const metadata = await metadataOf(
    ctx,
    'account',
    accounts.map(({ name }) => name.id),
  );
  return accounts.map((account) => {
    const of = metadata.get(account.name.id);
    return { ...accountView(account), ...(of === undefined ? {} : { metadata: of }) };
  });
}

/** The same of one. */
export async function accountViewOf(
  ctx: LedgerReader,
  account: NamedAccount,
): Promise<OutputOf<typeof ledger.account>> {
  const [view] = await accountViews(ctx, [account]);
  return view ?? accountView(account);
}
