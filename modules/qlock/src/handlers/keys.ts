import { handler } from '@anarq/kernel';
import { qlock } from '../contract.ts';
import { keyView } from '../key.ts';
import { keys as table } from '../store.ts';

export const keys = handler(qlock.keys, async (input, ctx) => {
  const { items, ...next } = await ctx
    .rows(table)
    .list({ limit: input.limit, cursor: input.cursor });
  return { items: items.map(keyView), ...next };
});
