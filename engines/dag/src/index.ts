export { NOBODY, NONCES_OPEN, type Account } from './account.ts';
export { doubtIn } from './adoption.ts';
export {
  BLOCK_BYTES_MAX,
  decodeBlock,
  digestOfBlock,
  encodeBlock,
  ENTRIES_MAX,
  ENTRY_BYTES_MAX,
  sealedBlock,
  type Block,
  type Ref,
  type UnsealedBlock,
} from './block.ts';
export { Malformed, Reader, Writer } from './bytes.ts';
export {
  checkpointDigest,
  checkpointMessage,
  decodeCertificate,
  encodeCertificate,
  isCertified,
  type Certificate,
  type Checkpoint,
  type Verify,
  voteMessage,
} from './checkpoint.ts';
export {
  committeeDigest,
  committeeOf,
  leadersOf,
  VALIDATORS_MAX,
  type Committee,
} from './committee.ts';
export { decodeEvidence, encodeEvidence, type Evidence } from './evidence.ts';
export { tokenOf, type ExecutedCommit, type SignatureCheck } from './executor.ts';
export { decodeOrder, encodeOrder, type Executed } from './order.ts';
export type { Vote } from './finality.ts';
export { beginningOf, chainIdOf, type Genesis } from './genesis.ts';
export { bytesOfHex, digestOf, hexOf } from './hash.ts';
export { merklePath, merkleRoot, rootByPath } from './merkle.ts';
export {
  epochOf,
  type Begin,
  type BeginState,
  type Effect,
  type EpochEnd,
  type Event,
  type Message,
  type Peer,
  type Snapshot,
  type Verdict,
} from './messages.ts';
export { DagNode } from './node.ts';
export { DEFAULT_SETTINGS, type NodeSettings } from './settings.ts';
export { REACH_ROUNDS } from './order.ts';
export {
  accountIn,
  carryOut,
  decodeReceipt,
  decodeState,
  encodeReceipt,
  encodeState,
  EXPIRY_MAX_ms,
  stateRoot,
  type ChainState,
  type Receipt,
  type RejectionCode,
} from './state.ts';
export {
  accountOf,
  BATCH_MAX,
  DATA_BYTES_MAX,
  decodeEntry,
  encodeEntry,
  MEMO_BYTES_MAX,
  signedBytes,
  transactionId,
  type Action,
  type Entry,
  type Transaction,
} from './transaction.ts';
export {
  accountProof,
  checkProof,
  decodeProof,
  encodeProof,
  endsNeeded,
  receiptProof,
  type Proof,
  type Shown,
} from './verifier.ts';
export {
  blockBytes,
  blockOf,
  decodeBegin,
  decodeMessage,
  encodeBegin,
  encodeMessage,
  STATE_BYTES_MAX,
  HERE_ROUNDS_MAX,
} from './wire.ts';
