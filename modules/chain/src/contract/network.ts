import { query, t } from '@anarq/common-schemas';
import { count, digest, FaultModel, proofBytes, whole } from '../models.ts';

const PEERS_MAX = 1_000;
const VALIDATORS_MAX = 100;
const GAPS_MAX = 1_000;
const publicKeyHex = () => t.string({ pattern: '^[0-9a-f]{1,5184}$', maxLength: 5_184 });

const Layer = t.named(
  'ChainLayer',
  t.object({
    segments: count('Files of history.'),
    transactions: count('Transactions in them.'),
    bytes: count('Bytes of these files, without signatures.'),
  }),
);

/** How the network is. */
export const networkOperations = {
  status: query({
    summary: 'How the chain stands here: epoch, validators, what is carried out and what is final.',
    http: 'GET /network/status',
    access: 'tenant',
    scope: 'chain/read',
    input: t.object({}),
    output: t.object({
      chainId: digest('Digest of how the chain begins.'),
      epoch: count('Counts epochs from 0.'),
      round: count('The latest round of which a block is here.'),
      commits: count('Commits that are carried out.'),
      checkpoint: count('Number of the last checkpoint.'),
      stateRoot: digest('After the last commit.'),
      finalized: t.object({
        checkpoint: count('The last one with a certificate that this node saw.'),
        stateRoot: t.optional(digest('As it is certified.')),
        time: t.optional(t.instant({ description: 'The chain’s own time of it.' })),
      }),
      validators: t.array(publicKeyHex(), { maxItems: VALIDATORS_MAX }),
      publicKey: t.optional(publicKeyHex()),
      isValidator: t.boolean({ description: 'Whether this node is one in this epoch.' }),
      stopped: t.optional(
        t.string({ maxLength: 1_024, description: 'Why this node says nothing any more.' }),
      ),
      faultModel: FaultModel,
    }),
    errors: ['DEPENDENCY_MISSING'],
    examples: [{ summary: 'Now', input: {} }],
  }),
  peers: query({
    summary: 'Who is connected to this node, and how they behave.',
    http: 'GET /network/peers',
    access: 'tenant',
    scope: 'chain/read',
    input: t.object({}),
    output: t.object({
      peers: t.array(
        t.named(
          'ChainPeer',
          t.object({
            publicKey: publicKeyHex(),
            role: t.enum(['validator', 'follower']),
            isConnected: t.boolean(),
            score: t.number({ description: 'Falls with what a peer does wrong.' }),
            bannedUntil: t.optional(t.instant()),
            queuedBytes: count('What waits to be sent to it.'),
            sentBytes: count('Since the node started.'),
            receivedBytes: count('Since the node started.'),
            roundTrip_ms: t.optional(t.number({ minimum: 0 })),
          }),
        ),
        { maxItems: PEERS_MAX },
      ),
      faultModel: FaultModel,
    }),
    errors: ['DEPENDENCY_MISSING'],
    examples: [{ summary: 'Now', input: {} }],
  }),
  stats: query({
    summary: 'How much there is of the chain here, and where it lies.',
    http: 'GET /network/stats',
    access: 'tenant',
    scope: 'chain/read',
    input: t.object({}),
    output: t.object({
      supply: whole('The sum of all balances, in the smallest unit.'),
      waiting: count('Entries that wait for a block of this node.'),
      transactions: count('Transactions in the history of this node.'),
      layers: t.object({ hot: Layer, warm: Layer, cold: Layer, archive: Layer }),
      signatureFiles: count('Segments whose signatures are still here.'),
      gaps: t.array(
        t.object({ fromCommit: count('First missing.'), toCommit: count('Last missing.') }),
        {
          maxItems: GAPS_MAX,
          description: 'Commits that others carried out while this node was away.',
        },
      ),
      segmentsAsked: count('How often a file was asked for a key since the start.'),
      segmentsSpared: count('How often its filter said that there was no need.'),
      faultModel: FaultModel,
    }),
    errors: ['DEPENDENCY_MISSING'],
    examples: [{ summary: 'Now', input: {} }],
  }),
  fees: query({
    summary: 'The least fee, and the limits of transactions.',
    http: 'GET /network/fees',
    access: 'tenant',
    scope: 'chain/read',
    input: t.object({}),
    output: t.object({
      feeMin: whole('Of each transaction, in the smallest unit.'),
      transactionsPerEntry_max: count('Under one signature.'),
      entryBytes_max: count('All of them together, with the signature.'),
      memoBytes_max: count('Of a transfer.'),
      dataBytes_max: count('Of a data transaction.'),
      notAfter_ms_max: count('How far ahead the end of a transaction may lie.'),
      noncesOpen_max: count('How far the nonces under way of an account may lie apart.'),
      faultModel: FaultModel,
    }),
    errors: ['DEPENDENCY_MISSING'],
    examples: [{ summary: 'Now', input: {} }],
  }),
  certificate: query({
    summary:
      'A checkpoint with the signatures of a quorum, and the way to it from the first validators.',
    http: 'GET /network/certificate',
    access: 'tenant',
    scope: 'chain/read',
    input: t.object({
      checkpoint: t.optional(
        t.integer({ minimum: 1, maximum: 4_294_967_295, description: 'Default: the last one.' }),
      ),
    }),
    output: t.object({
      checkpoint: count('Its number.'),
      epoch: count('Its epoch.'),
      time: t.instant({ description: 'The chain’s own time.' }),
      commits: count('How many commits it covers, from the first on.'),
      receipts: count('How many receipts, since the checkpoint before.'),
      stateRoot: digest('Merkle root over every account, and the rules.'),
      receiptsRoot: digest('Merkle root over the receipts.'),
      supply: whole('The sum of all balances, in the smallest unit.'),
      signatures: count('How many validators signed it.'),
      endsEpoch: t.boolean(),
      proof: proofBytes('What checkProof of @anarq/dag reads.'),
      faultModel: FaultModel,
    }),
    errors: ['DEPENDENCY_MISSING'],
    examples: [{ summary: 'The last one', input: {} }],
  }),
};
