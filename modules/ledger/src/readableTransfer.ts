import { fail } from '@anarq/common-schemas';
import type { ReadContext } from '@anarq/kernel';
import { isReader } from './accounts.ts';
import { transferKey } from './books/keys.ts';
import type { LedgerReader } from './names.ts';
import { named, transferWith, type NamedTransfer } from './transfers.ts';

/**
 * A transfer of which the subject may read one of the accounts.
 * @throws QINDEX_NOT_FOUND, the same for one that does not exist and for one of somebody else
 */
export async function readableTransfer(
  ctx: LedgerReader & Pick<ReadContext, 'allows'>,
  transferId: string,
): Promise<NamedTransfer> {
  const standing = await transferWith(ctx, transferKey(ctx.call.tenant, transferId));
  const [found] = standing === undefined ? [] : await named(ctx, [standing]);
  if (found !== undefined)
    for (const account of [found.debit, found.credit])
      if (await isReader(ctx, account)) return found;
  return fail('QINDEX_NOT_FOUND', `There is no transfer ${transferId} for you here.`, {
    id: transferId,
  });
}
