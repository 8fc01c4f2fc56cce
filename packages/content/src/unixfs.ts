import { createHash } from 'node:crypto';
import type { CID } from 'multiformats/cid';
import { cidOf, DAG_PB_CODE, RAW_CODE } from './cid.ts';
import { ContentError } from './errors.ts';
import { encodeFileNode, type FileNodeLink } from './unixfsNode.ts';
import { rechunk } from './rechunk.ts';

/** Bytes of every chunk of a file but the last (profile unixfs-v1-2025 of IPIP-499: 1 MiB). */
export const CHUNK_BYTES = 1_048_576;
/** Children of a node (same profile). */
export const CHILDREN_PER_NODE = 1024;

/** The CID of a chunk as a raw leaf: CIDv1, raw, sha2-256 of the bytes. */
export function leafCid(chunk: Uint8Array): CID {
  return cidOf(RAW_CODE, chunk);
}

/**
 * Builds the root CID of a file from its leaves, in order, as helia does by default: UnixFS 1.5
 * file nodes in dag-pb, balanced, CIDv1, raw leaves. A file of one leaf is that leaf; one of none
 * is the empty raw leaf. Holds at most one unfinished node a level.
 */
export class DagBuilder {
  readonly #childrenPerNode: number;
  /** levels[0] holds leaves, levels[n] holds nodes of height n; none ever holds a full node. */
  readonly #levels: FileNodeLink[][] = [[]];
  #leafCount = 0;
  #fileBytes = 0;

  /** `childrenPerNode`: 2 or more; any value but the default gives CIDs that differ from helia's. */
  constructor({ childrenPerNode = CHILDREN_PER_NODE }: { childrenPerNode?: number } = {}) {
    if (!Number.isSafeInteger(childrenPerNode) || childrenPerNode < 2) {
      throw new ContentError('ARGUMENT_INVALID', 'childrenPerNode must be an integer from 2.');
    }
    this.#childrenPerNode = childrenPerNode;
  }

  /**
   * Adds the next leaf: its CID and the length of its bytes, which is above zero unless the leaf is
   * the only one of an empty file. Throws ContentError('ARGUMENT_INVALID').
   */
  add(leaf: CID, bytes: number): void {
    if (!Number.isSafeInteger(bytes) || bytes < 0) {
      throw new ContentError('ARGUMENT_INVALID', 'A leaf has a whole number of bytes.');
    }
    const isBesideEmptyLeaf = this.#leafCount > 0 && (bytes === 0 || this.#fileBytes === 0);
    if (isBesideEmptyLeaf) {
      throw new ContentError('ARGUMENT_INVALID', 'An empty leaf is the only leaf of its file.');
    }
    this.#leafCount += 1;
    this.#fileBytes += bytes;
    if (!Number.isSafeInteger(this.#fileBytes)) {
      throw new ContentError('TOO_LARGE', 'A file has at most 2^53 - 1 bytes.');
    }
    this.#append(0, { cid: leaf, fileBytes: bytes, dagBytes: bytes });
  }

  /** The root CID of the leaves added so far. May be called once; the builder is spent after it. */
  finish(): CID {
    if (this.#leafCount === 0) return leafCid(new Uint8Array(0));
    for (let height = 0; ; height += 1) {
      const level = this.#levels[height] ?? [];
      const isTop = height === this.#levels.length - 1;
      const [only] = level;
      if (isTop && level.length === 1 && only !== undefined) return only.cid;
      // The last node of a level may have a single child: the balanced layout keeps all leaves
      // at the same depth.
      if (level.length > 0) this.#close(height);
    }
  }

  #append(height: number, link: FileNodeLink): void {
    const level = (this.#levels[height] ??= []);
    level.push(link);
    if (level.length === this.#childrenPerNode) this.#close(height);
  }

  #close(height: number): void {
    const links = this.#levels[height] ?? [];
    this.#levels[height] = [];
    const block = encodeFileNode(links);
    const cid = cidOf(DAG_PB_CODE, block);
    let fileBytes = 0;
    let dagBytes = block.length;
    for (const link of links) {
      fileBytes += link.fileBytes;
      dagBytes += link.dagBytes;
    }
    this.#append(height + 1, { cid, fileBytes, dagBytes });
  }
}

/**
 * Reads a whole byte stream, in pieces of any size, in constant memory. Returns its root CID (text,
 * base32), its length, and the SHA-256 of its bytes in lowercase hex.
 */
export async function rootCidOf(
  source: AsyncIterable<Uint8Array>,
): Promise<{ cid: string; bytes: number; sha256Hex: string }> {
  const builder = new DagBuilder();
  const sha256 = createHash('sha256');
  let bytes = 0;
  for await (const chunk of rechunk(source, CHUNK_BYTES, { reuse: true })) {
    builder.add(leafCid(chunk), chunk.length);
    sha256.update(chunk);
    bytes += chunk.length;
  }
  return { cid: builder.finish().toString(), bytes, sha256Hex: sha256.digest('hex') };
}
