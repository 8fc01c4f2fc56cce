import {
  frontierOf,
  frontierRoot,
  HASH_BYTES,
  leafHash,
  nodeHash,
  nodesOfLeaves,
  proveInclusion,
  type NodeReader,
} from '@anarq/tlog';
import { HashList } from './hashList.ts';

/** Leaves of a block: their hashes are made again when a proof needs them. */
const BLOCK_LEVEL = 8;
const BLOCK = 1 << BLOCK_LEVEL;
/** Before the hashes where a tree is kept: a ledger has less than 2^32 events. */
const SIZE_BYTES = 4;

/** The leaves of a range of ordinals. */
export type LeafReader = (from: number, to: number) => readonly Uint8Array[];

/**
 * The tree of all events (RFC 6962, 2.1). It grows by leaves; of each block of 256 leaves only the
 * root is kept, so that a hundred million events take 25 MB.
 */
export class EventTree {
  #size = 0;
  /** Nodes from the level of blocks on. */
  readonly #levels: HashList[] = [new HashList()];
  /** Hashes of the leaves after the last whole block. */
  #late: Uint8Array[] = [];

  /** Events in the tree. */
  get size(): number {
    return this.#size;
  }

  /** Appends a leaf. */
  append(leaf: Uint8Array): void {
    this.#late.push(leafHash(leaf));
    this.#size++;
    if (this.#late.length < BLOCK) return;
    this.#appendBlock(nodesOfLeaves(this.#late)(BLOCK_LEVEL, 0));
    this.#late = [];
  }

  /** The root of the tree as it is, 32 bytes. */
  root(): Uint8Array {
    const blocks = this.#size >>> BLOCK_LEVEL;
    const whole = frontierOf(blocks, (level, index) => this.#nodeOf(level, index));
    const late = frontierOf(this.#late.length, nodesOfLeaves(this.#late));
    return frontierRoot([...whole, ...late]);
  }

  /** The hashes that lead from an event to the root of the first `size` events. */
  prove(ordinal: number, size: number, leaves: LeafReader): Uint8Array[] {
    const read: NodeReader = (level, index) => {
      if (level >= BLOCK_LEVEL) return this.#nodeOf(level - BLOCK_LEVEL, index);
      const hashes = leaves(index << level, (index + 1) << level).map(leafHash);
      return nodesOfLeaves(hashes)(level, 0);
    };
    return proveInclusion(ordinal, size, read);
  }

  /** The tree as bytes, from which `restore` goes on: its size, and the hashes that all others follow from. */
  bytes(): Uint8Array {
    const blocks = this.#size >>> BLOCK_LEVEL;
    const bytes = new Uint8Array(SIZE_BYTES + (blocks + this.#late.length) * HASH_BYTES);
    new DataView(bytes.buffer).setUint32(0, this.#size, true);
    for (let block = 0; block < blocks; block++)
      bytes.set(this.#nodeOf(0, block), SIZE_BYTES + block * HASH_BYTES);
    this.#late.forEach((hash, index) =>
      bytes.set(hash, SIZE_BYTES + (blocks + index) * HASH_BYTES),
    );
    return bytes;
  }

  /** The tree that was kept as bytes. @throws RangeError where they are cut off, or too many */
  static restore(bytes: Uint8Array): EventTree {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const tree = new EventTree();
    const size = view.getUint32(0, true);
    const blocks = size >>> BLOCK_LEVEL;
    const hashes = blocks + (size % BLOCK);
    if (bytes.byteLength !== SIZE_BYTES + hashes * HASH_BYTES)
      throw new RangeError(`a tree of ${size} events is not ${bytes.byteLength} bytes`);
    for (let index = 0; index < hashes; index++) {
      const from = SIZE_BYTES + index * HASH_BYTES;
      const hash = bytes.slice(from, from + HASH_BYTES);
      if (index < blocks) tree.#appendBlock(hash);
      else tree.#late.push(hash);
    }
    tree.#size = size;
    return tree;
  }

  #nodeOf(level: number, index: number): Uint8Array {
    const nodes = this.#levels[level];
    if (nodes === undefined || index >= nodes.count)
      throw new RangeError(`the tree has no node ${index} of level ${level + BLOCK_LEVEL}`);
    return nodes.get(index);
  }

  #appendBlock(root: Uint8Array): void {
    let hash = root;
    for (let level = 0; ; level++) {
      const nodes = (this.#levels[level] ??= new HashList());
      nodes.push(hash);
      if (nodes.count % 2 === 1) return;
      hash = nodeHash(nodes.get(nodes.count - 2), nodes.get(nodes.count - 1));
    }
  }
}
