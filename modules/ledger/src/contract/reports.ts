import { command, query, t, unit } from '@anarq/common-schemas';
import {
  ChartEntry,
  CHART_CHANGES_MAX,
  CHART_ENTRIES_MAX,
  chartCode,
  ChartLine,
} from '../chart.ts';
import { asOf } from '../models.ts';

/** Lines of one trial balance. */
export const TRIAL_LINES_MAX = 4_000;
const UNITS_MAX = 200;

const TrialLine = t.named(
  'TrialLine',
  t.object({
    unit: unit(),
    code: chartCode(),
    name: t.optional(t.string({ maxLength: 80 })),
    kind: t.optional(ChartEntry.properties.kind),
    accounts: t.integer({ minimum: 0 }),
    debits: t.decimal({ description: 'All that was ever debited, posted.' }),
    credits: t.decimal({ description: 'All that was ever credited, posted.' }),
    balance: t.decimal({
      description:
        'On the side of its kind: credits less debits for liability, equity and income, debits less credits otherwise.',
    }),
    debitsPending: t.decimal(),
    creditsPending: t.decimal(),
  }),
);

const TrialTotal = t.named(
  'TrialTotal',
  t.object({
    unit: unit(),
    debits: t.decimal(),
    credits: t.decimal({ description: 'The same as debits.' }),
    debitBalances: t.decimal({ description: 'Of the codes with more debits than credits.' }),
    creditBalances: t.decimal({ description: 'Of the others; the same as debitBalances.' }),
    isBalanced: t.boolean({ description: 'Whether each side is what the other is; always.' }),
  }),
);

/** What the books say as a whole, and in which order. */
export const reports = {
  setChart: command({
    summary: 'Set entries of the chart of accounts, or take some out; all of it or nothing.',
    http: 'PUT /chart',
    resource: 'node',
    scope: 'ledger/set-chart',
    input: t.object({
      entries: t.array(ChartEntry, { maxItems: CHART_CHANGES_MAX }),
      remove: t.optional(t.array(chartCode(), { maxItems: CHART_CHANGES_MAX })),
      reclassify: t.optional(
        t.boolean({ description: 'Also where accounts of a code change their kind by it.' }),
      ),
    }),
    output: t.object({
      entries: t.integer({ minimum: 0, description: 'Of the whole chart.' }),
      reclassified: t.array(chartCode(), { maxItems: 2 * CHART_CHANGES_MAX }),
    }),
    errors: ['LIMIT_EXCEEDED', 'STATE_CONFLICT'],
    examples: [
      {
        summary: 'Cash, and what customers have in it',
        input: {
          entries: [
            { code: 1000, name: 'Assets', kind: 'asset' },
            { code: 1100, name: 'Cash', kind: 'asset', parent: 1000 },
            { code: 2100, name: 'Customers', kind: 'liability' },
          ],
        },
        output: { entries: 3, reclassified: [] },
      },
    ],
  }),
  chart: query({
    summary: 'The chart of accounts: each entry after its parent, in the order of codes.',
    http: 'GET /chart',
    access: 'tenant',
    scope: 'ledger/read',
    input: t.object({}),
    output: t.object({ entries: t.array(ChartLine, { maxItems: CHART_ENTRIES_MAX }) }),
    examples: [{ summary: 'All of it', input: {} }],
  }),
  trialBalance: query({
    summary:
      'The sums of all accounts by unit and code, now or as of an instant, for the operator.',
    http: 'GET /trial-balance',
    resource: 'node',
    scope: 'ledger/trial-balance',
    input: t.object({ unit: t.optional(unit()), asOf: t.optional(asOf()) }),
    output: t.object({
      asOf: t.optional(asOf()),
      lines: t.array(TrialLine, { maxItems: TRIAL_LINES_MAX }),
      totals: t.array(TrialTotal, { maxItems: UNITS_MAX }),
    }),
    errors: ['LIMIT_EXCEEDED'],
    examples: [
      { summary: 'Now', input: {} },
      { summary: 'At the end of a year', input: { asOf: '2025-12-31T23:59:59.999Z' } },
    ],
  }),
};
