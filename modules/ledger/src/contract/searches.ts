import { pageInput, query, t, unit } from '@anarq/common-schemas';
import { AccountPage, narrowed, TransferPage } from '../models.ts';

/** Questions over all accounts of a tenant, for its operator. */
export const searches = {
  queryTransfers: query({
    summary: 'Transfers of all accounts, in the order in which they happened; for the operator.',
    http: 'GET /query/transfers',
    resource: 'node',
    scope: 'ledger/query',
    input: t.object({ unit: t.optional(unit()), ...narrowed, ...pageInput }),
    output: TransferPage,
    examples: [
      {
        summary: 'Those of a day with a code, the latest first',
        input: {
          code: 7,
          from: '2025-12-31T00:00:00Z',
          to: '2025-12-31T23:59:59.999Z',
          newestFirst: true,
        },
      },
      { summary: 'What has a reference', input: { userData: 'invoice 4711' } },
    ],
  }),
  queryAccounts: query({
    summary: 'All accounts, in the order in which they were opened; for the operator.',
    http: 'GET /query/accounts',
    resource: 'node',
    scope: 'ledger/query',
    input: t.object({
      unit: t.optional(unit()),
      owner: t.optional(t.did()),
      ...narrowed,
      ...pageInput,
    }),
    output: AccountPage,
    examples: [{ summary: 'Those with a code', input: { unit: 'EUR', code: 1100 } }],
  }),
};
