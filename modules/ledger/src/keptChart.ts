import type { ReadContext } from '@anarq/kernel';
import type { Chart, Entry } from './chart.ts';

/** The id of the one row that holds the chart of a tenant. */
export const CHART_ID = 'chart';

/** The chart as its row has it. */
export const chartIn = (entries: string | undefined): Chart =>
  // The contract checked the entries when they were written.
  new Map((JSON.parse(entries ?? '[]') as Entry[]).map((entry) => [entry.code, entry]));

/** The chart of the tenant. */
export async function chartOf(ctx: Pick<ReadContext, 'select'>): Promise<Chart> {
  const [row] = await ctx.select(
    'SELECT entries FROM ledger_chart WHERE tenant = :tenant AND id = :id',
    { id: CHART_ID },
  );
  return chartIn(row?.['entries'] as string | undefined);
}
