import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { quantum } from '../contract.ts';
import { deskOf } from '../desks.ts';
import { runs } from '../store.ts';

/** Only the job of a run stops it: nobody pays for a result that is gone. */
export const drop = handler(quantum.drop, async ({ runId }, ctx) => {
  const rows = ctx.rows(runs);
  const row = await rows.require(runId);
  if (row.job !== ctx.call.process || row.state === 'DONE')
    fail('STATE_CONFLICT', 'A run is stopped by cancelling its job.', {
      state: row.state,
      jobId: row.job,
    });
  if (row.state !== 'STOPPED') {
    rows.update(row, { state: 'STOPPED', result: null });
    ctx.emit('q.quantum.job.stopped.v1', { runId });
  }
  const desk = deskOf(ctx);
  ctx.afterCommit(() => desk.forget(runId));
  return { runId };
});
