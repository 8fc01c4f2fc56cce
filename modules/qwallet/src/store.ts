import {
  createTable,
  int,
  json,
  minor,
  nullable,
  sealed,
  table,
  text,
  type RowOf,
} from '@anarq/kernel';
import type { Migration } from '@anarq/store';
import type { IntentStatus } from './intentStates.ts';
import type { Share } from './shares.ts';

export const accounts = table(
  'qwallet_account',
  { resource: 'account' },
  {
    unit: text(),
    per_call_minor: nullable(minor()),
    per_day_minor: nullable(minor()),
  },
);

/** A share as JSON keeps it: minor units as text. */
interface StoredShare {
  readonly identity: string;
  readonly amount: string;
  readonly refunded: string;
}

/**
 * A payment; its owner is the payer. `hold` is the pending transfer in the ledger, `signed_day` the
 * UTC day (days since 1970) whose limit it counts against, `refunds` how often was paid back,
 * `process` the purchase that the payment is a part of, which alone moves it until it is settled.
 */
export const intents = table(
  'qwallet_intent',
  { resource: 'intent' },
  {
    unit: text(),
    amount_minor: minor(),
    recipients: json<readonly StoredShare[]>(),
    purpose: nullable(sealed(text())),
    status: text(),
    expires_ms: int(),
    hold: nullable(text()),
    signed_day: nullable(int()),
    refunds: int(),
    process: nullable(text()),
  },
);

export type IntentRow = RowOf<typeof intents>;

export const migrations: readonly Migration[] = [
  {
    id: 1,
    sql: [
      createTable(accounts),
      createTable(intents),
      'CREATE INDEX qwallet_account_owner ON qwallet_account (tenant, owner, id);',
      'CREATE INDEX qwallet_intent_owner ON qwallet_intent (tenant, owner, id);',
      `CREATE INDEX qwallet_intent_day ON qwallet_intent (tenant, owner, unit, signed_day)
         WHERE signed_day IS NOT NULL;`,
    ].join('\n'),
  },
];

export const toStored = (shares: readonly Share[]): StoredShare[] =>
  shares.map(({ identity, amountMinor, refundedMinor }) => ({
    identity,
    amount: amountMinor.toString(),
    refunded: refundedMinor.toString(),
  }));

export const sharesOf = (row: Pick<IntentRow, 'recipients'>): Share[] =>
  row.recipients.map(({ identity, amount, refunded }) => ({
    identity,
    amountMinor: BigInt(amount),
    refundedMinor: BigInt(refunded),
  }));

/** A row in the words of the state machine. */
export const standing = (row: Pick<IntentRow, 'id' | 'status' | 'expires_ms'>) => ({
  id: row.id,
  // Only the state machine writes this column.
  status: row.status as IntentStatus,
  expires_ms: row.expires_ms,
});
