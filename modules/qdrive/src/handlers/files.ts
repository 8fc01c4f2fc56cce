import { handler } from '@anarq/kernel';
import { qdrive } from '../contract.ts';
import { fileView } from '../fileView.ts';
import { files as table } from '../store.ts';

export const files = handler(qdrive.files, async (input, ctx) => {
  const { items, ...next } = await ctx
    .rows(table)
    .list({ limit: input.limit, cursor: input.cursor, newestFirst: true });
  return { items: items.map(fileView), ...next };
});
