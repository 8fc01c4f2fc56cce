import { leafHash, nodeHash, proveInclusion, treeRoot } from '@anarq/tlog';
import { HashList } from './hashList.ts';

/**
 * The tree of balances at one instant (RFC 6962, 2.1): a leaf for the position of the books, and one
 * for each account. Leaves change; what stands on them is made again, along one path for each.
 */
export class AccountTree {
  /** Complete subtrees by level, leaves first. */
  readonly #levels: HashList[] = [new HashList()];

  /** Leaves, the position's among them. */
  get size(): number {
    return this.#levels[0]?.count ?? 0;
  }

  /** Puts leaves in their places; the nodes above each are made again once. */
  update(leaves: ReadonlyMap<number, Uint8Array>): void {
    let changed = new Set<number>();
    for (const [index, leaf] of leaves) {
      this.#at(0).set(index, leafHash(leaf));
      changed.add(index);
    }
    for (let level = 0; changed.size > 0; level++) {
      const below = this.#at(level);
      const parents = new Set<number>();
      for (const index of changed) {
        const parent = index >>> 1;
        // A node stands only on two complete ones; the rest is folded when a root is asked for.
        if (parent * 2 + 1 < below.count) parents.add(parent);
      }
      for (const parent of [...parents].toSorted((a, b) => a - b))
        this.#at(level + 1).set(parent, nodeHash(below.get(parent * 2), below.get(parent * 2 + 1)));
      changed = parents;
    }
  }

  root(): Uint8Array {
    return treeRoot(this.size, this.#node);
  }

  /** The hashes that lead from a leaf to the root. */
  prove(index: number): Uint8Array[] {
    return proveInclusion(index, this.size, this.#node).map((hash) => hash.slice());
  }

  readonly #node = (level: number, index: number): Uint8Array => this.#at(level).get(index);

  #at(level: number): HashList {
    return (this.#levels[level] ??= new HashList());
  }
}
