import { handler } from '@anarq/kernel';
import { amountText } from '../amounts.ts';
import { booksOf } from '../books/books.ts';
import { tenantMark } from '../books/keys.ts';
import { unitIn } from '../books/unitNumbers.ts';
import { ledger } from '../contract.ts';

/** Units of one answer. */
const UNITS_MAX = 200;

export const books = handler(ledger.books, async (_input, ctx) => {
  const userData32 = tenantMark(ctx.call.tenant);
  const totals = await booksOf(ctx).ask((queries) => queries.totals({ userData32 }));
  const units = [...totals].map(([number, of]) => ({ unit: unitIn(number), of }));
  return {
    order: booksOf(ctx).faultModel,
    books: units
      .toSorted((a, b) => (a.unit < b.unit ? -1 : 1))
      .slice(0, UNITS_MAX)
      .map(({ unit, of }) => ({
        unit,
        accounts: of.accounts,
        debits: amountText(of.debitsPosted, unit),
        credits: amountText(of.creditsPosted, unit),
        sum: amountText(
          of.debitsPosted + of.debitsPending - of.creditsPosted - of.creditsPending,
          unit,
        ),
        pending: amountText(of.debitsPending, unit),
      })),
  };
});
