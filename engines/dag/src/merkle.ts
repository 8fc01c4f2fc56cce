import { digestOf } from './hash.ts';

/**
 * A Merkle tree in the shape of RFC 6962 section 2.1, with SHA3-256 and domains of its own for leaves and
 * nodes. The root of nothing is a digest too.
 */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return digestOf('merkle-empty');
  if (leaves.length === 1) return digestOf('merkle-leaf', leaves[0]!);
  const left = largestPowerBelow(leaves.length);
  return node(merkleRoot(leaves.slice(0, left)), merkleRoot(leaves.slice(left)));
}

/** The roots beside the way from a leaf up, the lowest first. */
export function merklePath(leaves: readonly Uint8Array[], index: number): readonly Uint8Array[] {
  if (leaves.length < 2) return [];
  const left = largestPowerBelow(leaves.length);
  return index < left
    ? [...merklePath(leaves.slice(0, left), index), merkleRoot(leaves.slice(left))]
    : [...merklePath(leaves.slice(left), index - left), merkleRoot(leaves.slice(0, left))];
}

/** The root that a leaf at a place among `count` leaves has under a path; undefined where the path does not fit. */
export function rootByPath(
  leaf: Uint8Array,
  index: number,
  count: number,
  path: readonly Uint8Array[],
): Uint8Array | undefined {
  if (!(index >= 0 && index < count)) return undefined;
  if (count === 1) return path.length === 0 ? digestOf('merkle-leaf', leaf) : undefined;
  const beside = path.at(-1);
  if (beside === undefined) return undefined;
  const left = largestPowerBelow(count);
  const isLeft = index < left;
  const below = isLeft
    ? rootByPath(leaf, index, left, path.slice(0, -1))
    : rootByPath(leaf, index - left, count - left, path.slice(0, -1));
  if (below === undefined) return undefined;
  return isLeft ? node(below, beside) : node(beside, below);
}

const node = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  digestOf('merkle-node', left, right);

const largestPowerBelow = (count: number): number => 2 ** Math.ceil(Math.log2(count) - 1);
