import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { quantum } from '../contract.ts';
import { resultOf, runs } from '../store.ts';
import { resultPart } from '../views.ts';

/** What is paid is shown; before that there is no result for anybody. */
export const result = handler(quantum.result, async ({ runId, limit, cursor }, ctx) => {
  const row = await ctx.rows(runs).require(runId);
  const measured = resultOf(row);
  if (row.state !== 'DONE' || measured === undefined)
    return fail(
      'STATE_CONFLICT',
      'The run has no result yet, or was stopped; node.job says how it is.',
      {
        state: row.state,
        jobId: row.job,
      },
    );
  return resultPart(row, measured, { limit, cursor });
});
