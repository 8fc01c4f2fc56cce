import { handler } from '@anarq/kernel';
import { chain as contract } from '../contract.ts';
import { watches as table } from '../store.ts';

export const unwatch = handler(contract.unwatch, async ({ watchId }, ctx) => {
  const rows = ctx.rows(table);
  rows.remove(await rows.require(watchId));
  return { watchId };
});
