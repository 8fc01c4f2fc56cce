import {
  frontierOf,
  frontierRoot,
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
