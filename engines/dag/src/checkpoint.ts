import { Malformed, Reader, Writer } from './bytes.ts';
import { VALIDATORS_MAX } from './committee.ts';
import { DIGEST_BYTES, digestOf } from './hash.ts';

/** All that a quorum of validators signs about once a second: the order up to here, and what came of it. */
export interface Checkpoint {
  readonly chainId: Uint8Array;
  readonly epoch: number;
  /** Counts checkpoints from 1, through all epochs. */
  readonly seq: number;
  /** Round of the last committed leader. */
  readonly round: number;
  /** Time of that commit, as the chain orders it. */
  readonly time_ms: number;
  /** How many commits there were, through all epochs. */
  readonly commits: number;
  /** Chain of digests over all commits: leader and blocks of each, in order. */
  readonly commitDigest: Uint8Array;
  readonly stateRoot: Uint8Array;
  /** Merkle root over the receipts since the checkpoint before. */
  readonly receiptsRoot: Uint8Array;
  readonly receipts: number;
  readonly supply: bigint;
  /** Where ordering goes on from here: what a validator needs that begins with this checkpoint. */
  readonly orderDigest: Uint8Array;
  /** Digest of the committee of the next epoch where this checkpoint ends its epoch; else of this one. */
  readonly validatorsNextHash: Uint8Array;
  readonly endsEpoch: boolean;
}

function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  return new Writer()
    .raw(checkpoint.chainId)
    .u32(checkpoint.epoch)
    .u32(checkpoint.seq)
    .u32(checkpoint.round)
    .time_ms(checkpoint.time_ms)
    .u64(BigInt(checkpoint.commits))
    .raw(checkpoint.commitDigest)
    .raw(checkpoint.stateRoot)
    .raw(checkpoint.receiptsRoot)
    .u32(checkpoint.receipts)
    .u128(checkpoint.supply)
    .raw(checkpoint.orderDigest)
    .raw(checkpoint.validatorsNextHash)
    .u8(checkpoint.endsEpoch ? 1 : 0)
    .done();
}

function readCheckpoint(reader: Reader): Checkpoint {
  const digest = () => Uint8Array.from(reader.raw(DIGEST_BYTES));
  return {
    chainId: digest(),
    epoch: reader.u32(),
    seq: reader.u32(),
    round: reader.u32(),
    time_ms: reader.time_ms(),
    commits: safe(reader.u64()),
    commitDigest: digest(),
    stateRoot: digest(),
    receiptsRoot: digest(),
    receipts: reader.u32(),
    supply: reader.u128(),
    orderDigest: digest(),
    validatorsNextHash: digest(),
    endsEpoch: yesOrNo(reader.u8()),
  };
}

function safe(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new Malformed('a count is out of range');
  return Number(value);
}

function yesOrNo(value: number): boolean {
  if (value > 1) throw new Malformed('yes is 1, and no is 0');
  return value === 1;
}

/** What a checkpoint is known by. */
export const checkpointDigest = (checkpoint: Checkpoint): Uint8Array =>
  digestOf('checkpoint', encodeCheckpoint(checkpoint));

/**
 * What a validator signs for a checkpoint. The number stands beside the digest, which does not show it: else an old
 * vote could be handed on as one for another checkpoint, and votes of honest validators would look like a fork.
 */
export function voteMessage(
  chainId: Uint8Array,
  { epoch, seq, digest }: { epoch: number; seq: number; digest: Uint8Array },
): Uint8Array {
  return digestOf('vote', chainId, new Writer().u32(epoch).u32(seq).done(), digest);
}

/** The same, of a checkpoint that is there. */
export const checkpointMessage = (checkpoint: Checkpoint): Uint8Array =>
  voteMessage(checkpoint.chainId, { ...checkpoint, digest: checkpointDigest(checkpoint) });

/** A checkpoint with the signatures of a quorum: it is final, and everybody can see that. */
export interface Certificate {
  readonly checkpoint: Checkpoint;
  /** In the order of the validators. */
  readonly signatures: readonly {
    readonly validator: number;
    readonly signature: Uint8Array;
  }[];
}

const CHECKPOINT_BYTES_MAX = 1_024;
const SIGNATURE_BYTES_MAX = 4_627;

export function encodeCertificate({ checkpoint, signatures }: Certificate): Uint8Array {
  const writer = new Writer().bytes(encodeCheckpoint(checkpoint)).u32(signatures.length);
  for (const { validator, signature } of signatures) writer.u16(validator).bytes(signature);
  return writer.done();
}

/** @throws Malformed */
export function decodeCertificate(bytes: Uint8Array): Certificate {
  const reader = new Reader(bytes);
  const inner = new Reader(reader.bytes(CHECKPOINT_BYTES_MAX));
  const checkpoint = readCheckpoint(inner);
  inner.end();
  const signatures = Array.from({ length: reader.count(VALIDATORS_MAX) }, () => ({
    validator: reader.u16(),
    signature: Uint8Array.from(reader.bytes(SIGNATURE_BYTES_MAX)),
  }));
  reader.end();
  return { checkpoint, signatures };
}

/** Whether a signature by the owner of a public key holds over a message. */
export type Verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/**
 * Whether a quorum of these validators signed the checkpoint: each once, in their order, and every signature
 * holds. No signature is checked where their number or order is wrong already.
 */
export function isCertified(
  { checkpoint, signatures }: Certificate,
  publicKeys: readonly Uint8Array[],
  verify: Verify,
): boolean {
  const faults_max = Math.floor((publicKeys.length - 1) / 3);
  if (publicKeys.length === 0 || signatures.length < publicKeys.length - faults_max) return false;
  const areInOrder = signatures.every(
    ({ validator }, at) =>
      validator < publicKeys.length && validator > (signatures[at - 1]?.validator ?? -1),
  );
  if (!areInOrder) return false;
  const message = checkpointMessage(checkpoint);
  return signatures.every(({ validator, signature }) =>
    verify(publicKeys[validator]!, message, signature),
  );
}
