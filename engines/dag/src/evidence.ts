import { decodeHeader, encodeHeader, headerDigest, payloadDigest, type Block } from './block.ts';
import { Malformed, Reader, Writer } from './bytes.ts';
import { hexOf } from './hash.ts';

/** Two signed headers of one author for one round: nobody honest makes them. */
export interface Evidence {
  readonly epoch: number;
  readonly round: number;
  readonly author: number;
  /** Digests that the author signed, and the signatures. */
  readonly signed: readonly [SignedHeader, SignedHeader];
}

interface SignedHeader {
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
}

const HEADER_BYTES_MAX = 1 << 14;
const SIGNATURE_BYTES_MAX = 4_627;

/** A proof that two blocks are of one author and round; it needs neither's transactions. */
export function encodeEvidence(a: Block, b: Block): Uint8Array {
  const writer = new Writer();
  for (const block of a.ref.digest < b.ref.digest ? [a, b] : [b, a])
    writer
      .bytes(encodeHeader({ ...block, payloadDigest: payloadDigest(block) }))
      .bytes(block.signature);
  return writer.done();
}

/**
 * Reads a proof; its two signatures are for the caller to check.
 * @throws Malformed where it proves nothing
 */
export function decodeEvidence(chainId: Uint8Array, bytes: Uint8Array): Evidence {
  const reader = new Reader(bytes);
  const both = [0, 1].map(() => {
    const header = reader.bytes(HEADER_BYTES_MAX);
    return { header, signature: reader.bytes(SIGNATURE_BYTES_MAX) };
  });
  reader.end();
  const [a, b] = both.map(({ header, signature }) => ({
    ...decodeHeader(header),
    digest: headerDigest(chainId, header),
    signature,
  }));
  if (a === undefined || b === undefined) throw new Malformed('evidence has two headers');
  if (a.epoch !== b.epoch || a.round !== b.round || a.author !== b.author)
    throw new Malformed('the headers are not of one author and round');
  if (hexOf(a.digest) >= hexOf(b.digest))
    throw new Malformed('the headers are alike, or not in order');
  const { epoch, round, author } = a;
  return { epoch, round, author, signed: [a, b] };
}
