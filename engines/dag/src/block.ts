import { Malformed, Reader, Writer } from './bytes.ts';
import { DIGEST_BYTES, digestOf, hexOf, bytesOfHex } from './hash.ts';
import { VALIDATORS_MAX } from './committee.ts';

/** Names a block. Rounds and authors are part of the digest, so the digest alone would do; they save a look-up. */
export interface Ref {
  readonly round: number;
  readonly author: number;
  /** The block's digest, in hex. */
  readonly digest: string;
}

/** What an author says in one round. */
export interface UnsealedBlock {
  readonly epoch: number;
  readonly round: number;
  readonly author: number;
  /** Blocks of the round before, each of another author, at least a quorum of them: these are votes. */
  readonly parents: readonly Ref[];
  /**
   * Older blocks that nothing reached yet, at most one an author; the author's own last block first where it is
   * not of the round before.
   */
  readonly weakParents: readonly Ref[];
  /** Signed transactions, as they came. */
  readonly entries: readonly Uint8Array[];
  /** Proofs that a validator made two blocks for one round; see evidence.ts. */
  readonly evidence: readonly Uint8Array[];
  /** What the author's clock says. */
  readonly time_ms: number;
}

/** A block with what follows from its bytes, and its author's signature over the digest. */
export interface Block extends UnsealedBlock {
  readonly ref: Ref;
  readonly signature: Uint8Array;
  /** Length of its encoding without the signature. */
  readonly size: number;
}

export const ENTRIES_MAX = 512;
export const BLOCK_BYTES_MAX = 1 << 20;
export const ENTRY_BYTES_MAX = 1 << 16;
const WEAK_PARENTS_MAX = VALIDATORS_MAX;
export const EVIDENCE_MAX = 8;
const EVIDENCE_BYTES_MAX = 1 << 16;
const SIGNATURE_BYTES_MAX = 8_192;

function writeRefs(writer: Writer, refs: readonly Ref[]): void {
  writer.u32(refs.length);
  for (const { round, author, digest } of refs)
    writer.u32(round).u16(author).raw(bytesOfHex(digest));
}

function readRefs(reader: Reader, max: number): Ref[] {
  return Array.from({ length: reader.count(max) }, () => ({
    round: reader.u32(),
    author: reader.u16(),
    digest: hexOf(reader.raw(DIGEST_BYTES)),
  }));
}

/**
 * The header of a block: all that its digest covers, with one digest for the entries. Two headers of one
 * author and round are a proof that the author equivocates, without the entries.
 */
export interface Header extends Omit<UnsealedBlock, 'entries' | 'evidence'> {
  readonly payloadDigest: Uint8Array;
}

/** Digests of payloads by their entries: a block is sealed, written and compared with one. */
const payloads = new WeakMap<readonly Uint8Array[], Payload>();

interface Payload {
  readonly evidence: readonly Uint8Array[];
  readonly digest: Uint8Array;
}

export function payloadDigest({
  entries,
  evidence,
}: Pick<UnsealedBlock, 'entries' | 'evidence'>): Uint8Array {
  const known = payloads.get(entries);
  if (known?.evidence === evidence) return known.digest;
  const writer = new Writer(8 + sizeOf(entries) + sizeOf(evidence)).u32(entries.length);
  for (const entry of entries) writer.bytes(entry);
  writer.u32(evidence.length);
  for (const proof of evidence) writer.bytes(proof);
  const digest = digestOf('payload', writer.done());
  payloads.set(entries, { evidence, digest });
  return digest;
}

/** Bytes of parts, each behind its length. */
const sizeOf = (parts: readonly Uint8Array[]): number =>
  parts.reduce((size, part) => size + 4 + part.length, 0);

export function encodeHeader(header: Header): Uint8Array {
  const { epoch, round, author, time_ms } = header;
  const writer = new Writer().u32(epoch).u32(round).u16(author).time_ms(time_ms);
  writeRefs(writer, header.parents);
  writeRefs(writer, header.weakParents);
  return writer.raw(header.payloadDigest).done();
}

function readHeader(reader: Reader): Header {
  return {
    epoch: reader.u32(),
    round: reader.u32(),
    author: reader.u16(),
    time_ms: reader.time_ms(),
    parents: readRefs(reader, VALIDATORS_MAX),
    weakParents: readRefs(reader, WEAK_PARENTS_MAX),
    payloadDigest: reader.raw(DIGEST_BYTES),
  };
}

/** @throws Malformed */
export function decodeHeader(bytes: Uint8Array): Header {
  const reader = new Reader(bytes);
  const header = readHeader(reader);
  reader.end();
  return header;
}

export const headerDigest = (chainId: Uint8Array, header: Uint8Array): Uint8Array =>
  digestOf('block', chainId, header);

/** What an author signs: the digest, in 32 bytes. */
export function digestOfBlock(chainId: Uint8Array, block: UnsealedBlock): Uint8Array {
  return headerDigest(chainId, encodeHeader({ ...block, payloadDigest: payloadDigest(block) }));
}

/** A block whose signature is there. */
export function sealedBlock(
  chainId: Uint8Array,
  block: UnsealedBlock,
  signature: Uint8Array,
): Block {
  const header = encodeHeader({ ...block, payloadDigest: payloadDigest(block) });
  const digest = hexOf(headerDigest(chainId, header));
  const size = header.length + 8 + sizeOf(block.entries) + sizeOf(block.evidence);
  return {
    ...block,
    ref: { round: block.round, author: block.author, digest },
    signature,
    size,
  };
}

export function encodeBlock(block: Block): Uint8Array {
  const writer = new Writer(4 + block.size + 4 + block.signature.length).bytes(
    encodeHeader({ ...block, payloadDigest: payloadDigest(block) }),
  );
  writer.u32(block.entries.length);
  for (const entry of block.entries) writer.bytes(entry);
  writer.u32(block.evidence.length);
  for (const proof of block.evidence) writer.bytes(proof);
  return writer.bytes(block.signature).done();
}

/**
 * Reads a block. Its signature is not checked, and whether its parents are there is not known yet.
 * @throws Malformed for bytes that no encoder made, or a block beyond the limits
 */
export function decodeBlock(chainId: Uint8Array, bytes: Uint8Array): Block {
  if (bytes.length > 2 * BLOCK_BYTES_MAX) throw new Malformed('a block is too large');
  const reader = new Reader(bytes);
  const header = decodeHeader(reader.bytes(BLOCK_BYTES_MAX));
  const entries = Array.from({ length: reader.count(ENTRIES_MAX) }, () =>
    reader.bytes(ENTRY_BYTES_MAX),
  );
  const evidence = Array.from({ length: reader.count(EVIDENCE_MAX) }, () =>
    reader.bytes(EVIDENCE_BYTES_MAX),
  );
  const signature = reader.bytes(SIGNATURE_BYTES_MAX);
  reader.end();
  const { payloadDigest: stated, ...rest } = header;
  const block = sealedBlock(chainId, { ...rest, entries, evidence }, signature);
  if (hexOf(stated) !== hexOf(payloadDigest(block)))
    throw new Malformed('the payload is not the one of the header');
  if (block.size > BLOCK_BYTES_MAX) throw new Malformed('a block is too large');
  return block;
}

/** The order in which blocks of one commit are carried out: by round, then author, then digest. */
export function compareRefs(a: Ref, b: Ref): number {
  return (
    a.round - b.round ||
    a.author - b.author ||
    (a.digest < b.digest ? -1 : Number(a.digest > b.digest))
  );
}
