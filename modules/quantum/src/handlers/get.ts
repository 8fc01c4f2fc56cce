import type { OutputOf } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { quantum } from '../contract.ts';
import { deskOf } from '../desks.ts';
import { orders, resultOf, runs } from '../store.ts';
import { resultView, runView } from '../views.ts';

type Order = Exclude<OutputOf<typeof quantum.get>['order'], undefined>;

/** Everything that is recorded of a run; of its result as much as one answer shows, once it is paid. */
export const get = handler(quantum.get, async ({ runId }, ctx) => {
  const row = await ctx.rows(runs).require(runId);
  const kept = await ctx.rows(orders).get(runId);
  const measured = row.state === 'DONE' ? resultOf(row) : undefined;
  return {
    run: runView(row, deskOf(ctx).stateOf(runId)),
    // Only `admit` writes this column; runs of before have none.
    ...(kept === undefined ? {} : { order: JSON.parse(kept.order_json) as Order }),
    ...(measured === undefined ? {} : { result: resultView(row, measured) }),
  };
});
