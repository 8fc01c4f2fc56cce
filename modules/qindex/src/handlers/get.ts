import { handler } from '@anarq/kernel';
import { qindex } from '../contract.ts';
import { entryOf } from '../record.ts';
import { requireVisible } from '../visible.ts';

export const get = handler(qindex.get, async ({ recordId }, ctx) =>
  entryOf(await requireVisible(ctx, recordId)),
);
