import { fail } from '@anarq/common-schemas';

/** A search that many words match reads for long; more of them at once would starve other reads. */
const AT_ONCE_MAX = 2;
const RETRY_AFTER_MS = 200;

const running = new Map<string, number>();

/**
 * Runs a search of somebody, unless two of theirs are under way.
 * @param root DID of who searches; its sub-identities count as itself
 * @throws RATE_LIMIT_EXCEEDED
 */
export async function amongFew<T>(root: string, search: () => Promise<T>): Promise<T> {
  const before = running.get(root) ?? 0;
  if (before >= AT_ONCE_MAX)
    fail('RATE_LIMIT_EXCEEDED', `You have ${AT_ONCE_MAX} searches under way.`, {
      retryAfter_ms: RETRY_AFTER_MS,
      limit: `${AT_ONCE_MAX} searches at a time`,
    });
  running.set(root, before + 1);
  try {
    return await search();
  } finally {
    const left = (running.get(root) ?? 1) - 1;
    if (left === 0) running.delete(root);
    else running.set(root, left);
  }
}
