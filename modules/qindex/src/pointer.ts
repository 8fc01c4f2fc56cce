import type { Static } from '@anarq/common-schemas';
import type { ReadContext } from '@anarq/kernel';
import { POINTER_HISTORY_MAX, type Pointer } from './contract.ts';
import { entryOf, historyEntryOf } from './record.ts';
import { versions, type RecordRow } from './store.ts';

/**
 * A pointer with the last of its history.
 * @param past `published`: only what the tenant could see then, for those who are not its owner
 */
export async function pointerOf(
  ctx: Pick<ReadContext, 'rows'>,
  row: RecordRow,
  past: 'all' | 'published',
): Promise<Static<typeof Pointer>> {
  const { items } = await ctx.rows(versions).list({
    where: { record_id: row.id, ...(past === 'all' ? {} : { visibility: 'tenant' }) },
    of: 'tenant',
    newestFirst: true,
    limit: POINTER_HISTORY_MAX,
  });
  const { record } = entryOf(row);
  // A version that this very call writes is not in the store yet.
  const before = items.filter((item) => item.change === 'PUT' && item.number < row.version);
  return {
    recordId: row.id,
    owner: row.owner,
    key: row.key,
    currentCid: row.cid,
    version: row.version,
    history: [record, ...before.map((item) => historyEntryOf(item).record)].slice(
      0,
      POINTER_HISTORY_MAX,
    ),
    metadata: row.metadata,
    lastUpdated: record.createdAt,
  };
}
