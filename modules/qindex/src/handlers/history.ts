import { handler } from '@anarq/kernel';
import { qindex } from '../contract.ts';
import { historyEntryOf } from '../record.ts';
import { versions } from '../store.ts';

/** The kernel has admitted the owner of the record, or the holder of a grant. */
export const history = handler(qindex.history, async ({ recordId, limit, cursor }, ctx) => {
  const { items, ...next } = await ctx.rows(versions).list({
    where: { record_id: recordId },
    of: 'tenant',
    newestFirst: true,
    limit,
    cursor,
  });
  return { items: items.map(historyEntryOf), ...next };
});
