import { fail } from '@anarq/common-schemas';
import { handler, type WriteContext } from '@anarq/kernel';
import { booksOf } from '../books/books.ts';
import { tenantMark } from '../books/keys.ts';
import { changed, reclassifiedIn } from '../chart.ts';
import { ledger } from '../contract.ts';
import { CHART_ID, chartIn } from '../keptChart.ts';
import { charts } from '../store.ts';

export const setChart = handler(ledger.setChart, async (input, ctx) => {
  const row = await ctx.rows(charts).get(CHART_ID);
  const before = chartIn(row?.entries);
  const after = changed(before, input.entries, input.remove ?? []);
  const reclassified = await inUse(ctx, reclassifiedIn(before, after));
  if (reclassified.length > 0 && input.reclassify !== true)
    fail(
      'STATE_CONFLICT',
      'Accounts of these codes would be of another kind, or of none: say reclassify where that is meant.',
      { state: 'in use', codes: reclassified },
    );
  const entries = JSON.stringify([...after.values()]);
  if (row === undefined) ctx.rows(charts).insert({ id: CHART_ID, entries });
  else ctx.rows(charts).update(row, { entries });
  return { entries: after.size, reclassified };
});

/** Those of some codes that accounts of the tenant have. */
async function inUse(
  ctx: Pick<WriteContext, 'call' | 'ownLog'>,
  codes: readonly number[],
): Promise<number[]> {
  if (codes.length === 0) return [];
  const mark = tenantMark(ctx.call.tenant);
  const { totals } = await booksOf(ctx).ask((queries) => queries.totalsByCode(mark));
  const used = new Set(totals.map(({ code }) => code));
  return codes.filter((code) => used.has(code));
}
