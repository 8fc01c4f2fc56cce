import { page, t, unit } from '@anarq/common-schemas';
import { INTENT_STATUSES } from './intentStates.ts';

/** Recipients of one payment at most. */
const RECIPIENTS_MAX = 20;

const purpose = () =>
  t.string({
    maxLength: 256,
    sensitive: 'personal',
    description: 'What the payment is for; sealed at rest.',
  });

const Recipient = t.named(
  'Recipient',
  t.object({
    identity: t.did({ description: 'Who is paid.' }),
    amount: t.decimal({ description: 'How much of the whole; above zero.' }),
  }),
);

export const recipients = () =>
  t.array(Recipient, {
    minItems: 1,
    maxItems: RECIPIENTS_MAX,
    description: 'Each once, the payer not among them; their amounts are the whole exactly.',
  });

export const WalletAccount = t.named(
  'WalletAccount',
  t.object({
    accountId: t.id(),
    owner: t.did(),
    unit: unit(),
    posted: t.decimal({ description: 'What the account holds.' }),
    held: t.decimal({ description: 'Reserved for payments that are not captured yet.' }),
    available: t.decimal({ description: 'What can be spent now: posted less held.' }),
    perCall: t.optional(t.decimal({ description: 'Limit of one payment.' })),
    perDay: t.optional(t.decimal({ description: 'Limit of all payments of one UTC day.' })),
  }),
);

export const AccountRef = t.named('AccountRef', t.object({ accountId: t.id(), unit: unit() }));

export const Intent = t.named(
  'Intent',
  t.object({
    intentId: t.id(),
    payer: t.did(),
    amount: t.decimal(),
    unit: unit(),
    recipients: recipients(),
    purpose: t.optional(purpose()),
    status: t.enum(INTENT_STATUSES),
    refunded: t.decimal({ description: 'What recipients have paid back so far.' }),
    createdAt: t.instant(),
    expiresAt: t.instant(),
  }),
);

export const IntentState = t.named(
  'IntentState',
  t.object({
    intentId: t.id(),
    amount: t.decimal(),
    unit: unit(),
    status: t.enum(INTENT_STATUSES),
    expiresAt: t.instant(),
  }),
);

export const Quote = t.named(
  'Quote',
  t.object({
    amount: t.decimal(),
    unit: unit(),
    feeBasisPoints: t.integer({ minimum: 0, maximum: 10_000 }),
    fee: t.decimal({ description: 'Rounded down to the minor unit.' }),
    net: t.decimal({ description: 'What is left: fee and net are the amount exactly.' }),
  }),
);

/** Members of an order to pay. */
export const orderInput = {
  amount: t.decimal({ description: 'The whole, above zero.' }),
  unit: unit(),
  recipients: recipients(),
  purpose: t.optional(purpose()),
  expiresAt: t.optional(t.instant({ description: 'At most 30 days away.' })),
};

/** Members of every event about a payment. */
export const paymentEvent = {
  intentId: t.id(),
  payer: t.did(),
  amount: t.decimal(),
  unit: unit(),
};

export const AccountPage = page(WalletAccount);
export const IntentPage = page(Intent);
