import { handler } from '@anarq/kernel';
import { quantum } from '../contract.ts';
import { checkPrices } from '../price.ts';
import { prices, PRICE_LIST_ID } from '../store.ts';

/** Runs that are admitted already keep the list that they were admitted by. */
export const setPrices = handler(quantum.setPrices, async (list, ctx) => {
  checkPrices(list);
  const rows = ctx.rows(prices);
  const row = await rows.get(PRICE_LIST_ID);
  if (row === undefined) rows.insert({ id: PRICE_LIST_ID, list });
  else rows.update(row, { list });
  return list;
});
