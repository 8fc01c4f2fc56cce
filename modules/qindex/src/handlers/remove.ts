import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { qindex } from '../contract.ts';
import { expect } from '../record.ts';
import { records } from '../store.ts';
import { writeRemoval } from '../write.ts';

export const remove = handler(qindex.remove, async ({ recordId, expectVersion }, ctx) => {
  const row = await ctx.rows(records).require(recordId);
  if (row.removed_ms !== null)
    fail('QINDEX_NOT_FOUND', `The record ${recordId} is removed already.`, { recordId });
  expect(row, expectVersion);
  const removed = await writeRemoval(ctx, row);
  ctx.emit('q.qindex.record.removed.v1', {
    recordId,
    owner: removed.owner,
    version: removed.version,
  });
  return { recordId, version: removed.version };
});
