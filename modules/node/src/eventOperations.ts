import { command, LIMITS, query, t } from '@anarq/common-schemas';

const topic = () =>
  t.string({
    maxLength: 200,
    pattern: '^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*(\\.\\*)?$',
    description: "A topic, 'q.qmarket.sold.v1', or all below one: 'q.qmarket.*'.",
  });

/** An event as a CloudEvent 1.0 in structured JSON. */
const EventModel = t.named(
  'Event',
  t.object({
    specversion: t.enum(['1.0']),
    id: t.string({ minLength: 1, maxLength: 128 }),
    source: t.string({ minLength: 1, maxLength: 128 }),
    type: t.string({ minLength: 1, maxLength: 200 }),
    subject: t.optional(t.string({ minLength: 1, maxLength: 512 })),
    time: t.instant(),
    datacontenttype: t.enum(['application/json']),
    dataschema: t.string({ minLength: 1, maxLength: 512 }),
    data: t.json({ maxBytes: 262_144 }),
    qtenant: t.string({ maxLength: 128 }),
    record: t.optional(t.cid({ description: 'CID of the record of the call that emitted it.' })),
    traceparent: t.optional(t.string({ maxLength: 64 })),
    seq: t.integer({ minimum: 1, description: 'Its number on the node; ascends, with gaps.' }),
  }),
);

const consumerName = () =>
  t.string({ minLength: 1, maxLength: 128, pattern: '^[A-Za-z0-9._:/-]+$' });
const eventId = () => t.string({ minLength: 1, maxLength: 128 });

/** The operations about events. */
export const eventOperations = {
  readEvents: query({
    summary: 'Read what happened, oldest first, as far as the caller may see it.',
    http: 'GET /events',
    mcp: { tool: 'node.events', destructive: false },
    access: 'proved',
    scope: 'node/events',
    limits: { perMinute: 1_200 },
    input: t.object({
      topics: t.optional(t.array(topic(), { minItems: 1, maxItems: 100 })),
      after: t.optional(
        t.cursor({
          description: 'Where to go on: `next` of a page, or the id of a streamed event.',
        }),
      ),
      subject: t.optional(
        t.string({ minLength: 1, maxLength: 512, description: 'Only what is about this.' }),
      ),
      limit: t.optional(
        t.integer({
          minimum: 1,
          maximum: LIMITS.page_items,
          description: 'At most 200; default 50.',
        }),
      ),
      all: t.optional(
        t.boolean({
          description: 'Every event of the tenant: for the owner of the node, and whom it let.',
        }),
      ),
    }),
    output: t.object({
      items: t.array(EventModel, { maxItems: LIMITS.page_items }),
      next: t.cursor({ description: 'Pass as after: goes on from here, also later.' }),
      more: t.boolean({ description: 'Whether there is more to look through already.' }),
    }),
    examples: [{ summary: 'What was sold', input: { topics: ['q.qmarket.sold.v1'] } }],
  }),
  eventTicket: query({
    summary:
      'Get a ticket for /events?ticket=… or /ws?ticket=…, for a browser, which can send no credential there: good for half a minute and one connection, which reads what the caller may see.',
    http: 'GET /events/ticket',
    access: 'proved',
    scope: 'node/events',
    input: t.object({}),
    output: t.object({
      ticket: t.string({
        minLength: 1,
        maxLength: 128,
        description: 'Whoever has it may use it: it is not to be kept or logged.',
      }),
      expiresAt: t.instant(),
    }),
    examples: [{ summary: 'For a page', input: {} }],
  }),
  consumers: query({
    summary: 'Who reads events with a place of its own, and how far each is.',
    http: 'GET /consumers',
    resource: 'node',
    scope: 'node/consumers',
    input: t.object({}),
    output: t.object({
      items: t.array(
        t.object({
          consumer: consumerName(),
          seq: t.integer({ minimum: 0, description: 'Number of the last event that it passed.' }),
          behind: t.integer({ minimum: 0, description: 'Numbers between that and the newest.' }),
          deadLetters: t.integer({ minimum: 0 }),
          isRunning: t.boolean(),
          updatedAt: t.instant(),
        }),
      ),
    }),
    examples: [{ summary: 'All of them', input: {} }],
  }),
  deadLetters: query({
    summary: 'The events that a consumer failed on until they were set aside.',
    http: 'GET /deadLetters',
    resource: 'node',
    scope: 'node/deadLetters',
    input: t.object({ consumer: consumerName() }),
    output: t.object({
      items: t.array(
        t.object({
          eventId: eventId(),
          seq: t.integer({ minimum: 1 }),
          reason: t.string({ maxLength: 1_000 }),
          at: t.instant(),
        }),
        { maxItems: LIMITS.page_items },
      ),
    }),
    examples: [{ summary: 'Of one consumer', input: { consumer: 'qindex/listings' } }],
  }),
  retryDeadLetter: command({
    summary: 'Hand an event that was set aside to its consumer again.',
    http: 'POST /deadLetters/retry',
    resource: 'node',
    scope: 'node/retryDeadLetter',
    input: t.object({ consumer: consumerName(), eventId: eventId() }),
    output: t.object({
      taken: t.boolean({ description: 'false: it failed again, and stays with the new reason.' }),
    }),
    errors: ['STATE_CONFLICT'],
    examples: [{ summary: 'Once more', input: { consumer: 'qindex/listings', eventId: 'bafy.0' } }],
  }),
};
