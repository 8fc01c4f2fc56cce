import { handler } from '@anarq/kernel';
import { formatMinor } from '@anarq/decimal';
import type { Row } from '@anarq/store';
import { ledger } from '../contract.ts';

/** SQLite's SUM stops at int64, and all accounts together may hold more: the halves are summed. */
const halves = (column: string) =>
  `SUM(${column} >> 32) AS ${column.replace('_minor', '')}_high_minor,
   SUM(${column} & 4294967295) AS ${column.replace('_minor', '')}_low_minor`;

const whole = (row: Row, name: string): bigint =>
  ((row[`${name}_high_minor`] as bigint) << 32n) + (row[`${name}_low_minor`] as bigint);

const COLUMNS = ['debits_posted', 'credits_posted', 'debits_pending', 'credits_pending'] as const;

export const books = handler(ledger.books, async (_input, ctx) => {
  const rows = await ctx.select(
    `SELECT unit, COUNT(*) AS accounts, ${COLUMNS.map((name) => halves(`${name}_minor`)).join(', ')}
     FROM ledger_account WHERE tenant = :tenant GROUP BY unit ORDER BY unit LIMIT 200`,
  );
  const due = await ctx.select(
    `SELECT unit, ${halves('amount_minor')} FROM ledger_transfer
     WHERE tenant = :tenant AND phase = 'pending' AND expires_ms <= :now_ms GROUP BY unit`,
    { now_ms: ctx.now_ms },
  );
  const dueOf = new Map(due.map((row) => [row['unit'], whole(row, 'amount')]));
  return {
    books: rows.map((row) => {
      const unit = row['unit'] as string;
      const debits = whole(row, 'debits_posted');
      const credits = whole(row, 'credits_posted');
      const held = whole(row, 'debits_pending');
      const sum = debits + held - credits - whole(row, 'credits_pending');
      return {
        unit,
        accounts: row['accounts'] as number,
        debits: formatMinor(debits, unit),
        credits: formatMinor(credits, unit),
        sum: formatMinor(sum, unit),
        pending: formatMinor(held - (dueOf.get(unit) ?? 0n), unit),
      };
    }),
  };
});
