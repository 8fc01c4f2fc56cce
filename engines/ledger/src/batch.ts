import type { Books } from './books.ts';
import { RECORD_WORDS, T_CODE_FLAGS, T_ID, T_TIMESTAMP, TransferFlag } from './layout.ts';
import type { PlainTransfers } from './plainTransfers.ts';
import { isTransient, type ACCOUNT_RESULTS, type TRANSFER_RESULTS } from './results.ts';
import { Status } from './statuses.ts';

/** `linked` is the same bit of accounts and transfers; `imported` is not. */
const LINKED_WORD = TransferFlag.LINKED << 16;

/** One event of a batch: 0 where it succeeded, else why not. */
export type Create = (
  books: Books,
  words: Uint32Array,
  at: number,
  low: number,
  high: number,
  ordinal: number,
) => number;

interface Batch {
  readonly words: Uint32Array;
  readonly count: number;
  /** Time of the last event, in nanoseconds. */
  readonly timestamp: bigint;
  readonly results: Uint32Array;
  /** Ordinal of the first event; below 0 for accounts, which have none. */
  readonly first: number;
  /** The flag `imported`, in the word that holds it. */
  readonly importedWord: number;
  /** The table that the results are from. */
  readonly table: typeof ACCOUNT_RESULTS | typeof TRANSFER_RESULTS;
  /** The short way of plain transfers; accounts have none. */
  readonly plain?: PlainTransfers;
}

/**
 * Runs the events of a batch in their order. Those that are linked stand or fall together: the first
 * that fails says why, all others of its chain are `linked_event_failed`, and nothing of the chain
 * happened for whoever comes after it. The first event says whether the batch imports.
 */
export function runBatch(books: Books, batch: Batch, create: Create): void {
  const { words, count, timestamp, results, first, table: R, plain } = batch;
  const { undo } = books;
  const base = timestamp - BigInt(count) + 1n;
  let low = Number(base & 0xffffffffn);
  let high = Number(base >> 32n);
  const imported = count === 0 ? 0 : words[T_CODE_FLAGS]! & batch.importedWord;
  let chainFrom = -1;
  let isBroken = false;
  for (let index = 0; index < count; index++) {
    if (plain !== undefined && chainFrom === -1 && imported === 0) {
      const next = plain.carryOut(books, words, index, count, low, high, first);
      results.fill(R.created, index, next);
      low += next - index;
      if (low > 0xffffffff) {
        low -= 2 ** 32;
        high++;
      }
      index = next;
      if (index === count) break;
    }
    const at = index * RECORD_WORDS;
    const isLinked = (words[at + T_CODE_FLAGS]! & LINKED_WORD) !== 0;
    if (isLinked && chainFrom === -1) {
      chainFrom = index;
      undo.begin(books);
    }
    let result: number = R.created;
    if (isLinked && index === count - 1) result = R.linked_event_chain_open;
    else if (isBroken) result = R.linked_event_failed;
    else result = timeResultOf(batch, at, imported);
    if (result === R.created) result = create(books, words, at, low, high, first + index);
    results[index] = result;
    if (result !== R.created) {
      if (chainFrom !== -1 && !isBroken) {
        isBroken = true;
        undo.discard(books, words);
        results.fill(R.linked_event_failed, chainFrom, index);
      }
      if (first >= 0 && isTransient(result)) orphan(books, words, at, first + index);
    }
    if (chainFrom !== -1 && (!isLinked || index === count - 1)) {
      if (!isBroken) undo.keep(books);
      chainFrom = -1;
      isBroken = false;
    }
    low = (low + 1) >>> 0;
    if (low === 0) high++;
  }
}

/** The id of a transfer that failed for a passing reason never acts. */
function orphan(books: Books, words: Uint32Array, at: number, ordinal: number): void {
  books.ids.add(words, at + T_ID, ordinal);
  books.events.statuses.set(ordinal, Status.ORPHANED);
}

/** What is wrong with the timestamp that an event came with. */
function timeResultOf(batch: Batch, at: number, imported: number): number {
  const { words, importedWord, table: R } = batch;
  const isImported = words[at + T_CODE_FLAGS]! & importedWord;
  if (isImported !== imported)
    return isImported === 0 ? R.imported_event_expected : R.imported_event_not_expected;
  const low = words[at + T_TIMESTAMP]!;
  const high = words[at + T_TIMESTAMP + 1]!;
  if (isImported === 0) return (low | high) === 0 ? R.created : R.timestamp_must_be_zero;
  if ((low | high) === 0 || high > 0x7fffffff) return R.imported_event_timestamp_out_of_range;
  if (((BigInt(high) << 32n) | BigInt(low)) >= batch.timestamp)
    return R.imported_event_timestamp_must_not_advance;
  return R.created;
}
