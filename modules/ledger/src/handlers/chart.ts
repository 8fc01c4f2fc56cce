import { handler } from '@anarq/kernel';
import { inTreeOrder } from '../chart.ts';
import { ledger } from '../contract.ts';
import { chartOf } from '../keptChart.ts';

export const chart = handler(ledger.chart, async (_input, ctx) => ({
  entries: inTreeOrder(await chartOf(ctx)),
}));
