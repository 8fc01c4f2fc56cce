import { EMPTY_ROOT, nodeHash } from './hash.ts';
import { inRange, isCount, isSubtree, splitPoint } from './range.ts';

/**
 * Reads the hash of a complete subtree: leaves [index * 2^level, (index + 1) * 2^level). It is asked only for
 * subtrees that lie wholly inside the tree. 32 bytes.
 */
export type NodeReader = (level: number, index: number) => Uint8Array;

/** A node reader over leaf hashes held in memory; for small trees and tests. */
export function nodesOfLeaves(leaves: readonly Uint8Array[]): NodeReader {
  const levels: Uint8Array[][] = [[...leaves]];
  for (let below = levels[0] ?? []; below.length > 1;) {
    const above: Uint8Array[] = [];
    for (let i = 0; i + 1 < below.length; i += 2) {
      above.push(nodeHash(at(below, i), at(below, i + 1)));
    }
    levels.push(above);
    below = above;
  }
  return (level, index) => at(levels[level] ?? [], index);
}

/** Merkle tree hash of the first `size` leaves (RFC 6962, 2.1). Throws TLOG_RANGE. */
export function treeRoot(size: number, node: NodeReader): Uint8Array {
  inRange(isCount(size), `tree size ${size} is not a count`);
  return size === 0 ? EMPTY_ROOT : rangeRoot(0, size, node);
}

/** Hash of the subtree [start, end). Throws TLOG_RANGE when that is no subtree. */
export function subtreeRoot(start: number, end: number, node: NodeReader): Uint8Array {
  inRange(isSubtree(start, end), `[${start}, ${end}) is not a subtree`);
  return rangeRoot(start, end, node);
}

/** Inclusion proof of the leaf at `index` in the tree of `size` leaves (RFC 6962, 2.1.1). Throws TLOG_RANGE. */
export function proveInclusion(index: number, size: number, node: NodeReader): Uint8Array[] {
  return proveSubtreeInclusion(index, 0, size, node);
}

/** Inclusion proof of the leaf at `index` (of the whole tree) in the subtree [start, end). Throws TLOG_RANGE. */
export function proveSubtreeInclusion(
  index: number,
  start: number,
  end: number,
  node: NodeReader,
): Uint8Array[] {
  inRange(isSubtree(start, end), `[${start}, ${end}) is not a subtree`);
  inRange(isCount(index) && index >= start && index < end, `leaf ${index} is not in the tree`);
  const proof: Uint8Array[] = [];
  let [low, high] = [start, end];
  while (high - low > 1) {
    const middle = low + splitPoint(high - low);
    if (index < middle) {
      proof.push(rangeRoot(middle, high, node));
      high = middle;
    } else {
      proof.push(rangeRoot(low, middle, node));
      low = middle;
    }
  }
  return proof.toReversed();
}

/** Consistency proof between two tree sizes, 0 < size1 <= size2 (RFC 6962, 2.1.2). Throws TLOG_RANGE. */
export function proveConsistency(size1: number, size2: number, node: NodeReader): Uint8Array[] {
  return proveSubtreeConsistency(0, size1, size2, node);
}

/**
 * Proof that the subtree [start, end) is part of the tree of `size` leaves; the recursion of SUBTREE_PROOF
 * (draft-ietf-plants-merkle-tree-certs), walked from the root down. Throws TLOG_RANGE.
 */
export function proveSubtreeConsistency(
  start: number,
  end: number,
  size: number,
  node: NodeReader,
): Uint8Array[] {
  inRange(isSubtree(start, end), `[${start}, ${end}) is not a subtree`);
  inRange(isCount(size) && end <= size, `the tree of ${size} leaves does not hold ${end}`);
  const proof: Uint8Array[] = [];
  let [low, high, from, known] = [0, size, start, true];
  while (from !== low || end !== high) {
    const middle = low + splitPoint(high - low);
    if (end <= middle) {
      proof.push(rangeRoot(middle, high, node));
      high = middle;
      continue;
    }
    proof.push(rangeRoot(low, middle, node));
    known &&= from >= middle;
    from = Math.max(from, middle);
    low = middle;
  }
  if (!known) proof.push(rangeRoot(low, high, node));
  return proof.toReversed();
}

/** Folds the complete subtrees that make up [low, high), largest first, from the right. */
function rangeRoot(low: number, high: number, node: NodeReader): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (let from = low; from < high;) {
    let [level, width] = [0, 1];
    while (width * 2 <= high - from) {
      width *= 2;
      level += 1;
    }
    pieces.push(node(level, from / width));
    from += width;
  }
  return pieces.reduceRight((right, left) => nodeHash(left, right));
}

function at(hashes: readonly Uint8Array[], index: number): Uint8Array {
  const hash = hashes[index];
  inRange(hash !== undefined, `hash ${index} is outside the tree`);
  return hash;
}
