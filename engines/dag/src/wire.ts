import { decodeBlock, encodeBlock, type Block, type Ref } from './block.ts';
import { Malformed, Reader, Writer } from './bytes.ts';
import { decodeCertificate, encodeCertificate, type Certificate } from './checkpoint.ts';
import { committeeOf, VALIDATORS_MAX, type Committee } from './committee.ts';
import type { Vote } from './finality.ts';
import { bytesOfHex, DIGEST_BYTES, hexOf } from './hash.ts';
import type { BeginState, EpochEnd, Message, Snapshot } from './messages.ts';
import { decodeOrder, encodeOrder, type Executed } from './order.ts';
import { decodeState, encodeState } from './state.ts';
import { PUBLIC_KEY_BYTES_MAX } from './transaction.ts';

/** Kinds of messages as they are written, from 1: a message of zeros is none. */
const KINDS = [
  'block',
  'blocks',
  'pull',
  'want',
  'vote',
  'certificate',
  'snapshot',
  'grounds',
] as const;

/** Form of the messages and of what is written; another form has another number. */
const FORM = 1;
/** A node asks for fewer, but answers with whole rounds. */
const BLOCKS_MAX = 512;
const BLOCK_BYTES = 2 << 20;
const REFS_MAX = 64;
/** Of the last decisions: a quorum for each leader of three rounds. */
export const GROUNDS_MAX = 512;
/** Rounds of which a question says what is here. */
export const HERE_ROUNDS_MAX = 64;
const SIGNATURE_BYTES_MAX = 4_627;
const CERTIFICATE_BYTES_MAX = 1 << 19;
/** As many ends of epochs as a node keeps. */
const TRAIL_MAX = 4_096;
/** What a state may take where it travels or lies on a disk. */
export const STATE_BYTES_MAX = 1 << 29;
const ORDER_BYTES_MAX = 1 << 27;

/** Blocks as they were written or read: each is needed for the disk, for everybody, and for whoever asks. */
const written = new WeakMap<Block, Uint8Array>();

/** A block in bytes; computed once. */
export function blockBytes(block: Block): Uint8Array {
  let bytes = written.get(block);
  if (bytes === undefined) written.set(block, (bytes = encodeBlock(block)));
  return bytes;
}

/** Reads a block and remembers its bytes. @throws Malformed */
export function blockOf(chainId: Uint8Array, bytes: Uint8Array): Block {
  const block = decodeBlock(chainId, bytes);
  written.set(block, bytes);
  return block;
}

/** A message as it travels: form, kind, and what it says. */
export function encodeMessage(message: Message): Uint8Array {
  const writer = new Writer(sizeOf(message)).u8(FORM).u8(KINDS.indexOf(message.kind) + 1);
  switch (message.kind) {
    case 'block':
      return writer.bytes(blockBytes(message.block)).done();
    case 'blocks':
      writer.u32(message.blocks.length);
      for (const block of message.blocks) writer.bytes(blockBytes(block));
      return writer.done();
    case 'pull':
    case 'grounds':
      writer.u32(message.epoch).u32(message.refs.length);
      for (const { round, author, digest } of message.refs)
        writer.u32(round).u16(author).raw(bytesOfHex(digest));
      return writer.done();
    case 'want':
      writer.u32(message.epoch).u32(message.fromRound).u32(message.fromSeq);
      writer.u8(Number(message.isOwn)).u8(message.here.length);
      for (const authors of message.here) {
        writer.u8(authors.length);
        for (const author of authors) writer.u8(author);
      }
      return writer.done();
    case 'vote':
      writeVote(writer, message.vote);
      return writer.done();
    case 'certificate':
      return writer.bytes(encodeCertificate(message.certificate)).done();
    case 'snapshot':
      writeSnapshot(writer, message.snapshot);
      return writer.done();
  }
}

/** Bytes of a message, where it is large and that is easily told. */
function sizeOf(message: Message): number | undefined {
  if (message.kind === 'block') return 6 + blockBytes(message.block).length;
  if (message.kind !== 'blocks') return undefined;
  return message.blocks.reduce((size, block) => size + 4 + blockBytes(block).length, 6);
}

/**
 * Reads a message. Signatures in it are not checked. What it takes is in proportion to the bytes that are there,
 * whatever counts these name.
 * @throws Malformed for bytes that no encoder made, or a message beyond the limits
 */
export function decodeMessage(chainId: Uint8Array, bytes: Uint8Array): Message {
  const reader = new Reader(plain(bytes));
  if (reader.u8() !== FORM) throw new Malformed('a message of an unknown form');
  const message = readMessage(chainId, KINDS[reader.u8() - 1], reader);
  reader.end();
  return message;
}

function readMessage(
  chainId: Uint8Array,
  kind: Message['kind'] | undefined,
  reader: Reader,
): Message {
  switch (kind) {
    case 'block':
      return { kind, block: blockOf(chainId, reader.bytes(BLOCK_BYTES)) };
    case 'blocks': {
      const blocks = many(reader, BLOCKS_MAX, () => blockOf(chainId, reader.bytes(BLOCK_BYTES)));
      if (blocks.length === 0) throw new Malformed('nobody sends no blocks');
      return { kind, blocks };
    }
    case 'pull':
      return { kind, epoch: reader.u32(), refs: many(reader, REFS_MAX, () => readRef(reader)) };
    case 'grounds':
      return { kind, epoch: reader.u32(), refs: many(reader, GROUNDS_MAX, () => readRef(reader)) };
    case 'want':
      return readWant(reader);
    case 'vote':
      return { kind, vote: readVote(reader) };
    case 'certificate':
      return { kind, certificate: readCertificate(reader) };
    case 'snapshot':
      return { kind, snapshot: readSnapshot(reader) };
    case undefined:
      throw new Malformed('there is no such kind of message');
  }
}

function readWant(reader: Reader): Message {
  const [epoch, fromRound, fromSeq] = [reader.u32(), reader.u32(), reader.u32()];
  const isOwn = reader.u8();
  const rounds = reader.u8();
  if (isOwn > 1 || rounds > HERE_ROUNDS_MAX) throw new Malformed('nobody asks so');
  const here = Array.from({ length: rounds }, () => {
    const count = reader.u8();
    if (count > VALIDATORS_MAX) throw new Malformed('there are not so many authors');
    return Array.from({ length: count }, () => reader.u8());
  });
  return { kind: 'want', epoch, fromRound, fromSeq, here, isOwn: isOwn === 1 };
}

/** Where a node can begin again, as it lies on its disk. */
export function encodeBegin({ committee, executed, trail }: BeginState): Uint8Array {
  const { chainId, epoch, publicKeys, seed } = committee;
  const writer = new Writer().u8(FORM).raw(chainId).u32(epoch).bytes(seed);
  writeKeys(writer, publicKeys);
  writeTrail(writer, trail);
  writeExecuted(writer, executed);
  return writer.done();
}

/** @throws Malformed */
export function decodeBegin(bytes: Uint8Array): BeginState {
  const reader = new Reader(plain(bytes));
  if (reader.u8() !== FORM) throw new Malformed('a beginning of an unknown form');
  const committee = readCommittee(reader);
  const trail = readTrail(reader);
  const executed = readExecuted(reader);
  reader.end();
  return { committee, executed, trail };
}

function readCommittee(reader: Reader): Committee {
  const chainId = copied(reader.raw(DIGEST_BYTES));
  const epoch = reader.u32();
  const seed = copied(reader.bytes(DIGEST_BYTES));
  const keys = readKeys(reader);
  return committeeOf(chainId, epoch, keys, seed);
}

function writeVote(writer: Writer, { epoch, seq, digest, validator, signature }: Vote): void {
  writer.u32(epoch).u32(seq).raw(digest).u16(validator).bytes(signature);
}

function readVote(reader: Reader): Vote {
  return {
    epoch: reader.u32(),
    seq: reader.u32(),
    digest: copied(reader.raw(DIGEST_BYTES)),
    validator: reader.u16(),
    signature: copied(reader.bytes(SIGNATURE_BYTES_MAX)),
  };
}

const readRef = (reader: Reader): Ref => ({
  round: reader.u32(),
  author: reader.u16(),
  digest: hexOf(reader.raw(DIGEST_BYTES)),
});

const readCertificate = (reader: Reader): Certificate =>
  decodeCertificate(reader.bytes(CERTIFICATE_BYTES_MAX));

function writeSnapshot(writer: Writer, { trail, certificate, executed }: Snapshot): void {
  writeTrail(writer, trail);
  writer.bytes(encodeCertificate(certificate));
  writeExecuted(writer, executed);
}

function readSnapshot(reader: Reader): Snapshot {
  const trail = readTrail(reader);
  const certificate = readCertificate(reader);
  return { trail, certificate, executed: readExecuted(reader) };
}

function writeTrail(writer: Writer, trail: readonly EpochEnd[]): void {
  writer.u32(trail.length);
  for (const { certificate, nextKeys } of trail) {
    writer.bytes(encodeCertificate(certificate));
    writeKeys(writer, nextKeys);
  }
}

const readTrail = (reader: Reader): readonly EpochEnd[] =>
  many(reader, TRAIL_MAX, () => ({
    certificate: readCertificate(reader),
    nextKeys: readKeys(reader),
  }));

function writeKeys(writer: Writer, keys: readonly Uint8Array[]): void {
  writer.u16(keys.length);
  for (const key of keys) writer.bytes(key);
}

function readKeys(reader: Reader): readonly Uint8Array[] {
  const count = reader.u16();
  if (count < 1 || count > VALIDATORS_MAX)
    throw new Malformed(`a committee has 1 to ${VALIDATORS_MAX} keys, not ${count}`);
  const keys: Uint8Array[] = [];
  while (keys.length < count) keys.push(copied(reader.bytes(PUBLIC_KEY_BYTES_MAX)));
  return keys;
}

function writeExecuted(writer: Writer, executed: Executed): void {
  const { seq, commits, commitDigest, state } = executed;
  writer.u32(seq).u64(BigInt(commits)).raw(commitDigest);
  writer.bytes(encodeOrder(executed)).bytes(encodeState(state));
}

function readExecuted(reader: Reader): Executed {
  const seq = reader.u32();
  const commits = reader.u64();
  if (commits > BigInt(Number.MAX_SAFE_INTEGER))
    throw new Malformed('so many commits there are not');
  const commitDigest = copied(reader.raw(DIGEST_BYTES));
  const order = decodeOrder(reader.bytes(ORDER_BYTES_MAX));
  const state = decodeState(reader.bytes(STATE_BYTES_MAX));
  return { ...order, state, seq, commits: Number(commits), commitDigest };
}

/** Reads one after another, so that a large count takes no memory before there is as much to read. */
function many<T>(reader: Reader, most: number, read: () => T): readonly T[] {
  const found: T[] = [];
  for (let left = reader.count(most); left > 0; left -= 1) found.push(read());
  return found;
}

/** What is kept for long must not keep the message that brought it. */
const copied = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes);

/** The bytes themselves: parts of a Buffer would be Buffers again. */
const plain = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
