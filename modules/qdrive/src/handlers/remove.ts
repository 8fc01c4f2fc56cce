import { handler } from '@anarq/kernel';
import { qdrive } from '../contract.ts';
import { files } from '../store.ts';
import { deleteBlocksSoon, giveUp } from '../sweep.ts';

export const remove = handler(qdrive.remove, async (input, ctx) => {
  const file = await ctx.rows(files).require(input.fileId);
  // With the row goes the only copy of the content key: from this commit on nobody can read it.
  ctx.rows(files).remove(file);
  giveUp(ctx, file.id);
  ctx.afterCommit(() => deleteBlocksSoon(ctx, file.id));
  ctx.emit('q.qdrive.file.removed.v1', { fileId: file.id, owner: file.owner });
  return { fileId: file.id, bytes: file.bytes };
});
