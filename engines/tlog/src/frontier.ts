import { EMPTY_ROOT, nodeHash } from './hash.ts';
import type { NodeReader } from './prove.ts';
import { inRange, isCount } from './range.ts';

/**
 * The hashes of the complete subtrees that make up a tree, largest first: all that appending needs. A
 * leaf costs two hashes on average this way, and a root as many as the size has bits; over the tiles
 * each root is computed anew from up to 255 leaves.
 */
export type Frontier = readonly Uint8Array[];

/** The frontier of a tree of `size` leaves, from its nodes. Throws TLOG_RANGE. */
export function frontierOf(size: number, node: NodeReader): Frontier {
  inRange(isCount(size), `tree size ${size} is not a count`);
  const frontier: Uint8Array[] = [];
  for (let from = 0; from < size;) {
    let [level, width] = [0, 1];
    while (width * 2 <= size - from) {
      width *= 2;
      level += 1;
    }
    frontier.push(node(level, from / width));
    from += width;
  }
  return frontier;
}

/** The frontier after leaves were appended to a tree of `size` leaves. Throws TLOG_RANGE. */
export function growFrontier(
  size: number,
  frontier: Frontier,
  leafHashes: readonly Uint8Array[],
): Frontier {
  inRange(isCount(size + leafHashes.length), 'the tree would have more than 2^53 - 1 leaves');
  const grown = [...frontier];
  for (const [at, leaf] of leafHashes.entries()) {
    let hash = leaf;
    // Each trailing one bit of the size is a subtree that this leaf makes part of a larger one.
    for (let left = size + at; left % 2 === 1; left = (left - 1) / 2) {
      const sibling = grown.pop();
      inRange(sibling !== undefined, `the frontier is not one of ${size} leaves`);
      hash = nodeHash(sibling, hash);
    }
    grown.push(hash);
  }
  return grown;
}

/** The root of the tree with this frontier (RFC 6962, 2.1). */
export const frontierRoot = (frontier: Frontier): Uint8Array =>
  frontier.length === 0 ? EMPTY_ROOT : frontier.reduceRight((right, left) => nodeHash(left, right));
