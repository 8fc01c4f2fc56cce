import {
  decodeBegin,
  decodeBlock,
  decodeCertificate,
  decodeEntry,
  decodeEvidence,
  decodeMessage,
  decodeOrder,
  decodeProof,
  decodeReceipt,
  decodeState,
  encodeBegin,
  encodeBlock,
  encodeCertificate,
  encodeEntry,
  encodeEvidence,
  encodeMessage,
  encodeOrder,
  encodeProof,
  encodeReceipt,
  encodeState,
  Malformed,
  sealedBlock,
  type BeginState,
  type Block,
  type ChainState,
  type Entry,
  type Message,
  type Proof,
  type Receipt,
} from '@anarq/dag';
import type { Decoder } from '@anarq/testing/fuzz';
import {
  ana,
  ben,
  certificate,
  chainId,
  committee,
  digest,
  entryBytes,
  executed,
  TIME_MS,
  transactionOf,
  transfer,
  validators,
} from '../../engines/dag/tests/chain.ts';
import {
  decodeGreeting,
  encodeGreeting,
  FRAME_KINDS,
  frameHeader,
  FrameError,
  FrameReader,
  type Greeting,
} from '../../packages/p2p/tests/decoders.ts';

const entry = entryBytes(ana, transactionOf(ana, 7n, transfer(ben, 5n)));
const ref = { round: 6, author: 1, digest: 'ab'.repeat(32) };
const blockAt = (time_ms: number): Block =>
  sealedBlock(
    chainId,
    {
      epoch: 0,
      round: 7,
      author: 2,
      parents: [ref],
      weakParents: [],
      entries: [entry],
      evidence: [],
      time_ms,
    },
    digest(9),
  );
const block = blockAt(TIME_MS);
const trail = [{ certificate, nextKeys: validators }];
const messages: readonly Message[] = [
  { kind: 'block', block },
  { kind: 'blocks', blocks: [block] },
  { kind: 'pull', epoch: 4, refs: [ref] },
  { kind: 'want', epoch: 4, fromRound: 12, fromSeq: 9, here: [[0, 3], [], [2]], isOwn: true },
  {
    kind: 'vote',
    vote: { epoch: 1, seq: 9, digest: digest(5), validator: 3, signature: digest(6) },
  },
  { kind: 'certificate', certificate },
  { kind: 'snapshot', snapshot: { trail, certificate, executed: { ...executed, seq: 3 } } },
];
const receipt: Receipt = {
  id: '01'.repeat(32),
  account: ana.id,
  nonce: 7n,
  code: 'OK',
  time_ms: TIME_MS,
};
const proofs: readonly Proof[] = [
  { trail: [], certificate, subject: undefined },
  {
    trail,
    certificate,
    subject: { kind: 'receipt', receipt: encodeReceipt(receipt), index: 1, path: [digest(1)] },
  },
  {
    trail: [],
    certificate,
    subject: {
      kind: 'account',
      id: ana.id,
      account: new Uint8Array(40),
      steps: [{ bit: 3, beside: digest(2) }],
      rules: digest(3),
    },
  },
];
const greeting: Greeting = {
  version: 1,
  chainId: digest(1),
  publicKey: new Uint8Array(1_952).fill(2),
  nonce: digest(3),
};
const FRAME_BYTES_MAX = 4_096;
const refuses = (error: unknown): boolean => error instanceof Malformed;

/** Readers of what validators and followers of a chain send each other; each value has one form. */
export const chainDecoders: readonly Decoder[] = [
  {
    name: 'chain-message',
    decode: (bytes) => decodeMessage(chainId, bytes),
    encode: (message: Message) => encodeMessage(message),
    identity: 'bytes',
    refuses,
    seeds: messages.map(encodeMessage),
  },
  {
    name: 'chain-entry',
    decode: (bytes) => decodeEntry(chainId, bytes),
    encode: ({ transactions, signature }: Entry) => encodeEntry(transactions, signature),
    identity: 'bytes',
    refuses,
    seeds: [entry],
  },
  {
    name: 'chain-block',
    decode: (bytes) => decodeBlock(chainId, bytes),
    encode: (read: Block) => encodeBlock(read),
    identity: 'bytes',
    refuses,
    seeds: [encodeBlock(block)],
  },
  {
    name: 'chain-evidence',
    decode: (bytes) => decodeEvidence(chainId, bytes),
    refuses,
    seeds: [encodeEvidence(block, blockAt(TIME_MS + 1))],
  },
  {
    name: 'chain-begin',
    decode: decodeBegin,
    encode: (read: BeginState) => encodeBegin(read),
    identity: 'bytes',
    refuses,
    seeds: [encodeBegin({ committee, executed, trail: [] })],
  },
  {
    name: 'chain-order',
    decode: decodeOrder,
    refuses,
    seeds: [encodeOrder(executed)],
  },
  {
    name: 'chain-certificate',
    decode: decodeCertificate,
    encode: encodeCertificate,
    identity: 'bytes',
    refuses,
    seeds: [encodeCertificate(certificate)],
  },
  {
    name: 'chain-proof',
    decode: decodeProof,
    encode: encodeProof,
    identity: 'bytes',
    refuses,
    seeds: proofs.map(encodeProof),
  },
  {
    name: 'chain-receipt',
    decode: decodeReceipt,
    encode: encodeReceipt,
    identity: 'bytes',
    refuses,
    seeds: [encodeReceipt(receipt)],
  },
  {
    name: 'chain-state',
    decode: decodeState,
    encode: (state: ChainState) => encodeState(state),
    identity: 'bytes',
    refuses,
    seeds: [encodeState(executed.state)],
  },
  {
    name: 'peer-greeting',
    // A later version may be longer, and is told by its number.
    decode: (bytes) => {
      const read = decodeGreeting(bytes);
      if (read === undefined || read.version !== 1) throw new Malformed('no greeting');
      return read;
    },
    encode: encodeGreeting,
    identity: 'bytes',
    refuses,
    seeds: [encodeGreeting(greeting)],
  },
  {
    name: 'peer-frames',
    decode: (bytes) => new FrameReader(FRAME_BYTES_MAX).read(bytes),
    // Cut anywhere, the same frames come.
    twin: (bytes) => {
      const reader = new FrameReader(FRAME_BYTES_MAX);
      return Array.from(bytes, (byte) => reader.read(Uint8Array.of(byte))).flat();
    },
    refuses: (error) => error instanceof FrameError,
    seeds: Object.values(FRAME_KINDS).map((kind) =>
      Buffer.concat([frameHeader(kind, 3), Buffer.from('abc')]),
    ),
  },
];
