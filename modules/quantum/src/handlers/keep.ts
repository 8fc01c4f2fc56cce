import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { quantum } from '../contract.ts';
import { deskOf } from '../desks.ts';
import { chargeFor } from '../quote.ts';
import { resultOf, runs } from '../store.ts';
import { resultView } from '../views.ts';

/** The result and what it took enter the books of the module together, and once. */
export const keep = handler(quantum.keep, async ({ runId }, ctx) => {
  const rows = ctx.rows(runs);
  const row = await rows.require(runId);
  const desk = deskOf(ctx);
  const measured = resultOf(row) ?? desk.result(runId);
  if (row.job !== ctx.call.process || measured === undefined)
    return fail('STATE_CONFLICT', 'A result is kept by the job that computed it.', {
      state: row.state,
      jobId: row.job,
    });
  const price_minor = chargeFor(row, measured);
  const { duration_us } = measured;
  if (row.state === 'ADMITTED')
    rows.update(row, {
      state: 'KEPT',
      price_minor,
      duration_us,
      result: JSON.stringify(measured),
    });
  ctx.afterCommit(() => desk.forget(runId));
  return resultView({ ...row, price_minor }, measured);
});
