import { handler } from '@anarq/kernel';
import { checkAccounts } from '../access.ts';
import { isReader } from '../accounts.ts';
import { booksOf } from '../books/books.ts';
import { accountKey, keyText, transferKey } from '../books/keys.ts';
import { transferRecords } from '../books/requests.ts';
import { ledger } from '../contract.ts';
import { accountsByKey } from '../names.ts';
import { workNow } from '../transactions/byTemplate.ts';
import { accountsOf } from '../transactions/carryOut.ts';
import { orderOf } from '../transactions/order.ts';
import { outcomeOf } from '../transactions/outcome.ts';
import { transfersOf, writePosting } from '../transactions/postings.ts';
import { TemplateCall } from '../transactions/template.ts';
import { balancesText } from '../views.ts';

export const previewTransaction = handler(ledger.previewTransaction, async (input, ctx) => {
  const order = orderOf(ctx, input);
  const { heading, by } = order;
  const postings = by instanceof TemplateCall ? (await workNow(ctx, order, by)).postings : by;
  const { tenant } = ctx.call;
  const requests = transfersOf(heading, postings);
  await checkAccounts(ctx, requests);
  const { results, entries } = await booksOf(ctx).tryOut({
    accountKeys: [...accountsOf(postings)].map((id) => accountKey(tenant, id)),
    transferKeys: requests.map(({ id }) => transferKey(tenant, id)),
    records: transferRecords(tenant, requests),
  });
  const names = await accountsByKey(
    ctx,
    entries.map(({ key }) => key),
  );
  const balances = [];
  for (const entry of entries) {
    const name = names.get(keyText(entry.key));
    if (name === undefined || !(await isReader(ctx, name))) continue;
    const { unit } = entry;
    balances.push({ accountId: name.id, unit, ...balancesText(entry, unit) });
  }
  return {
    id: heading.id,
    ...(await outcomeOf(ctx, heading, results)),
    postings: postings.map(writePosting),
    balances,
  };
});
