import { process, query, t } from '@anarq/common-schemas';
import { IMPORTED_ACCOUNT_FLAGS } from '../flags.ts';
import { accountMembers, asOf, EVENTS_MAX, namesOf, transferMembers } from '../models.ts';
import { IMPORTED_ACCOUNT_RESULTS, IMPORTED_TRANSFER_RESULTS } from '../results.ts';

const timestamp = () =>
  t.int64({
    description: 'When it happened, in nanoseconds since 1970; each later than the last.',
  });

const ImportedAccount = t.named(
  'ImportedAccount',
  t.object({
    ...accountMembers,
    flags: t.array(t.enum(namesOf(IMPORTED_ACCOUNT_FLAGS)), { maxItems: 5 }),
    owner: t.optional(t.did({ description: 'Absent where a module of the node owns it.' })),
    ownerModule: t.optional(
      t.string({
        maxLength: 64,
        description: 'The module that owns it, by its name: on any node.',
      }),
    ),
    timestamp: timestamp(),
  }),
);

const ImportedTransfer = t.named(
  'ImportedTransfer',
  t.object({
    ...transferMembers,
    timestamp: timestamp(),
    expiresAt: t.optional(
      t.instant({
        description:
          'When it was to free its money. What is imported has no such time: void it yourself then.',
      }),
    ),
  }),
);

const accounts = () => t.array(ImportedAccount, { maxItems: EVENTS_MAX });
const transfers = () => t.array(ImportedTransfer, { maxItems: EVENTS_MAX });

/** Books from one node to another. */
export const transport = {
  exportBooks: query({
    summary:
      'All accounts, then all transfers until an instant, as importBooks takes them; for the operator.',
    http: 'GET /export',
    resource: 'node',
    scope: 'ledger/export-books',
    input: t.object({
      asOf: t.optional(asOf()),
      limit: t.optional(t.integer({ minimum: 1, maximum: EVENTS_MAX })),
      cursor: t.optional(t.cursor()),
    }),
    output: t.object({
      accounts: accounts(),
      transfers: transfers(),
      next: t.optional(t.cursor({ description: 'Pass as cursor to read the next page.' })),
    }),
    errors: ['STATE_CONFLICT'],
    examples: [{ summary: 'From the start', input: {} }],
  }),
  importBooks: process({
    summary: 'Make accounts and transfers of elsewhere at their own times; for the operator.',
    http: 'POST /import',
    resource: 'node',
    scope: 'ledger/import-books',
    signature: 'full',
    input: t.object({ accounts: accounts(), transfers: transfers() }),
    output: t.object({
      accounts: t.array(t.object({ id: t.id(), result: t.enum(IMPORTED_ACCOUNT_RESULTS) }), {
        maxItems: EVENTS_MAX,
      }),
      transfers: t.array(t.object({ id: t.id(), result: t.enum(IMPORTED_TRANSFER_RESULTS) }), {
        maxItems: EVENTS_MAX,
      }),
    }),
    errors: ['AMOUNT_INVALID', 'STATE_CONFLICT'],
    limits: { bodyBytes: 524_288 },
    examples: [
      {
        summary: 'An account of elsewhere',
        input: {
          accounts: [
            {
              id: 'till-of-old',
              unit: 'EUR',
              code: 1,
              flags: [],
              owner: 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK',
              timestamp: '1700000000000000000',
            },
          ],
          transfers: [],
        },
      },
    ],
  }),
};
