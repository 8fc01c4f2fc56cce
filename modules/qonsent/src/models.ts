import { t } from '@anarq/common-schemas';

const periodLimit = (period: string) =>
  t.optional(t.decimal({ description: `All calls of one ${period} of UTC.` }));

/** A limit on spending. */
export const BudgetModel = t.named(
  'Budget',
  t.object({
    unit: t.string({ pattern: '^[A-Za-z]{2,12}$', maxLength: 12, description: 'e.g. rUv, EUR.' }),
    total: t.optional(t.decimal({ description: 'All calls together.' })),
    perCall: t.optional(t.decimal({ description: 'One call.' })),
    perMinute: periodLimit('minute'),
    perHour: periodLimit('hour'),
    perDay: periodLimit('day'),
    perMonth: periodLimit('month'),
    until: t.optional(
      t.instant({ description: 'From then on nothing more is drawn; whole seconds count.' }),
    ),
    node: t.optional(
      t.did({ description: 'The node that counts it: others spend what that one sets aside.' }),
    ),
  }),
);

const callLimit = (of: string) =>
  t.optional(t.integer({ minimum: 1, maximum: 1_000_000_000, description: of }));

/** A limit on how many calls there may be. */
export const CallLimitsModel = t.named(
  'CallLimits',
  t.object({
    total: callLimit('All together.'),
    perMinute: callLimit('In one minute of UTC.'),
    perHour: callLimit('In one hour of UTC.'),
    perDay: callLimit('In one day of UTC.'),
    perMonth: callLimit('In one month of UTC.'),
  }),
);

export const grantCommand = () =>
  t.string({
    pattern: '^(/|(/[a-z0-9-]+)+)$',
    maxLength: 256,
    description: 'UCAN command: /qdrive/get, /qdrive for all below it, / for everything.',
  });

export const resource = () =>
  t.string({
    minLength: 1,
    maxLength: 512,
    description: 'module/noun/id, exactly; e.g. qdrive/file/file_0197a….',
  });

export const operationName = () =>
  t.string({
    pattern: '^[A-Za-z][A-Za-z0-9._-]{1,127}$',
    maxLength: 128,
    description: 'Operation id or MCP tool name, exactly: qmarket.purchase.',
  });

/** A grant after it was registered, with the members of ConsentRef. */
export const IssuedModel = t.named(
  'IssuedGrant',
  t.object({
    grant: t.cid({ description: 'CID of the delegation.' }),
    policyCid: t.cid({ description: 'CID of the root delegation of its chain.' }),
    scope: t.string({ maxLength: 256, description: 'UCAN command.' }),
    exp: t.integer({ minimum: 0, description: 'Expiry, seconds since 1970; 0: never.' }),
    issuer: t.did(),
    audience: t.did(),
    subject: t.did({ description: 'Whose authority it passes on.' }),
  }),
);

export const GrantModel = t.named(
  'Grant',
  t.object({
    grant: t.cid(),
    proof: t.optional(t.cid({ description: 'The delegation that it passes on.' })),
    issuer: t.did(),
    audience: t.did(),
    subject: t.did(),
    command: t.string({ maxLength: 256 }),
    policy: t.json({
      maxBytes: 65_536,
      description: 'UCAN policy: statements that must all hold.',
    }),
    budget: t.optional(BudgetModel),
    calls: t.optional(CallLimitsModel),
    purpose: t.string({ maxLength: 256 }),
    createdAt: t.instant(),
    expiresAt: t.optional(t.instant()),
    revokedAt: t.optional(t.instant()),
    inForce: t.boolean({
      description: 'Neither it nor a delegation above it is ended or revoked.',
    }),
  }),
);

/** What one link of a grant still lets its holder spend. */
export const BudgetStateModel = t.named(
  'BudgetState',
  t.object({
    grant: t.cid({ description: 'The link that carries the budget.' }),
    unit: t.string({ maxLength: 64, description: '`call` where it counts calls.' }),
    total: t.optional(t.decimal()),
    perCall: t.optional(t.decimal()),
    spent: t.decimal(),
    reserved: t.decimal({ description: 'Held by calls that are under way.' }),
    left: t.optional(t.decimal({ description: 'Absent where there is no total.' })),
    until: t.optional(t.instant({ description: 'From then on nothing more is drawn.' })),
    countedBy: t.optional(t.did({ description: 'Another node that counts it: see allotments.' })),
    periods: t.array(
      t.object({
        period: t.enum(['minute', 'hour', 'day', 'month']),
        limit: t.decimal(),
        spent: t.decimal(),
        reserved: t.decimal(),
        left: t.decimal(),
        endsAt: t.instant({ description: 'When the period ends, and another begins.' }),
      }),
      { maxItems: 4, description: 'Limits that are counted over a period, as it stands now.' },
    ),
  }),
);

/** Somebody asks for a grant, and what came of it. */
export const GrantRequestModel = t.named(
  'AskedGrant',
  t.object({
    requestId: t.id(),
    asker: t.did({ description: 'Who asks, and would hold the grant.' }),
    from: t.did({ description: 'Who is asked, and answers.' }),
    subject: t.did({ description: 'Whose authority it is about.' }),
    command: t.string({ maxLength: 256 }),
    policy: t.json({
      maxBytes: 32_768,
      description: 'UCAN policy that the grant would have at least: statements that must all hold.',
    }),
    budget: t.optional(BudgetModel),
    calls: t.optional(CallLimitsModel),
    expiresAt: t.optional(t.instant({ description: 'When the grant would end.' })),
    reason: t.string({
      maxLength: 500,
      description: 'In the words of who asks; believe them or not.',
    }),
    state: t.enum(['OPEN', 'APPROVED', 'REFUSED', 'WITHDRAWN', 'EXPIRED']),
    askedAt: t.instant(),
    openUntil: t.instant({ description: 'After this it is not answered any more.' }),
    answeredAt: t.optional(t.instant()),
    grant: t.optional(t.cid({ description: 'What was given.' })),
    note: t.optional(t.string({ maxLength: 500 })),
  }),
);
