import { command, pageInput, process, query, t, unit } from '@anarq/common-schemas';
import { metadata, METADATA_CHARS_MAX, METADATA_MAX } from '../metadataModel.ts';
import {
  code,
  LedgerTransaction,
  newTransactionId,
  Posting,
  POSTINGS_MAX,
  TransactionOutcome,
  TransactionPage,
  TransactionPreview,
} from '../transactions/models.ts';

/** A template goes to the writer of the books, which runs it again: it is short. */
const TEMPLATE_CHARS_MAX = 16_384;
const VARIABLES_MAX = 64;
const VARIABLE_CHARS_MAX = 1_024;

const metadataChange = {
  set: t.optional(metadata()),
  remove: t.optional(
    t.array(t.string({ maxLength: METADATA_CHARS_MAX }), {
      maxItems: METADATA_MAX,
      description: 'Keys; those that are not there are no error.',
    }),
  ),
};

const ceiling = {
  maxAmount: t.optional(
    t.decimal({ description: 'The most that the postings may move; needed under a budget.' }),
  ),
  unit: t.optional(unit()),
};

const EXCHANGE = {
  id: 'exchange-7',
  postings: [
    { debitAccountId: 'ana-eur', creditAccountId: 'desk-eur', amount: '10', unit: 'EUR' },
    { debitAccountId: 'desk-usd', creditAccountId: 'ana-usd', amount: '11.20', unit: 'USD' },
  ],
  code: 1,
  metadata: { order: '7' },
};

const order = {
  id: newTransactionId(),
  postings: t.optional(t.array(Posting, { minItems: 1, maxItems: POSTINGS_MAX })),
  template: t.optional(
    t.string({
      minLength: 1,
      maxLength: TEMPLATE_CHARS_MAX,
      description: 'Instead of postings: what works them out, in Numscript; a unit is EUR/2.',
    }),
  ),
  variables: t.optional(
    t.map(t.string({ maxLength: VARIABLE_CHARS_MAX }), {
      maxEntries: VARIABLES_MAX,
      description: 'Values of the variables of the template, as text.',
    }),
  ),
  code: code(),
  userData: t.optional(t.string({ maxLength: 256 })),
  metadata: t.optional(metadata()),
  ...ceiling,
};

/** Transactions of several postings. */
export const transactionOperations = {
  createTransaction: process({
    summary: 'Move money by several postings, in any units, all of them or none.',
    http: 'POST /transactions',
    scope: 'ledger/create-transfers',
    signature: 'full',
    authorises: { amount: 'maxAmount', unit: 'unit' },
    input: t.object(order),
    output: TransactionOutcome,
    errors: ['AMOUNT_INVALID', 'PRICE_ABOVE_LIMIT', 'INSUFFICIENT_FUNDS', 'STATE_CONFLICT'],
    examples: [
      {
        summary: 'Euro for dollars',
        input: EXCHANGE,
        output: { id: EXCHANGE.id, result: 'created', postings: EXCHANGE.postings },
      },
      {
        summary: 'What the vouchers hold first, the rest from the wallet; a fee to the shop’s host',
        input: {
          id: 'sale-8',
          template: `vars { monetary $price }
send $price (
  source = { @vouchers @purse }
  destination = { 3% to @fees remaining to @shop }
)
set_tx_meta("price", $price)`,
          variables: { price: 'EUR/2 2500' },
          code: 1,
        },
      },
    ],
  }),
  revertTransaction: process({
    summary: 'Take a transaction back by one of its own, once; whoever received it pays it back.',
    http: 'POST /transactions/{transactionId}/revert',
    scope: 'ledger/create-transfers',
    signature: 'full',
    authorises: { amount: 'maxAmount', unit: 'unit' },
    input: t.object({
      transactionId: t.id(),
      userData: t.optional(t.string({ maxLength: 256 })),
      metadata: t.optional(metadata()),
      ...ceiling,
    }),
    output: TransactionOutcome,
    errors: ['PRICE_ABOVE_LIMIT', 'STATE_CONFLICT'],
    examples: [
      {
        summary: 'An exchange that was a mistake',
        input: { transactionId: EXCHANGE.id, metadata: { reason: 'mistake' } },
        output: { id: `ledger:revert:1:${EXCHANGE.id}`, result: 'created' },
      },
    ],
  }),
  previewTransaction: query({
    summary: 'What a transaction would be answered now, and how its accounts would stand.',
    http: 'POST /transactions/preview',
    scope: 'ledger/read',
    input: t.object(order),
    output: TransactionPreview,
    errors: ['AMOUNT_INVALID', 'PRICE_ABOVE_LIMIT', 'INSUFFICIENT_FUNDS', 'STATE_CONFLICT'],
    examples: [{ summary: 'Euro for dollars', input: EXCHANGE }],
  }),
  transaction: query({
    summary: 'One transaction; for those who may read one of its accounts.',
    http: 'GET /transactions/{transactionId}',
    scope: 'ledger/read',
    input: t.object({ transactionId: t.id() }),
    output: LedgerTransaction,
    examples: [{ summary: 'An exchange', input: { transactionId: EXCHANGE.id } }],
  }),
  transactions: query({
    summary: 'Transactions of an account, or of all that are yours or kept for you.',
    http: 'GET /transactions',
    scope: 'ledger/read',
    input: t.object({
      accountId: t.optional(t.id()),
      metadataKey: t.optional(t.string({ minLength: 1, maxLength: METADATA_CHARS_MAX })),
      metadataValue: t.optional(
        t.string({
          maxLength: METADATA_CHARS_MAX,
          description: 'Needs the key; without it, all that have the key.',
        }),
      ),
      newestFirst: t.optional(t.boolean()),
      ...pageInput,
    }),
    output: TransactionPage,
    examples: [
      {
        summary: 'Those of one order',
        input: { metadataKey: 'order', metadataValue: '7', newestFirst: true },
      },
    ],
  }),
  setTransactionMetadata: command({
    summary: 'Set and remove metadata of a transaction; the others stay.',
    http: 'POST /transactions/{transactionId}/metadata',
    resource: 'transaction/{transactionId}',
    scope: 'ledger/set-metadata',
    input: t.object({ transactionId: t.id(), ...metadataChange }),
    output: t.object({ metadata: metadata() }),
    examples: [
      {
        summary: 'The order was shipped',
        input: { transactionId: EXCHANGE.id, set: { state: 'shipped' }, remove: ['note'] },
        output: { metadata: { order: '7', state: 'shipped' } },
      },
    ],
  }),
  setAccountMetadata: command({
    summary: 'Set and remove metadata of an account; the others stay. Templates read them.',
    http: 'POST /accounts/{accountId}/metadata',
    resource: 'account/{accountId}',
    scope: 'ledger/set-metadata',
    input: t.object({ accountId: t.id(), ...metadataChange }),
    output: t.object({ metadata: metadata() }),
    examples: [
      {
        summary: 'Who sells there',
        input: { accountId: 'shop', set: { merchant: 'merchant-3' } },
        output: { metadata: { merchant: 'merchant-3' } },
      },
    ],
  }),
};
