import { LIMITS, query, t } from '@anarq/common-schemas';

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
};
