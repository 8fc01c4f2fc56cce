import { handler } from '@anarq/kernel';
import { accountViews } from '../accountViews.ts';
import { standingOf } from '../accounts.ts';
import { ledger } from '../contract.ts';
import { listAccountNames } from '../names.ts';
import { limitOf, nextOf, readCursor } from '../views.ts';

export const accounts = handler(ledger.accounts, async (input, ctx) => {
  const limit = limitOf(input);
  const names = await listAccountNames(ctx, {
    unit: input.unit,
    after: readCursor(input.cursor) ?? '',
    limit: limit + 1,
  });
  const shown = names.slice(0, limit);
  const found = await standingOf(ctx, shown);
  return {
    items: await accountViews(ctx, found),
    ...nextOf(names.length > limit, shown.at(-1)?.id),
  };
});
