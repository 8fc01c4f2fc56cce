import { fail } from '@anarq/common-schemas';
import { LedgerRefusal } from '../engine/refusal.ts';

/**
 * Does something with the books.
 * @throws QError what the engine refused as a whole, in the words of the table
 */
export async function inBooks<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof LedgerRefusal)) throw error;
    return fail(
      error.code,
      `${error.message[0]?.toUpperCase() ?? ''}${error.message.slice(1)}.`,
      error.code === 'SERVICE_UNAVAILABLE' ? { retryAfter_ms: 250 } : {},
    );
  }
}
