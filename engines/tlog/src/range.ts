import { TlogError } from './errors.ts';

/** Largest power of two strictly below n; n at least 2. The split point of RFC 6962, 2.1. */
export function splitPoint(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/**
 * Whether [start, end) may be signed and proved as a subtree: not empty, and start a multiple of the
 * smallest power of two that is at least its length (draft-ietf-plants-merkle-tree-certs, "Subtrees").
 */
export function isSubtree(start: number, end: number): boolean {
  if (!isCount(start) || !isCount(end) || start >= end) return false;
  const length = end - start;
  return start % (length === 1 ? 1 : splitPoint(length) * 2) === 0;
}

/** Whether n is a tree size or an index: an integer from 0 to 2^53 - 1. */
export function isCount(n: number): boolean {
  return Number.isSafeInteger(n) && n >= 0;
}

/** Throws TLOG_RANGE with the message unless the condition holds. */
export function inRange(condition: boolean, message: string): asserts condition {
  if (!condition) throw new TlogError('TLOG_RANGE', message);
}
