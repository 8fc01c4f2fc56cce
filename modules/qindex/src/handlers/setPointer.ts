import { handler } from '@anarq/kernel';
import { qindex } from '../contract.ts';
import { pointerOf } from '../pointer.ts';
import { POINTER_TYPE } from '../record.ts';
import { writeVersion } from '../write.ts';

export const setPointer = handler(qindex.setPointer, async (input, ctx) => {
  const row = await writeVersion(ctx, {
    type: POINTER_TYPE,
    key: input.key,
    cid: input.cid,
    tags: [],
    text: '',
    visibility: input.visibility ?? 'owner',
    metadata: input.metadata ?? {},
    expectVersion: input.expectVersion,
  });
  ctx.emit('q.qindex.pointer.moved.v1', {
    recordId: row.id,
    owner: row.owner,
    type: row.type,
    cid: row.cid,
    version: row.version,
  });
  return pointerOf(ctx, row, 'all');
});
