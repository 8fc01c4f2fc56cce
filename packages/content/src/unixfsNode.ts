import type { CID } from 'multiformats/cid';

/** A child of a file node: its CID, the file bytes below it, and all block bytes below it. */
export type FileNodeLink = { cid: CID; fileBytes: number; dagBytes: number };

/** Protobuf field keys: (field number << 3) | wire type (0 varint, 2 length-delimited). */
const UNIXFS_TYPE = 0x08;
const UNIXFS_FILE_SIZE = 0x18;
const UNIXFS_BLOCK_SIZE = 0x20;
const UNIXFS_TYPE_FILE = 2;
const PB_NODE_DATA = 0x0a;
const PB_NODE_LINK = 0x12;
const PB_LINK_HASH = 0x0a;
const PB_LINK_NAME = 0x12;
const PB_LINK_TSIZE = 0x18;

/**
 * The dag-pb block of a UnixFS file node without data of its own, in the canonical form of the
 * IPLD dag-pb specification: links before data, every link with an empty name and its Tsize.
 * Block sizes are written unpacked, one field each, as the UnixFS schema (proto2) demands.
 */
export function encodeFileNode(links: readonly FileNodeLink[]): Uint8Array {
  const node: number[] = [];
  const data: number[] = [UNIXFS_TYPE, UNIXFS_TYPE_FILE, UNIXFS_FILE_SIZE];
  let fileBytes = 0;
  for (const link of links) fileBytes += link.fileBytes;
  pushVarint(data, fileBytes);
  for (const { cid, fileBytes: blockBytes, dagBytes } of links) {
    data.push(UNIXFS_BLOCK_SIZE);
    pushVarint(data, blockBytes);
    const link: number[] = [PB_LINK_HASH];
    pushBytes(link, cid.bytes);
    link.push(PB_LINK_NAME, 0, PB_LINK_TSIZE);
    pushVarint(link, dagBytes);
    node.push(PB_NODE_LINK);
    pushBytes(node, link);
  }
  node.push(PB_NODE_DATA);
  pushBytes(node, data);
  return Uint8Array.from(node);
}

function pushBytes(out: number[], bytes: Iterable<number> & { length: number }): void {
  pushVarint(out, bytes.length);
  for (const byte of bytes) out.push(byte);
}

/** Base-128 varint. Divides rather than shifts: sizes go beyond 32 bits. */
function pushVarint(out: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    out.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  out.push(rest);
}
