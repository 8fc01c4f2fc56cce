import {
  command,
  contract,
  event,
  pageInput,
  process,
  query,
  t,
  unit,
} from '@anarq/common-schemas';
import { INTENT_STATUSES } from './intentStates.ts';
import {
  AccountPage,
  AccountRef,
  Intent,
  IntentPage,
  IntentState,
  orderInput,
  paymentEvent,
  Quote,
  recipients,
  WalletAccount,
} from './models.ts';

const SOMEBODY = 'did:squid:QmcRD4wkPPi6dig81r5sLj9Zm1gDCL4zgpEj9CfuRrGbzF';
const SHOP = 'did:squid:shop';
const optionalOrder = {
  ...orderInput,
  recipients: t.optional(recipients()),
  intentId: t.optional(t.id({ description: 'An intent made before, instead of its recipients.' })),
};

/** The wallet: accounts, intents, reserve before capture, limits, refunds. */
export const qwallet = contract({
  name: 'qwallet',
  version: '1.0.0',
  title: 'Wallet',
  purpose: 'Payments in two phases, with fees, limits and refunds, exact to the last minor unit.',
  dependencies: ['ledger'],
  operations: {
    openAccount: process({
      summary: 'Open your account in a unit; asked again, it answers with the same.',
      http: 'POST /accounts',
      scope: 'wallet/open-account',
      uses: ['ledger.createAccounts'],
      input: t.object({ unit: unit() }),
      output: AccountRef,
      errors: ['AMOUNT_INVALID', 'STATE_CONFLICT'],
      examples: [{ summary: 'An account in rUv', input: { unit: 'rUv' } }],
    }),
    account: query({
      summary: 'What an account holds, what of it is held, and what can be spent.',
      http: 'GET /accounts/{accountId}',
      resource: 'account/{accountId}',
      scope: 'wallet/read',
      uses: ['ledger.account'],
      input: t.object({ accountId: t.id() }),
      output: WalletAccount,
      personal: true,
      examples: [{ summary: 'One account', input: { accountId: 'acct_0' } }],
    }),
    accounts: query({
      summary: 'Your accounts with their balances.',
      http: 'GET /accounts',
      scope: 'wallet/read',
      uses: ['ledger.account'],
      input: t.object({ ...pageInput }),
      output: AccountPage,
      personal: true,
      examples: [{ summary: 'All of them', input: {} }],
    }),
    setLimit: command({
      summary: 'Set what one payment, and one UTC day, may take from an account; absent: no limit.',
      http: 'PUT /accounts/{accountId}/limit',
      resource: 'account/{accountId}',
      scope: 'wallet/set-limit',
      signature: 'full',
      input: t.object({
        accountId: t.id(),
        perCall: t.optional(t.decimal()),
        perDay: t.optional(t.decimal()),
      }),
      output: t.object({
        accountId: t.id(),
        perCall: t.optional(t.decimal()),
        perDay: t.optional(t.decimal()),
      }),
      errors: ['AMOUNT_INVALID'],
      examples: [
        {
          summary: 'At most 20 a payment and 50 a day',
          input: { accountId: 'acct_0', perCall: '20', perDay: '50' },
        },
      ],
    }),
    quote: query({
      summary: 'What a fee takes of an amount, and what is left.',
      http: 'GET /quote',
      mcp: { tool: 'wallet.quote' },
      scope: 'wallet/quote',
      input: t.object({
        amount: t.decimal(),
        unit: unit(),
        feeBasisPoints: t.optional(
          t.integer({ minimum: 0, maximum: 10_000, description: 'Hundredths of a percent.' }),
        ),
      }),
      output: Quote,
      errors: ['AMOUNT_INVALID'],
      examples: [
        {
          summary: '2.5 % of 9.99 EUR',
          input: { amount: '9.99', unit: 'EUR', feeBasisPoints: 250 },
          output: { amount: '9.99', unit: 'EUR', feeBasisPoints: 250, fee: '0.24', net: '9.75' },
        },
      ],
    }),
    createIntent: command({
      summary: 'Write down a payment to be made; no money moves yet.',
      http: 'POST /intents',
      scope: 'wallet/create-intent',
      input: t.object(orderInput),
      output: Intent,
      errors: ['AMOUNT_INVALID'],
      emits: ['q.qwallet.intent.created.v1'],
      examples: [
        {
          summary: '10 EUR, of which the shop gets 9.75',
          input: {
            amount: '10',
            unit: 'EUR',
            recipients: [
              { identity: SHOP, amount: '9.75' },
              { identity: SOMEBODY, amount: '0.25' },
            ],
            purpose: 'order 17',
          },
        },
      ],
    }),
    reserve: process({
      summary: 'Hold the money of a payment, of an intent or made at once.',
      http: 'POST /reservations',
      mcp: { tool: 'wallet.sign', destructive: true },
      scope: 'wallet/reserve',
      signature: 'full',
      authorises: { amount: 'amount', unit: 'unit' },
      uses: ['ledger.createTransfers'],
      input: t.object(optionalOrder),
      output: IntentState,
      errors: ['AMOUNT_INVALID', 'INSUFFICIENT_FUNDS', 'STATE_CONFLICT'],
      emits: ['q.qwallet.intent.created.v1', 'q.qwallet.tx.signed.v1'],
      examples: [
        {
          summary: 'Hold 3.50 rUv for the shop',
          input: {
            amount: '3.50',
            unit: 'rUv',
            recipients: [{ identity: SHOP, amount: '3.50' }],
          },
        },
      ],
    }),
    capture: process({
      summary: 'Pay the recipients of a reserved payment, all of them or none.',
      http: 'POST /intents/{intentId}/capture',
      resource: 'intent/{intentId}',
      scope: 'wallet/capture',
      signature: 'full',
      uses: ['ledger.createAccounts', 'ledger.createTransfers'],
      input: t.object({
        intentId: t.id(),
        amount: t.optional(
          t.decimal({
            description:
              'Take only so much of what is held, above zero; recipients share it in proportion, the rest is free again.',
          }),
        ),
        keep: t.optional(
          t.boolean({
            description:
              'Take the money from the payer, and pay it out later; only as a step of the purchase that reserved it.',
          }),
        ),
      }),
      output: IntentState,
      errors: ['STATE_CONFLICT', 'AMOUNT_INVALID'],
      emits: ['q.qwallet.tx.settled.v1'],
      examples: [{ summary: 'Capture', input: { intentId: 'intent_0' } }],
    }),
    payOut: process({
      summary: 'Pay the recipients what a purchase captured and kept; answers inside it only.',
      http: 'POST /intents/{intentId}/payout',
      mcp: false,
      scope: 'wallet/pay-out',
      signature: 'full',
      uses: ['ledger.createTransfers'],
      input: t.object({ intentId: t.id() }),
      output: IntentState,
      errors: ['STATE_CONFLICT'],
      emits: ['q.qwallet.tx.settled.v1'],
      examples: [{ summary: 'As a purchase calls it', input: { intentId: 'intent_0' } }],
    }),
    giveBack: process({
      summary: 'Undo of a capture that is kept: the payer has its money back.',
      http: 'POST /intents/{intentId}/give-back',
      mcp: false,
      scope: 'wallet/give-back',
      signature: 'full',
      uses: ['ledger.createTransfers'],
      input: t.object({ intentId: t.id() }),
      output: IntentState,
      errors: ['STATE_CONFLICT'],
      emits: ['q.qwallet.tx.voided.v1'],
      examples: [{ summary: 'As a purchase calls it', input: { intentId: 'intent_0' } }],
    }),
    pay: process({
      summary: 'Reserve and capture a payment in one go.',
      http: 'POST /payments',
      mcp: { tool: 'wallet.pay', destructive: true },
      scope: 'wallet/pay',
      signature: 'full',
      authorises: { amount: 'amount', unit: 'unit' },
      uses: ['qwallet.reserve', 'qwallet.capture'],
      input: t.object(optionalOrder),
      output: IntentState,
      errors: ['AMOUNT_INVALID', 'INSUFFICIENT_FUNDS', 'STATE_CONFLICT'],
      examples: [
        {
          summary: 'Pay the shop 1 EUR',
          input: { amount: '1', unit: 'EUR', recipients: [{ identity: SHOP, amount: '1' }] },
        },
      ],
    }),
    void: process({
      summary: 'Give up a payment that is not captured; its money is free again.',
      http: 'POST /intents/{intentId}/void',
      resource: 'intent/{intentId}',
      scope: 'wallet/void',
      signature: 'full',
      uses: ['ledger.createTransfers'],
      input: t.object({ intentId: t.id() }),
      output: IntentState,
      errors: ['STATE_CONFLICT'],
      emits: ['q.qwallet.tx.voided.v1'],
      examples: [{ summary: 'Void', input: { intentId: 'intent_0' } }],
    }),
    refund: process({
      summary: 'Pay back a captured payment, or a part: recipients share it in proportion.',
      http: 'POST /intents/{intentId}/refund',
      mcp: { tool: 'wallet.refund', destructive: true },
      scope: 'wallet/refund',
      signature: 'full',
      authorises: { amount: 'amount', unit: 'unit' },
      uses: ['ledger.createTransfers'],
      input: t.object({
        intentId: t.id(),
        amount: t.optional(
          t.decimal({ description: 'Absent: all that is left. Under a budget it is said.' }),
        ),
        unit: t.optional(unit()),
      }),
      output: Intent,
      errors: ['AMOUNT_INVALID', 'INSUFFICIENT_FUNDS', 'STATE_CONFLICT'],
      emits: ['q.qwallet.tx.refunded.v1'],
      examples: [
        { summary: 'Half of it', input: { intentId: 'intent_0', amount: '5', unit: 'EUR' } },
      ],
    }),
    intent: query({
      summary: 'One payment of yours.',
      http: 'GET /intents/{intentId}',
      resource: 'intent/{intentId}',
      scope: 'wallet/read',
      input: t.object({ intentId: t.id() }),
      output: Intent,
      personal: true,
      examples: [{ summary: 'One payment', input: { intentId: 'intent_0' } }],
    }),
    intents: query({
      summary: 'Your payments, the latest first.',
      http: 'GET /intents',
      scope: 'wallet/read',
      input: t.object({ ...pageInput }),
      output: IntentPage,
      personal: true,
      examples: [{ summary: 'The latest ten', input: { limit: 10 } }],
    }),
    fund: process({
      summary: 'Issue money into somebody’s account; for the operator.',
      http: 'POST /funds',
      resource: 'node',
      scope: 'wallet/fund',
      signature: 'full',
      authorises: { amount: 'amount', unit: 'unit' },
      uses: ['ledger.createAccounts', 'ledger.createTransfers'],
      input: t.object({ identity: t.did(), amount: t.decimal(), unit: unit() }),
      output: t.object({ accountId: t.id(), amount: t.decimal(), unit: unit() }),
      errors: ['AMOUNT_INVALID', 'STATE_CONFLICT'],
      emits: ['q.qwallet.account.funded.v1'],
      examples: [
        {
          summary: '100 rUv for somebody',
          input: { identity: SOMEBODY, amount: '100', unit: 'rUv' },
        },
      ],
    }),
  },
  events: {
    'q.qwallet.intent.created.v1': event({
      summary: 'A payment was written down.',
      schema: t.object({ ...paymentEvent, expiresAt: t.instant() }),
      subject: 'intentId',
    }),
    'q.qwallet.tx.signed.v1': event({
      summary: 'The money of a payment is held.',
      schema: t.object({ ...paymentEvent, expiresAt: t.instant() }),
      subject: 'intentId',
    }),
    'q.qwallet.tx.settled.v1': event({
      summary: 'The recipients of a payment have their money.',
      schema: t.object({ ...paymentEvent, recipients: recipients() }),
      subject: 'intentId',
    }),
    'q.qwallet.tx.voided.v1': event({
      summary: 'A payment was given up.',
      schema: t.object({ ...paymentEvent, status: t.enum(INTENT_STATUSES) }),
      subject: 'intentId',
    }),
    'q.qwallet.tx.refunded.v1': event({
      summary: 'Recipients paid back.',
      schema: t.object({ ...paymentEvent, refunded: t.decimal(), recipients: recipients() }),
      subject: 'intentId',
    }),
    'q.qwallet.account.funded.v1': event({
      summary: 'Money was issued into an account.',
      schema: t.object({ accountId: t.id(), owner: t.did(), amount: t.decimal(), unit: unit() }),
      subject: 'accountId',
    }),
  },
  policies: {
    retention: { intent: { period: 'P10Y', atEnd: 'ARCHIVE' } },
  },
});
