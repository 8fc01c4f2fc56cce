import { booksOf } from '../books/books.ts';
import { transferKey } from '../books/keys.ts';
import { transferEntry } from '../books/records.ts';
import type { LedgerReader } from '../names.ts';
import { transferResult } from '../results.ts';
import type { TransactionResult } from './models.ts';
import { transferIdOf, type Heading } from './postings.ts';

/** What became of a transaction, and which posting was in the way, counted from 1. */
export interface Outcome {
  readonly result: TransactionResult;
  readonly posting?: number;
}

/** Reads the results of a chain as one. */
export async function outcomeOf(
  ctx: LedgerReader,
  { id, mark }: Heading,
  results: Uint32Array,
): Promise<Outcome> {
  const at = results.findIndex((number) => !PASSED.has(transferResult(number)));
  if (at === -1) return { result: 'created' };
  const word = transferResult(results[at] ?? 0);
  const posting = at + 1;
  // What is no word of a posting was taken out, or is told here.
  if (!word.startsWith('exists')) return { result: word as TransactionResult, posting };
  if (posting > 1) return { result: 'exists_with_different_content', posting };
  const first = await booksOf(ctx).ask((queries) => {
    const record = queries.transfer(transferKey(ctx.call.tenant, transferIdOf(id, 1)));
    return record === undefined ? undefined : transferEntry(record);
  });
  return first?.mark === mark
    ? { result: 'exists' }
    : { result: 'exists_with_different_content', posting };
}

/** Created, or not created because another posting was in the way. */
const PASSED: ReadonlySet<string> = new Set(['created', 'linked_event_failed']);
