import { contract, pageInput, process, query, t, unit } from '@anarq/common-schemas';
import { proofOperations } from './contract/proofs.ts';
import { socketOperations } from './contract/socket.ts';
import { transactionOperations } from './contract/transactions.ts';
import { transport } from './contract/transport.ts';
import { whatIfOperations } from './contract/whatIf.ts';
import { searches } from './contract/searches.ts';
import { reports } from './contract/reports.ts';
import {
  AccountOutcomes,
  AccountPage,
  asOf,
  BalancePage,
  Book,
  BooksOrder,
  EVENTS_MAX,
  LedgerAccount,
  LedgerTransfer,
  narrowed,
  NewAccount,
  NewTransfer,
  side,
  TransferOutcomes,
  TransferPage,
} from './models.ts';

/** The ledger: double entry, two-phase, linked, with ids that never act twice. */
export const ledger = contract({
  name: 'ledger',
  version: '1.0.0',
  title: 'Ledger',
  purpose: 'Accounts and transfers by double entry: every debit has its credit, to the last unit.',
  operations: {
    createAccounts: process({
      summary: 'Open accounts; each answers with a result of its own.',
      http: 'POST /accounts',
      scope: 'ledger/create-accounts',
      input: t.object({
        accounts: t.array(NewAccount, { minItems: 1, maxItems: EVENTS_MAX }),
      }),
      output: AccountOutcomes,
      errors: ['AMOUNT_INVALID'],
      examples: [
        {
          summary: 'An account in EUR that cannot be overdrawn',
          input: {
            accounts: [
              { id: 'till', unit: 'EUR', code: 1, flags: ['debits_must_not_exceed_credits'] },
            ],
          },
          output: { results: [{ id: 'till', result: 'created' }] },
        },
      ],
    }),
    createTransfers: process({
      summary: 'Move money between accounts; each transfer answers with a result of its own.',
      http: 'POST /transfers',
      scope: 'ledger/create-transfers',
      signature: 'full',
      authorises: { amount: 'maxAmount', unit: 'unit' },
      input: t.object({
        transfers: t.array(NewTransfer, { minItems: 1, maxItems: EVENTS_MAX }),
        maxAmount: t.optional(
          t.decimal({
            description: 'The most that these transfers may move; needed under a budget.',
          }),
        ),
        unit: t.optional(unit()),
      }),
      output: TransferOutcomes,
      errors: ['AMOUNT_INVALID', 'PRICE_ABOVE_LIMIT'],
      examples: [
        {
          summary: 'Hold 3.50 EUR for an hour',
          input: {
            transfers: [
              {
                id: 'hold-1',
                debitAccountId: 'till',
                creditAccountId: 'shop',
                amount: '3.50',
                unit: 'EUR',
                code: 1,
                timeout_s: 3600,
                flags: ['pending'],
              },
            ],
          },
          output: { results: [{ id: 'hold-1', result: 'created' }] },
        },
        {
          summary: 'Take 3 EUR of it; the rest is free again',
          input: {
            transfers: [
              { id: 'take-1', pendingId: 'hold-1', amount: '3', flags: ['post_pending'] },
            ],
          },
        },
      ],
    }),
    ...transactionOperations,
    ...whatIfOperations,
    ...socketOperations,
    ...proofOperations,
    account: query({
      summary:
        'One account with its balances, now or as of an instant; for its owner and its holder.',
      http: 'GET /accounts/{accountId}',
      scope: 'ledger/read',
      input: t.object({ accountId: t.id(), asOf: t.optional(asOf()) }),
      output: LedgerAccount,
      examples: [
        { summary: 'The till', input: { accountId: 'till' } },
        {
          summary: 'The till at the end of a year',
          input: { accountId: 'till', asOf: '2025-12-31T23:59:59.999Z' },
        },
      ],
    }),
    accounts: query({
      summary: 'The accounts that are yours, or are kept for you.',
      http: 'GET /accounts',
      scope: 'ledger/read',
      input: t.object({ unit: t.optional(unit()), ...pageInput }),
      output: AccountPage,
      examples: [{ summary: 'Those in rUv', input: { unit: 'rUv' } }],
    }),
    transfer: query({
      summary: 'One transfer; for those who may read one of its accounts.',
      http: 'GET /transfers/{transferId}',
      scope: 'ledger/read',
      input: t.object({ transferId: t.id() }),
      output: LedgerTransfer,
      examples: [{ summary: 'A hold', input: { transferId: 'hold-1' } }],
    }),
    transfers: query({
      summary: 'The transfers of an account, in the order in which they happened.',
      http: 'GET /accounts/{accountId}/transfers',
      scope: 'ledger/read',
      input: t.object({
        accountId: t.id(),
        side: side(),
        ...narrowed,
        ...pageInput,
      }),
      output: TransferPage,
      examples: [{ summary: 'The latest first', input: { accountId: 'till', newestFirst: true } }],
    }),
    balances: query({
      summary: 'How each transfer left an account that keeps its history.',
      http: 'GET /accounts/{accountId}/balances',
      scope: 'ledger/read',
      input: t.object({
        accountId: t.id(),
        side: side(),
        ...narrowed,
        ...pageInput,
      }),
      output: BalancePage,
      errors: ['STATE_CONFLICT'],
      examples: [{ summary: 'From the start', input: { accountId: 'till' } }],
    }),
    books: query({
      summary: 'Do the books balance? Sums of all accounts by unit, for the operator.',
      http: 'GET /books',
      resource: 'node',
      scope: 'ledger/books',
      input: t.object({}),
      output: t.object({ books: t.array(Book, { maxItems: 200 }), order: BooksOrder }),
      examples: [{ summary: 'All units', input: {} }],
    }),
    ...reports,
    ...searches,
    ...transport,
  },
  policies: {
    retention: {
      account: { period: 'P10Y', atEnd: 'ARCHIVE' },
      transfer: { period: 'P10Y', atEnd: 'ARCHIVE' },
      transaction: { period: 'P10Y', atEnd: 'ARCHIVE' },
    },
  },
});
