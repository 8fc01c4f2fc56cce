import { handler } from '@anarq/kernel';
import { formatMinor } from '@anarq/decimal';
import { readAmount } from '../amounts.ts';
import { qwallet } from '../contract.ts';
import { accounts } from '../store.ts';

export const setLimit = handler(qwallet.setLimit, async (input, ctx) => {
  const row = await ctx.rows(accounts).require(input.accountId);
  const read = (amount: string | undefined) =>
    amount === undefined ? null : readAmount(amount, row.unit);
  const [perCall, perDay] = [read(input.perCall), read(input.perDay)];
  ctx.rows(accounts).update(row, { per_call_minor: perCall, per_day_minor: perDay });
  return {
    accountId: row.id,
    ...(perCall === null ? {} : { perCall: formatMinor(perCall, row.unit) }),
    ...(perDay === null ? {} : { perDay: formatMinor(perDay, row.unit) }),
  };
});
