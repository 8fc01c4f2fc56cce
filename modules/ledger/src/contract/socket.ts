import { command, process, query, t, unit } from '@anarq/common-schemas';
import { BATCH_EVENTS_MAX } from '@anarq/ledger-engine/words';

/** Batches and questions of one identity in a minute: a thousand a second. */
const PER_MINUTE = 60_000;

/** Names bytes that a connection brought, for as long as they wait for their call. */
const ticket = () => t.string({ pattern: '^[A-Za-z0-9_-]{43}$', maxLength: 43 });
const TICKET = 'A'.repeat(43);

/** What a connection of the ledger's socket calls: the bytes themselves come over the socket alone. */
export const socketOperations = {
  openConnection: command({
    summary: 'Open a connection of the ledger’s socket, for the batches that follow.',
    http: 'POST /connections',
    mcp: false,
    scope: 'ledger/create-transfers',
    signature: 'full',
    input: t.object({}),
    output: t.object({
      tenant: t.string({ maxLength: 128, description: 'Keys are made of it and a name.' }),
      subject: t.did(),
    }),
    examples: [{ summary: 'For oneself', input: {} }],
  }),
  createBatch: process({
    summary: 'Carry out a batch of transfers that came over the ledger’s socket.',
    http: 'POST /batches',
    mcp: false,
    scope: 'ledger/create-transfers',
    signature: 'full',
    authorises: { amount: 'maxAmount', unit: 'unit' },
    limits: { perMinute: PER_MINUTE },
    input: t.object({
      batch: ticket(),
      sha256: t.string({ pattern: '^[0-9a-f]{64}$', maxLength: 64 }),
      transfers: t.integer({ minimum: 0, maximum: BATCH_EVENTS_MAX }),
      fromPage: t.integer({
        minimum: 0,
        description: 'Pages that the log of the books had when it came: it lies behind them.',
      }),
      maxAmount: t.optional(
        t.decimal({
          description: 'What all of them move; absent where they are in several units.',
        }),
      ),
      unit: t.optional(unit()),
    }),
    output: t.object({
      created: t.integer({ minimum: 0, maximum: BATCH_EVENTS_MAX }),
      page: t.integer({ minimum: 0, description: 'Of the log, in which the batch begins.' }),
    }),
    errors: ['AMOUNT_INVALID', 'CANCELLED'],
    examples: [
      {
        summary: 'A thousand transfers of 25 EUR together',
        input: {
          batch: TICKET,
          sha256: '00'.repeat(32),
          transfers: 1_000,
          fromPage: 17,
          maxAmount: '25',
          unit: 'EUR',
        },
      },
    ],
  }),
  lookUp: query({
    summary: 'Answer a question that came over the ledger’s socket.',
    http: 'POST /questions',
    mcp: false,
    scope: 'ledger/read',
    limits: { perMinute: PER_MINUTE },
    input: t.object({ question: ticket() }),
    output: t.object({ records: t.integer({ minimum: 0, maximum: BATCH_EVENTS_MAX }) }),
    errors: ['CANCELLED'],
    examples: [{ summary: 'A question', input: { question: TICKET } }],
  }),
} as const;
