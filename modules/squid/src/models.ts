import { t } from '@anarq/common-schemas';

/** Words that several operations of sQuid share. */
export const kind = () =>
  t.enum(['person', 'organisation', 'agent', 'module', 'node'], {
    description: 'What the identity stands for.',
  });

export const displayName = () =>
  t.string({
    minLength: 1,
    maxLength: 128,
    sensitive: 'personal',
    description: 'A name for people to read; sealed at rest.',
  });

/** A genesis document has about 12,000 bytes; the limit leaves room for spacing. */
export const genesisDocument = () =>
  t.json({
    maxBytes: 32_768,
    description:
      'Genesis document (did:squid): public keys and the proof that their owner made it.',
  });

/** Where private keys are kept. */
export const custody = () =>
  t.enum(['self', 'node'], {
    description: 'self: the owner holds the private keys; node: they are sealed on this node.',
  });

export const status = () => t.enum(['active', 'suspended']);

export const who = () =>
  t.string({
    minLength: 1,
    maxLength: 440,
    sensitive: 'personal',
    description: 'Its DID, or the name of an agent or organisation of the tenant.',
  });

export const role = () =>
  t.enum(['admin', 'member'], {
    description: 'admin: everything; member: the ordinary operations listed in the README.',
  });

/** Public keys as Multikeys (W3C Controlled Identifiers 1.0). */
const PublicKeysModel = t.named(
  'PublicKeys',
  t.object({
    ed25519: t.string({ maxLength: 64 }),
    mldsa65: t.string({ maxLength: 3_072 }),
    x25519: t.string({ maxLength: 64 }),
    mlkem768: t.string({ maxLength: 2_048 }),
  }),
);

/** An identity as somebody of its tenant may see it. */
export const IdentityModel = t.named(
  'Identity',
  t.object({
    did: t.did(),
    kind: kind(),
    status: status(),
    keys: PublicKeysModel,
    createdAt: t.instant(),
    name: t.optional(displayName()),
    controller: t.optional(t.did({ description: 'Who administers it.' })),
    parent: t.optional(t.did({ description: 'The identity that this is a sub-identity of.' })),
    custody: t.optional(custody()),
    document: t.optional(genesisDocument()),
  }),
);

/** What a call that makes an identity answers with. */
export const CreatedModel = t.named(
  'CreatedIdentity',
  t.object({
    did: t.did(),
    kind: kind(),
    custody: custody(),
    controller: t.did(),
    document: genesisDocument(),
  }),
);

/** What one link of a grant lets its holder still spend. */
const BudgetLeftModel = t.named(
  'BudgetLeft',
  t.object({
    grant: t.cid({ description: 'The link that carries the budget.' }),
    unit: t.string({ maxLength: 64 }),
    total: t.optional(t.decimal()),
    perCall: t.optional(t.decimal()),
    spent: t.decimal(),
    reserved: t.decimal({ description: 'Held by calls that are under way.' }),
    left: t.optional(t.decimal({ description: 'Absent where there is no total.' })),
  }),
);

export const HeldGrantModel = t.named(
  'HeldGrant',
  t.object({
    grant: t.cid(),
    subject: t.did({ description: 'On whose behalf it lets the caller act.' }),
    command: t.string({ maxLength: 256 }),
    purpose: t.string({ maxLength: 256 }),
    expiresAt: t.optional(t.instant()),
    budgets: t.array(BudgetLeftModel, { maxItems: 8 }),
  }),
);

export const MemberModel = t.named(
  'Member',
  t.object({
    member: t.did(),
    role: role(),
    grant: t.cid({ description: 'The delegation from the organisation.' }),
    since: t.instant(),
    inForce: t.boolean({ description: 'False once the delegation was revoked or has ended.' }),
  }),
);

const LISTED_MAX = 200;

const stoppedProcesses = () =>
  t.array(
    t.object({
      processId: t.id(),
      operation: t.string({ maxLength: 128 }),
      kind: t.enum(['process', 'job', 'event', 'schedule']),
      record: t.cid({ description: 'The record of its admission.' }),
    }),
    { maxItems: LISTED_MAX },
  );

/** What a stop ended, and what was done before it and stays. */
export const StoppedModel = t.named(
  'Stopped',
  t.object({
    did: t.did(),
    status: status(),
    stopped: t.object({
      sessions: t.integer({ minimum: 0 }),
      tokens: t.integer({ minimum: 0 }),
      processes: t.integer({ minimum: 0, description: 'Jobs and waiting ones among them.' }),
      list: stoppedProcesses(),
    }),
    needAttention: stoppedProcesses(),
    settled: t.object({
      since: t.instant(),
      more: t.boolean({ description: 'There is more than was looked through.' }),
      list: t.array(
        t.object({
          record: t.cid(),
          operation: t.string({ maxLength: 512 }),
          at: t.instant(),
          cost: t.optional(t.object({ amount: t.decimal(), unit: t.string({ maxLength: 12 }) })),
        }),
        { maxItems: LISTED_MAX },
      ),
    }),
  }),
);
