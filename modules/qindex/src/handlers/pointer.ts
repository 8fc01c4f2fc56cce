import { handler } from '@anarq/kernel';
import { qindex } from '../contract.ts';
import { pointerOf } from '../pointer.ts';
import { POINTER_TYPE, recordIdOf } from '../record.ts';
import { isOpen, requireVisible } from '../visible.ts';

export const pointer = handler(qindex.pointer, async ({ key, owner }, ctx) => {
  const id = recordIdOf(owner ?? ctx.call.subject, POINTER_TYPE, key);
  const row = await requireVisible(ctx, id);
  return pointerOf(ctx, row, (await isOpen(ctx, row)) ? 'all' : 'published');
});
