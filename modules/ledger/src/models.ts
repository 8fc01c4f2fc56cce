import { page, t, unit } from '@anarq/common-schemas';

import { metadata } from './metadataModel.ts';
import { ACCOUNT_FLAGS, ACCOUNT_STATES, TRANSFER_FLAGS, TRANSFER_STATES } from './flags.ts';
import { ACCOUNT_RESULTS, TRANSFER_RESULTS } from './results.ts';

/** Accounts, and transfers, of one call at most. */
export const EVENTS_MAX = 100;
/** Ten years: a pending transfer ends at the latest then. */
const TIMEOUT_S_MAX = 315_360_000;
export const CODE_MAX = 65_535;

type Names<T> = [Extract<keyof T, string>, ...Extract<keyof T, string>[]];
// The keys of a flag table are its names, and there is at least one.
export const namesOf = <T extends object>(flags: T) => Object.keys(flags) as Names<T>;

const code = () =>
  t.integer({ minimum: 1, maximum: CODE_MAX, description: 'Why: a number of the caller’s own.' });
const userData = () =>
  t.string({ maxLength: 256, description: 'A reference of the caller’s own.' });

/** On which side of a transfer the account stands. */
export const side = () => t.optional(t.enum(['debits', 'credits', 'both']));

/** What narrows a list, beside its own members. */
export const narrowed = {
  code: t.optional(code()),
  from: t.optional(
    t.instant({ description: 'The first instant; exact with more than three digits.' }),
  ),
  to: t.optional(
    t.instant({ description: 'The last instant, to the end of its millisecond; likewise.' }),
  ),
  userData: t.optional(userData()),
  newestFirst: t.optional(t.boolean()),
};

/** An instant of the past, at whose end something is asked for. */
export const asOf = () =>
  t.instant({
    description:
      'An instant of the past, with all that happened in it; to the millisecond, or exact with more digits.',
  });

const timestamp = () =>
  t.int64({
    description: 'createdAt in nanoseconds since 1970: the order of what is of one millisecond.',
  });

export const accountMembers = {
  id: t.id({ description: 'Chosen by the caller, unique within the tenant.' }),
  unit: unit(),
  code: code(),
  flags: t.array(t.enum(namesOf(ACCOUNT_FLAGS)), {
    maxItems: 4,
    description: 'Limits that the account never breaks, and whether its history is kept.',
  }),
  userData: t.optional(userData()),
  holder: t.optional(
    t.did({
      description: 'Whose money it is, where the owner keeps it for them: may read, never move it.',
    }),
  ),
};

export const NewAccount = t.named('NewAccount', t.object(accountMembers));

export const LedgerAccount = t.named(
  'LedgerAccount',
  t.object({
    ...accountMembers,
    flags: t.array(t.enum(namesOf(ACCOUNT_STATES)), { maxItems: 6 }),
    owner: t.did(),
    debitsPending: t.decimal({ description: 'Held: promised to others, not yet moved.' }),
    debitsPosted: t.decimal(),
    creditsPending: t.decimal({ description: 'Promised by others, not yet here.' }),
    creditsPosted: t.decimal(),
    metadata: t.optional(metadata()),
    createdAt: t.instant(),
    timestamp: timestamp(),
  }),
);

export const transferMembers = {
  id: t.id({ description: 'Chosen by the caller: the same id is never carried out twice.' }),
  debitAccountId: t.optional(t.id()),
  creditAccountId: t.optional(t.id()),
  amount: t.optional(
    t.decimal({ description: 'Absent in a post or void: all of the pending transfer.' }),
  ),
  unit: t.optional(unit()),
  code: t.optional(code()),
  pendingId: t.optional(t.id({ description: 'The pending transfer to post or void.' })),
  timeout_s: t.optional(
    t.integer({
      minimum: 0,
      maximum: TIMEOUT_S_MAX,
      description: 'Seconds after which a pending transfer frees its money; 0: never.',
    }),
  ),
  flags: t.optional(t.array(t.enum(namesOf(TRANSFER_FLAGS)), { maxItems: 8 })),
  userData: t.optional(userData()),
};

export const NewTransfer = t.named('NewTransfer', t.object(transferMembers));

export const LedgerTransfer = t.named(
  'LedgerTransfer',
  t.object({
    id: t.id(),
    debitAccountId: t.id(),
    creditAccountId: t.id(),
    amount: t.decimal(),
    unit: unit(),
    code: code(),
    flags: t.array(t.enum(namesOf(TRANSFER_STATES)), { maxItems: 9 }),
    pendingId: t.optional(t.id()),
    userData: t.optional(userData()),
    phase: t.enum(['none', 'pending', 'posted', 'voided', 'expired']),
    expiresAt: t.optional(t.instant()),
    createdAt: t.instant(),
    timestamp: timestamp(),
  }),
);

export const AccountOutcomes = t.object({
  results: t.array(t.object({ id: t.id(), result: t.enum(ACCOUNT_RESULTS) }), {
    maxItems: EVENTS_MAX,
  }),
});

export const TransferOutcomes = t.object({
  results: t.array(t.object({ id: t.id(), result: t.enum(TRANSFER_RESULTS) }), {
    maxItems: EVENTS_MAX,
    description: 'One a transfer, in order; all but created and exists mean that nothing moved.',
  }),
});

const BalanceEntry = t.named(
  'BalanceEntry',
  t.object({
    transferId: t.id(),
    debitsPending: t.decimal(),
    debitsPosted: t.decimal(),
    creditsPending: t.decimal(),
    creditsPosted: t.decimal(),
    at: t.instant(),
  }),
);

export const Book = t.named(
  'Book',
  t.object({
    unit: unit(),
    accounts: t.integer({ minimum: 0 }),
    debits: t.decimal({ description: 'All that was ever debited, posted.' }),
    credits: t.decimal({ description: 'All that was ever credited, posted.' }),
    sum: t.decimal({ description: 'Debits less credits, pending and posted: always 0.' }),
    pending: t.decimal({ description: 'Held by transfers that nobody has resolved yet.' }),
  }),
);

const ORDERS = ['local', 'jetstream', 'dag-bft'] as const;
const words = () => t.string({ maxLength: 300 });

export const BooksOrder = t.named(
  'BooksOrder',
  t.object(
    {
      name: t.enum(ORDERS),
      bears: words(),
      bearsNot: words(),
    },
    { description: 'Who orders the batches of the books, and what an answer is worth by that.' },
  ),
);

export const AccountPage = page(LedgerAccount);
export const TransferPage = page(LedgerTransfer);
export const BalancePage = page(BalanceEntry);
