import { setImmediate as breathe } from 'node:timers/promises';
import { fail, type OutputOf } from '@anarq/common-schemas';
import { handler, type ReadContext } from '@anarq/kernel';
import type { CodeTotals } from '@anarq/ledger-engine';
import { amountText } from '../amounts.ts';
import { booksOf } from '../books/books.ts';
import { tenantMark } from '../books/keys.ts';
import { unitIn } from '../books/unitNumbers.ts';
import { balanceOf, type Chart } from '../chart.ts';
import { ledger } from '../contract.ts';
import { TRIAL_LINES_MAX } from '../contract/reports.ts';
import { pastInstant } from '../instants.ts';
import { chartOf } from '../keptChart.ts';

type Output = OutputOf<typeof ledger.trialBalance>;

/** Events of the log that one answer reads at most: about ten seconds. */
const EVENTS_MAX = 4_000_000;
/** Events that are read in one go; others are served between two goes. */
const STEP_EVENTS = 2_000;

export const trialBalance = handler(ledger.trialBalance, async ({ unit, asOf }, ctx) => {
  const timestamp = asOf === undefined ? undefined : pastInstant(asOf, ctx.now_ms);
  const chart = await chartOf(ctx);
  const all = (await totalsAt(ctx, timestamp))
    .map((of) => ({ unit: unitIn(of.ledger), of }))
    .filter((line) => unit === undefined || line.unit === unit)
    .toSorted((a, b) => (a.unit < b.unit ? -1 : a.unit > b.unit ? 1 : a.of.code - b.of.code));
  if (all.length > TRIAL_LINES_MAX)
    fail('LIMIT_EXCEEDED', `A trial balance has at most ${TRIAL_LINES_MAX} lines: name a unit.`, {
      limit: TRIAL_LINES_MAX,
    });
  return {
    ...(asOf === undefined ? {} : { asOf }),
    lines: all.map((line) => lineOf(line.unit, line.of, chart)),
    totals: [...Map.groupBy(all, (line) => line.unit)].map(([of, lines]) =>
      totalOf(
        of,
        lines.map((line) => line.of),
      ),
    ),
  };
});

/**
 * The sums of one state of the books: as they stand now, or as of an instant. Of the past they are made
 * in steps, from which nothing is left out that has happened until then.
 * @throws LIMIT_EXCEEDED where too many events lie between
 */
async function totalsAt(
  ctx: Pick<ReadContext, 'call' | 'ownLog'>,
  timestamp: bigint | undefined,
): Promise<readonly CodeTotals[]> {
  const mark = tenantMark(ctx.call.tenant);
  const books = booksOf(ctx);
  const totals = await books.ask((queries) => queries.totalsByCode(mark, timestamp));
  if (totals.eventsLeft > EVENTS_MAX)
    fail('LIMIT_EXCEEDED', 'Too much happened before that instant, and since.', {
      limit: EVENTS_MAX,
      events: totals.eventsLeft,
    });
  while (totals.eventsLeft > 0) {
    totals.step(STEP_EVENTS);
    await breathe();
  }
  return totals.totals;
}

function lineOf(unit: string, of: CodeTotals, chart: Chart): Output['lines'][number] {
  const entry = chart.get(of.code);
  const { debitsPosted, creditsPosted } = of;
  return {
    unit,
    code: of.code,
    ...(entry === undefined ? {} : { name: entry.name, kind: entry.kind }),
    accounts: of.accounts,
    debits: amountText(debitsPosted, unit),
    credits: amountText(creditsPosted, unit),
    balance: amountText(balanceOf(entry?.kind, debitsPosted, creditsPosted), unit),
    debitsPending: amountText(of.debitsPending, unit),
    creditsPending: amountText(of.creditsPending, unit),
  };
}

function totalOf(unit: string, lines: readonly CodeTotals[]): Output['totals'][number] {
  const sums = { debits: 0n, credits: 0n, pending: 0n, debitBalances: 0n, creditBalances: 0n };
  for (const of of lines) {
    const net = of.debitsPosted - of.creditsPosted;
    sums.debits += of.debitsPosted;
    sums.credits += of.creditsPosted;
    sums.pending += of.debitsPending - of.creditsPending;
    if (net > 0n) sums.debitBalances += net;
    else sums.creditBalances -= net;
  }
  return {
    unit,
    debits: amountText(sums.debits, unit),
    credits: amountText(sums.credits, unit),
    debitBalances: amountText(sums.debitBalances, unit),
    creditBalances: amountText(sums.creditBalances, unit),
    isBalanced:
      sums.debits === sums.credits &&
      sums.debitBalances === sums.creditBalances &&
      sums.pending === 0n,
  };
}
