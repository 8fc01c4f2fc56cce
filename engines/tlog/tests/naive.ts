import { createHash } from 'node:crypto';

/** The definitions of RFC 6962, 2.1, and of the subtree draft, as the texts write them: recursive and slow. */

/** MTH of a list of leaf hashes. */
export function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (only === undefined) return new Uint8Array(createHash('sha256').digest());
  if (leaves.length === 1) return only;
  const k = split(leaves.length);
  return pair(naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}

/** PATH(m, D). */
export function naivePath(m: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length <= 1) return [];
  const k = split(leaves.length);
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)];
  return m < k
    ? [...naivePath(m, left), naiveRoot(right)]
    : [...naivePath(m - k, right), naiveRoot(left)];
}

/** SUBTREE_SUBPROOF(start, end, D, known); PROOF(m, D) is the case start = 0, known = true. */
export function naiveSubproof(
  start: number,
  end: number,
  leaves: readonly Uint8Array[],
  known = true,
): Uint8Array[] {
  if (start === 0 && end === leaves.length) return known ? [] : [naiveRoot(leaves)];
  const k = split(leaves.length);
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)];
  if (end <= k) return [...naiveSubproof(start, end, left, known), naiveRoot(right)];
  if (k <= start) return [...naiveSubproof(start - k, end - k, right, known), naiveRoot(left)];
  return [...naiveSubproof(0, end - k, right, false), naiveRoot(left)];
}

function split(n: number): number {
  return 2 ** Math.floor(Math.log2(n - 1));
}

function pair(left: Uint8Array, right: Uint8Array): Uint8Array {
  return new Uint8Array(
    createHash('sha256').update(Uint8Array.of(1)).update(left).update(right).digest(),
  );
}
