import { handler } from '@anarq/kernel';
import { qdrive } from '../contract.ts';
import { uploads } from '../store.ts';
import { deleteBlocksSoon, giveUp } from '../sweep.ts';
import { assertOpen, ended, uploadView } from '../upload.ts';

export const abort = handler(qdrive.abort, async (input, ctx) => {
  const upload = await ctx.rows(uploads).require(input.uploadId);
  assertOpen(upload, ctx.now_ms);
  ctx.rows(uploads).update(upload, ended('ABORTED'));
  giveUp(ctx, upload.file_id);
  ctx.afterCommit(() => deleteBlocksSoon(ctx, upload.file_id));
  return uploadView({ ...upload, state: 'ABORTED' }, ctx);
});
