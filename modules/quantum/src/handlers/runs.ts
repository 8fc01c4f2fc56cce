import { handler } from '@anarq/kernel';
import { quantum } from '../contract.ts';
import { deskOf } from '../desks.ts';
import { runs as table } from '../store.ts';
import { runView } from '../views.ts';

export const runs = handler(quantum.runs, async ({ limit, cursor }, ctx) => {
  const desk = deskOf(ctx);
  const found = await ctx.rows(table).list({ limit, cursor, newestFirst: true });
  return { ...found, items: found.items.map((row) => runView(row, desk.stateOf(row.id))) };
});
