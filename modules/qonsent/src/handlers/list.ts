import { handler } from '@anarq/kernel';
import { qonsent } from '../contract.ts';
import { cursorBefore, readCursor } from '../cursor.ts';
import { grantView } from '../grantView.ts';

const LIMIT_DEFAULT = 50;

export const list = handler(qonsent.list, async (input, ctx) => {
  const limit = input.limit ?? LIMIT_DEFAULT;
  const { tenant, subject } = ctx.call;
  const found = await ctx.services.grants.involving(tenant, subject, {
    limit: limit + 1,
    before: readCursor(input.cursor),
  });
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: await Promise.all(shown.map((record) => grantView(record, ctx))),
    ...(found.length > limit && last !== undefined ? { next: cursorBefore(last) } : {}),
  };
});
