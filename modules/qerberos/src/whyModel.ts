import { t } from '@anarq/common-schemas';

const text = (maxLength: number) => t.string({ maxLength });
const amount = () => t.object({ amount: t.decimal(), unit: text(64) });
const latency = () =>
  t.optional(
    t.object(
      {
        admit_us: t.integer({ minimum: 0, description: 'Until it was admitted, in microseconds.' }),
        handle_us: t.integer({ minimum: 0, description: 'From then on until it was recorded.' }),
      },
      { description: 'Absent where it went on after a restart, or was recorded later.' },
    ),
  );
const standing = () => t.object({ spent: t.decimal(), reserved: t.decimal() });

/** How a budget stood before and after what is explained. */
const DrawnModel = t.named(
  'Drawn',
  t.object({
    counts: t.enum(['amount', 'calls', 'allotment']),
    unit: text(64),
    total: t.optional(t.decimal()),
    before: standing(),
    after: standing(),
  }),
);

const WhyLinkModel = t.named(
  'WhyLink',
  t.object({
    grant: t.cid(),
    issuer: t.optional(t.did({ description: 'Absent with what follows for a link of others.' })),
    audience: t.optional(t.did()),
    command: t.optional(text(256)),
    policy: t.optional(t.json({ maxBytes: 65_536 })),
    purpose: t.optional(text(256)),
    inForce: t.optional(t.boolean({ description: 'Whether it still is.' })),
    budgets: t.array(DrawnModel, { maxItems: 3 }),
  }),
);

/** One record that belongs to what is explained; sealed for the caller where only its CID is there. */
const WhyStepModel = t.named(
  'WhyStep',
  t.object({
    record: t.cid(),
    kind: t.optional(text(32)),
    at: t.optional(t.instant()),
    op: t.optional(text(128)),
    code: t.optional(text(64)),
    cost: t.optional(amount()),
    latency: latency(),
  }),
);

/** Why something happened, or did not. */
export const WhyAnswerModel = t.named(
  'WhyAnswer',
  t.object({
    record: t.cid(),
    kind: text(32),
    at: t.instant(),
    op: text(128),
    code: text(64),
    outcome: t.optional(
      t.string({ maxLength: 64, description: 'Of a process that was admitted: how it ended.' }),
    ),
    surface: t.optional(text(32)),
    actor: t.did({ description: 'Who did it.' }),
    signedBy: text(32),
    subject: t.optional(t.did({ description: 'For whom.' })),
    resource: t.optional(text(512)),
    rule: text(4_096),
    limit: t.map(text(1_024)),
    changeableBy: t.optional(t.did({ description: 'Who can give more or less.' })),
    ceiling: t.optional(amount()),
    cost: t.optional(amount()),
    note: t.optional(text(4_096)),
    latency: latency(),
    chains: t.array(t.array(WhyLinkModel, { maxItems: 8 }), {
      maxItems: 16,
      description: 'The grants behind it, each with those above it, the last given first.',
    }),
    steps: t.array(WhyStepModel, { maxItems: 256 }),
  }),
);
