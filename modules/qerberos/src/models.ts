import { t } from '@anarq/common-schemas';

/** What a call that brings a receipt may have: more would hold up everybody else while it is read. */
export const RECEIPT_BODY_BYTES_MAX = 1_048_576;
/** A receipt fits into such a call, beside a pinned key; one that is larger is refused by name. */
export const RECEIPT_BYTES_MAX = RECEIPT_BODY_BYTES_MAX - 16_384;
/** A record has 64 KiB; as JSON, where every character may be escaped, six times that. */
const BODY_BYTES_MAX = 400_000;

const recordBody = () =>
  t.json({ maxBytes: BODY_BYTES_MAX, description: 'What the record says.', sensitive: 'personal' });

export const receiptJson = () =>
  t.json({
    maxBytes: RECEIPT_BYTES_MAX,
    description: 'Receipt q.receipt.v1: record, steps, keys, inclusion proofs, signed checkpoint.',
  });

/** A record that its party may open. */
export const RecordModel = t.named(
  'LogRecord',
  t.object({
    cid: t.cid(),
    leafIndex: t.optional(
      t.integer({ minimum: 0, description: 'Place in the signed tree, once it has one.' }),
    ),
    at: t.instant(),
    op: t.string({ maxLength: 512 }),
    code: t.string({ maxLength: 512 }),
    actor: t.optional(t.did()),
    subject: t.optional(t.did()),
    body: recordBody(),
  }),
);

/** A tree as its log signed it last. */
export const CheckpointModel = t.named(
  'Checkpoint',
  t.object({
    origin: t.string({ maxLength: 255, description: 'Name of the log.' }),
    size: t.integer({ minimum: 0, description: 'Leaves.' }),
    rootHashHex: t.string({ maxLength: 64, pattern: '^[0-9a-f]{64}$' }),
    note: t.string({
      maxLength: 16_384,
      description: 'C2SP signed note with an Ed25519 and an ML-DSA-44 signature.',
    }),
    vkeys: t.object({
      ed25519: t.string({ maxLength: 4_096 }),
      mldsa44: t.string({ maxLength: 4_096 }),
    }),
  }),
);

/** Hashes of a proof, from the leaf's side up. */
export const proof = () => t.array(t.bytes({ maxBytes: 32 }), { maxItems: 64 });

const sentences = (maxItems: number) => t.array(t.string({ maxLength: 1_024 }), { maxItems });

/** What a receipt turned out to be. */
export const VerdictModel = t.named(
  'ReceiptVerdict',
  t.object({
    ok: t.boolean(),
    signer: t.enum(['trusted', 'not trusted']),
    postQuantumKey: t.enum(['pinned', 'carried in the receipt']),
    origin: t.optional(t.string({ maxLength: 255 })),
    size: t.optional(t.integer({ minimum: 0 })),
    rootHashHex: t.optional(t.string({ maxLength: 64 })),
    signedAt: t.optional(t.string({ maxLength: 64 })),
    at: t.optional(t.string({ maxLength: 512 })),
    others: t.optional(
      t.array(
        t.object({
          origin: t.string({ maxLength: 255 }),
          size: t.integer({ minimum: 0 }),
          rootHashHex: t.string({ maxLength: 64 }),
          signedAt: t.string({ maxLength: 64 }),
          records: t.integer({ minimum: 0 }),
        }),
        { maxItems: 16, description: 'Trees of other processes of the node.' },
      ),
    ),
    records: t.array(
      t.object({
        cid: t.cid(),
        origin: t.optional(
          t.string({ maxLength: 255, description: 'Of a record in one of the other trees.' }),
        ),
        leafIndex: t.integer({ minimum: 0 }),
        body: t.optional(recordBody()),
      }),
      { maxItems: 256 },
    ),
    problems: sentences(1_000),
    proves: sentences(32),
    doesNotProve: sentences(16),
  }),
);
