import { page, t, unit } from '@anarq/common-schemas';
import { metadata } from '../metadataModel.ts';
import { CODE_MAX } from '../models.ts';
import { TRANSFER_RESULTS } from '../results.ts';

/** Postings of one transaction at most. */
export const POSTINGS_MAX = 100;
const ID_CHARS_MAX = 100;

export const newTransactionId = () =>
  t.string({
    minLength: 1,
    maxLength: ID_CHARS_MAX,
    pattern: '^[A-Za-z0-9][A-Za-z0-9._:-]*$',
    description: 'Chosen by the caller; its postings are the transfers <id>.1, <id>.2 …',
  });

export const code = () =>
  t.integer({ minimum: 1, maximum: CODE_MAX, description: 'Why: a number of the caller’s own.' });

export const Posting = t.named(
  'Posting',
  t.object({
    debitAccountId: t.id(),
    creditAccountId: t.id(),
    amount: t.decimal(),
    unit: unit(),
  }),
);

/**
 * What a transaction is answered besides what a posting of it is: the same again, or its id or that of
 * a posting belongs to something else.
 */
const OWN_RESULTS = ['created', 'exists', 'exists_with_different_content'] as const;

type PostingResult = Exclude<(typeof TRANSFER_RESULTS)[number], 'created' | `exists${string}`>;
export type TransactionResult = (typeof OWN_RESULTS)[number] | PostingResult;

const TRANSACTION_RESULTS: readonly [TransactionResult, ...TransactionResult[]] = [
  ...OWN_RESULTS,
  ...TRANSFER_RESULTS.filter(
    (word): word is PostingResult => word !== 'created' && !word.startsWith('exists'),
  ),
];

const postings = () => t.array(Posting, { maxItems: POSTINGS_MAX });

const outcomeMembers = {
  id: t.id(),
  result: t.enum(TRANSACTION_RESULTS, {
    description: 'All but created and exists mean that nothing of it moved.',
  }),
  posting: t.optional(
    t.integer({
      minimum: 1,
      maximum: POSTINGS_MAX,
      description: 'The first posting that was in the way; absent where none was.',
    }),
  ),
  postings: t.optional(postings()),
};

export const TransactionOutcome = t.object(outcomeMembers);

const StandingAfter = t.named(
  'StandingAfter',
  t.object({
    accountId: t.id(),
    unit: unit(),
    debitsPending: t.decimal(),
    debitsPosted: t.decimal(),
    creditsPending: t.decimal(),
    creditsPosted: t.decimal(),
  }),
);

export const TransactionPreview = t.object({
  ...outcomeMembers,
  balances: t.array(StandingAfter, {
    maxItems: POSTINGS_MAX * 2,
    description: 'How the accounts would stand that the caller may read.',
  }),
});

export const LedgerTransaction = t.named(
  'LedgerTransaction',
  t.object({
    id: t.id(),
    owner: t.did({ description: 'Who made it.' }),
    postings: postings(),
    code: code(),
    userData: t.optional(t.string({ maxLength: 256 })),
    metadata: metadata(),
    reverts: t.optional(t.id({ description: 'The transaction that this one takes back.' })),
    revertedBy: t.optional(t.id({ description: 'The transaction by which it was taken back.' })),
    createdAt: t.instant(),
  }),
);

export const TransactionPage = page(LedgerTransaction);
