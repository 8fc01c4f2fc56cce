import { t } from './dialect.ts';

/** Models that several modules share, with the member names of the module specification. */
export const IdentityRef = t.named(
  'IdentityRef',
  t.object({
    squidId: t.did({ description: 'The identity.' }),
    subId: t.optional(t.did({ description: 'The sub-identity that acted.' })),
    daoId: t.optional(t.did({ description: 'The community on whose behalf.' })),
  }),
);

export const ConsentRef = t.named(
  'ConsentRef',
  t.object({
    policyCid: t.cid({ description: 'CID of the root delegation of the chain.' }),
    scope: t.string({ maxLength: 256, description: 'UCAN command, e.g. /qdrive/get.' }),
    grant: t.cid({ description: 'CID of the leaf delegation.' }),
    exp: t.integer({ minimum: 0, description: 'Expiry, seconds since 1970; 0: never.' }),
  }),
);

export const LockSig = t.named(
  'LockSig',
  t.object({
    alg: t.enum(['Ed25519+ML-DSA-65', 'Ed25519', 'ML-DSA-65']),
    pub: t.string({ maxLength: 8_192, description: 'Multikey of the signer, or several with +.' }),
    sig: t.bytes({ maxBytes: 8_192 }),
    ts: t.integer({ minimum: 0, description: 'Milliseconds since 1970.' }),
    nonce: t.bytes({ maxBytes: 64 }),
  }),
);

export const IndexRecord = t.named(
  'IndexRecord',
  t.object({
    type: t.string({ maxLength: 64 }),
    key: t.string({ maxLength: 512 }),
    cid: t.cid(),
    version: t.integer({ minimum: 1 }),
    prevCid: t.optional(t.cid()),
    tags: t.array(t.string({ maxLength: 64 }), { maxItems: 32 }),
    createdAt: t.instant(),
  }),
);

export const AuditEvent = t.named(
  'AuditEvent',
  t.object({
    type: t.string({ maxLength: 128 }),
    ref: t.string({ maxLength: 512 }),
    actor: IdentityRef,
    layer: t.string({ maxLength: 64 }),
    verdict: t.enum(['ALLOW', 'DENY', 'WARN']),
    details: t.json(),
    cid: t.optional(t.cid()),
  }),
);

export const MaskRule = t.named(
  'MaskRule',
  t.object({
    field: t.string({ maxLength: 256 }),
    action: t.enum(['KEEP', 'REMOVE', 'GENERALISE', 'PSEUDONYMISE', 'NOISE']),
    parameters: t.optional(t.json()),
  }),
);

export const MaskProfile = t.named(
  'MaskProfile',
  t.object({
    name: t.string({ minLength: 1, maxLength: 128 }),
    rules: t.array(MaskRule, { maxItems: 256 }),
    defaults: t.json(),
    version: t.string({ maxLength: 32 }),
  }),
);

/** The reason behind a verdict; see `Why`. */
export const WhySchema = t.named(
  'Why',
  t.object({
    grant: t.optional(t.cid()),
    rule: t.string(),
    limit: t.optional(t.map(t.string())),
    changeableBy: t.optional(t.did()),
    chain: t.optional(t.array(t.cid(), { maxItems: 8 })),
  }),
);

/** An amount of money or of another metered unit. */
export const Amount = t.named(
  'Amount',
  t.object({
    amount: t.decimal({ description: 'Decimal string in whole units, e.g. "3.50".' }),
    unit: t.string({ pattern: '^[A-Za-z]{2,12}$', maxLength: 12, description: 'e.g. rUv, EUR.' }),
  }),
);

/** The unit of an amount. */
export const unit = () =>
  t.string({ pattern: '^[A-Za-z]{2,12}$', maxLength: 12, description: 'Unit, e.g. rUv or EUR.' });
