import { page, t } from '@anarq/common-schemas';

const HEX_DIGEST = '^[0-9a-f]{64}$';
/** 2^128 - 1 has 39 digits. */
const WHOLE = '^(0|[1-9][0-9]{0,38})$';
const PUBLIC_KEY_BYTES_MAX = 2_592;
const MEMO_BYTES_MAX = 256;
const DATA_BYTES_MAX = 60_000;
const VALIDATORS_MAX = 100;
/** A certificate with the way to it from the first validators on. */
export const PROOF_BYTES_MAX = 8_388_608;
export const BATCH_MAX = 256;
/** An entry is 64 KiB at most; in base64url, and with what stands beside it, a body has 88 KB. */
export const ENTRY_BYTES_MAX = 65_536;

const TRANSACTION_STATES = [
  'Created',
  'Signed',
  'Broadcast',
  'Validating',
  'Voting',
  'Confirming',
  'Confirmed',
  'Finalized',
  'Rejected',
  'Expired',
] as const;

export const accountId = (description = 'Digest of the first public key of an account, in hex.') =>
  t.string({ pattern: HEX_DIGEST, maxLength: 64, description });
export const transactionId = () =>
  t.string({
    pattern: HEX_DIGEST,
    maxLength: 64,
    description: 'Digest of chain, account and content, in hex; not of the signature.',
  });
export const digest = (description: string) =>
  t.string({ pattern: HEX_DIGEST, maxLength: 64, description });
/** An amount in the smallest unit of the chain. */
export const whole = (description: string) =>
  t.string({ pattern: WHOLE, maxLength: 39, description });
export const nonce = (description: string) => whole(description);
export const publicKey = () =>
  t.bytes({ maxBytes: PUBLIC_KEY_BYTES_MAX, description: 'An ML-DSA-65 public key.' });
export const proofBytes = (description: string) =>
  t.bytes({ maxBytes: PROOF_BYTES_MAX, description });
export const count = (description: string) => t.integer({ minimum: 0, description });

/** What the chain bears: it stands in every answer. */
export const FaultModel = t.named(
  'ChainFaultModel',
  t.object({
    name: t.enum(['dag-bft']),
    validators: count('How many validators the epoch has.'),
    faultsMax: count('How many of them may do anything at all without harm to what is final.'),
    description: t.string({ maxLength: 512 }),
  }),
);

export const Action = t.named(
  'ChainAction',
  t.union('kind', [
    t.object({
      kind: t.literal('register'),
      publicKey: publicKey(),
    }),
    t.object({
      kind: t.literal('transfer'),
      to: accountId(),
      amount: whole('In the smallest unit.'),
      memo: t.optional(t.bytes({ maxBytes: MEMO_BYTES_MAX })),
    }),
    t.object({
      kind: t.literal('mint'),
      to: accountId(),
      amount: whole('In the smallest unit; by the authority of the chain only.'),
    }),
    t.object({ kind: t.literal('burn'), amount: whole('In the smallest unit.') }),
    t.object({ kind: t.literal('changeKey'), publicKey: publicKey() }),
    t.object({
      kind: t.literal('setValidators'),
      publicKeys: t.array(publicKey(), {
        minItems: 1,
        maxItems: VALIDATORS_MAX,
        description: 'Validators of the next epoch; by the authority of the chain only.',
      }),
    }),
    t.object({ kind: t.literal('data'), bytes: t.bytes({ maxBytes: DATA_BYTES_MAX }) }),
  ]),
);

export const Account = t.named(
  'ChainAccount',
  t.object({
    accountId: accountId(),
    balance: whole('In the smallest unit, after the last commit that this node carried out.'),
    nonce: nonce('Every nonce up to this one is used.'),
    publicKey: t.optional(publicKey()),
    faultModel: FaultModel,
  }),
);

/** Where a transaction stands in the order of the chain. */
const Position = t.named(
  'ChainPosition',
  t.object({
    commit: count('Counts the commits of the chain from 1.'),
    index: count('Which receipt of the commit.'),
  }),
);

const transactionMembers = {
  transactionId: transactionId(),
  state: t.enum(TRANSACTION_STATES),
  account: t.optional(accountId()),
  nonce: t.optional(nonce('With the account: of several alike the first in order counts.')),
  fee: t.optional(whole('In the smallest unit.')),
  notAfter: t.optional(t.instant({ description: 'Later it is not carried out.' })),
  action: t.optional(Action),
  position: t.optional(Position),
  orderedAt: t.optional(t.instant({ description: 'The chain’s own time of its commit.' })),
  checkpoint: t.optional(count('Number of the checkpoint that covers it.')),
  rejection: t.optional(
    t.string({ maxLength: 64, description: 'Why the chain refused it, as its receipt says.' }),
  ),
  error: t.optional(
    t.string({ maxLength: 64, description: 'The same as a code of the error table.' }),
  ),
  layer: t.optional(
    t.enum(['hot', 'warm', 'cold', 'archive'], { description: 'Where it was read from.' }),
  ),
} as const;

export const TransactionItem = t.named('ChainTransaction', t.object(transactionMembers));
export const TransactionStatus = t.named(
  'ChainTransactionStatus',
  t.object({
    ...transactionMembers,
    seenAt: t.optional(
      t.map(t.instant(), {
        maxEntries: TRANSACTION_STATES.length,
        description: 'When this node saw it come to a state, by its own clock.',
      }),
    ),
    faultModel: FaultModel,
  }),
);

export const TransactionPage = t.object({
  ...page(TransactionItem).properties,
  faultModel: FaultModel,
});

/** Something to sign: nothing has happened yet. */
export const Prepared = t.named(
  'ChainPrepared',
  t.object({
    state: t.enum(['Created']),
    accountId: accountId(),
    transactionIds: t.array(transactionId(), { minItems: 1, maxItems: BATCH_MAX }),
    unsigned: t.bytes({
      maxBytes: ENTRY_BYTES_MAX,
      description: 'The entry without its signature; hand it in with one.',
    }),
    toSign: t.bytes({
      maxBytes: 32,
      description: 'What the key of the account signs with ML-DSA-65 (FIPS 204), no context.',
    }),
    notAfter: t.instant(),
    faultModel: FaultModel,
  }),
);

/** Something that a client checks by the first validators of the chain alone. */
export const Proof = t.named(
  'ChainProof',
  t.object({
    proof: proofBytes('What checkProof of @anarq/dag reads.'),
    checkpoint: count('Number of the checkpoint that it leads to.'),
    faultModel: FaultModel,
  }),
);
