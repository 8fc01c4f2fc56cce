import { EMPTY_ROOT, HASH_BYTES, nodeHash, sameBytes } from './hash.ts';
import { isCount, isSubtree, splitPoint } from './range.ts';

/** Hashes of a proof, each 32 bytes, from the leaf's side up to the root's side. */
export type Proof = readonly Uint8Array[];

/** The longest proof there can be for a tree of at most 2^53 - 1 leaves. */
export const PROOF_HASHES_MAX = 54;

/**
 * Whether a leaf hash stands at `index` of the tree with `size` leaves and root `root` (RFC 6962, 2.1.1).
 * False for anything malformed; never throws.
 */
export function verifyInclusion(
  index: number,
  size: number,
  leaf: Uint8Array,
  proof: Proof,
  root: Uint8Array,
): boolean {
  return verifySubtreeInclusion(index, 0, size, leaf, proof, root);
}

/**
 * Whether a leaf hash stands at `index` (counted in the whole tree) of the subtree [start, end) with root `root`
 * (draft-ietf-plants-merkle-tree-certs, "Subtree Inclusion Proofs"). Never throws.
 */
export function verifySubtreeInclusion(
  index: number,
  start: number,
  end: number,
  leaf: Uint8Array,
  proof: Proof,
  root: Uint8Array,
): boolean {
  if (!isCount(index) || !isSubtree(start, end) || index < start || index >= end) return false;
  if (leaf.length !== HASH_BYTES || !areHashes(proof)) return false;

  const siblingIsLeft: boolean[] = [];
  let at = index - start;
  let n = end - start;
  while (n > 1) {
    const k = splitPoint(n);
    siblingIsLeft.push(at >= k);
    n = at < k ? k : n - k;
    at = at < k ? at : at - k;
  }
  if (proof.length !== siblingIsLeft.length) return false;

  let hash = leaf;
  for (const sibling of proof) {
    hash = siblingIsLeft.pop() === true ? nodeHash(sibling, hash) : nodeHash(hash, sibling);
  }
  return sameBytes(hash, root);
}

/**
 * Whether the tree of size2 and root2 only appends to the tree of size1 and root1 (RFC 6962, 2.1.2).
 * A proof from the empty tree says nothing and is refused. Never throws.
 */
export function verifyConsistency(
  size1: number,
  size2: number,
  root1: Uint8Array,
  root2: Uint8Array,
  proof: Proof,
): boolean {
  return size1 > 0 && verifySubtreeConsistency(0, size1, size2, root1, root2, proof);
}

type Side = 'right of both' | 'left of the tree' | 'left of both';

/**
 * Whether the subtree [start, end) with hash `subtreeRoot` is part of the tree of `size` leaves and root `root`
 * (draft-ietf-plants-merkle-tree-certs, "Subtree Consistency Proofs"). The empty subtree has the empty hash and an
 * empty proof, and is part of every tree. Never throws.
 */
export function verifySubtreeConsistency(
  start: number,
  end: number,
  size: number,
  subtreeRoot: Uint8Array,
  root: Uint8Array,
  proof: Proof,
): boolean {
  if (!isCount(size) || !isCount(start) || !areHashes(proof) || !(end <= size)) return false;
  if (start === end) return proof.length === 0 && sameBytes(subtreeRoot, EMPTY_ROOT);
  if (!isSubtree(start, end)) return false;

  const { sides, known } = consistencyPath(start, end, size);
  if (proof.length !== sides.length + (known ? 0 : 1)) return false;

  const rest = [...proof];
  const first = known ? subtreeRoot : rest.shift();
  if (first === undefined) return false;
  let inSubtree = first;
  let inTree = first;
  for (const sibling of rest) {
    const side = sides.pop();
    if (side === 'left of both') inSubtree = nodeHash(sibling, inSubtree);
    inTree = side === 'right of both' ? nodeHash(inTree, sibling) : nodeHash(sibling, inTree);
  }
  return sameBytes(inSubtree, subtreeRoot) && sameBytes(inTree, root);
}

/**
 * The way from the root down to the node that a consistency proof begins with: where each sibling lies, root side
 * first; `known` says that this node is the subtree itself, so that the proof does not repeat its hash.
 */
function consistencyPath(
  start: number,
  end: number,
  size: number,
): { sides: Side[]; known: boolean } {
  const sides: Side[] = [];
  let [from, to, n, known] = [start, end, size, true];
  while (from !== 0 || to !== n) {
    const k = splitPoint(n);
    if (to <= k) {
      sides.push('right of both');
      n = k;
      continue;
    }
    sides.push(from >= k ? 'left of the tree' : 'left of both');
    known &&= from >= k;
    from = Math.max(0, from - k);
    to -= k;
    n -= k;
  }
  return { sides, known };
}

function areHashes(proof: Proof): boolean {
  return proof.length <= PROOF_HASHES_MAX && proof.every((hash) => hash.length === HASH_BYTES);
}
