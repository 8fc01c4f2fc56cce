import { query, t, unit } from '@anarq/common-schemas';
import { asOf, EVENTS_MAX, NewTransfer, TransferOutcomes } from '../models.ts';
import { IMPORTED_TRANSFER_RESULTS } from '../results.ts';

/** Accounts, and transfers that come out otherwise, in one answer. */
export const TOLD_MAX = 1_000;

const FourBalances = t.named(
  'FourBalances',
  t.object({
    debitsPending: t.decimal(),
    debitsPosted: t.decimal(),
    creditsPending: t.decimal(),
    creditsPosted: t.decimal(),
  }),
);

const changed = (description: string) =>
  t.array(t.object({ transferId: t.id(), result: t.enum(IMPORTED_TRANSFER_RESULTS) }), {
    maxItems: TOLD_MAX,
    description,
  });

const sequence = (description: string) => t.integer({ minimum: 0, description });

/** What would be, had something else happened. */
export const whatIfOperations = {
  whatIf: query({
    summary: 'What would be, had transfers been made now or in the past; nothing of it is kept.',
    http: 'POST /what-if',
    scope: 'ledger/read',
    input: t.object({
      transfers: t.array(NewTransfer, { minItems: 1, maxItems: EVENTS_MAX }),
      sequence: t.optional(
        sequence('Fork the books after at most so many of their transfers, before a whole call.'),
      ),
      asOf: t.optional(asOf()),
      replay: t.optional(
        t.boolean({
          description:
            'Go on with all that came after the fork, and compare with the books as they are now.',
        }),
      ),
    }),
    output: t.object({
      ...TransferOutcomes.properties,
      sequence: sequence('Transfers of the books before the fork, refused ones too.'),
      forkedAt: t.optional(
        t.instant({ description: 'When the last of what is before it was; absent before all.' }),
      ),
      balances: t.array(
        t.object({
          accountId: t.id(),
          unit: unit(),
          inBooks: FourBalances,
          inFork: FourBalances,
        }),
        {
          maxItems: TOLD_MAX,
          description: 'The accounts that stand otherwise, and that the caller may read.',
        },
      ),
      refused: changed('Transfers that were made, and would have been refused after these.'),
      accepted: changed('Transfers that were refused with this result, and would have been made.'),
      isComplete: t.boolean({ description: `Whether no more than ${TOLD_MAX} of each differ.` }),
    }),
    errors: ['AMOUNT_INVALID', 'LIMIT_EXCEEDED'],
    examples: [
      {
        summary: 'Had the till paid the shop first, at the end of a year',
        input: {
          transfers: [
            {
              id: 'first',
              debitAccountId: 'till',
              creditAccountId: 'shop',
              amount: '10',
              unit: 'EUR',
              code: 1,
            },
          ],
          asOf: '2025-12-31T23:59:59.999Z',
          replay: true,
        },
      },
    ],
  }),
};
