import { fail } from '@anarq/common-schemas';
import type { LedgerState, Queries } from '@anarq/ledger-engine';
import type { Books } from '../books/books.ts';
import { causeOf, transferKey } from '../books/keys.ts';
import type { BatchAnswer } from '../engine/group.ts';
import { transferIdOf, type Posting } from './postings.ts';

/**
 * The id of a revert that was refused for a passing reason is used up, and what was refused today may be
 * there tomorrow: each attempt has an id of its own. So often it may be refused.
 */
const ATTEMPTS_MAX = 64;

/** Ids like this are the ledger's to give: nobody else can be in the way of a revert. */
const revertIdOf = (transactionId: string, attempt: number): string =>
  `ledger:revert:${attempt}:${transactionId}`;

/** What moves the postings of a transaction back, the last one first. */
export const reversed = (postings: readonly Posting[]): Posting[] =>
  postings.toReversed().map((posting) => ({
    ...posting,
    debitAccountId: posting.creditAccountId,
    creditAccountId: posting.debitAccountId,
  }));

/** Where the reverting of a transaction stands in the books. */
export interface Standing {
  /** The id of the attempt that is next, or of the one that reverted it. */
  readonly revertId: string;
  /** What this very call brought about, before it was cut off. */
  readonly done?: BatchAnswer;
  readonly isReverted: boolean;
}

/** What is asked about: the postings of which transaction, in which tenant. */
export interface Reverting {
  readonly tenant: string;
  readonly transactionId: string;
  readonly postings: number;
  /** Of the call that asks. */
  readonly batchId: string;
}

const keysOf = ({ tenant, postings }: Reverting, revertId: string): bigint[] =>
  Array.from({ length: postings }, (_, index) =>
    transferKey(tenant, transferIdOf(revertId, index + 1)),
  );

const isUsed = (queries: Queries, keys: readonly bigint[]): boolean =>
  keys.some((key) => queries.usedBy(key) !== undefined);

/**
 * Looks where the reverting of a transaction stands.
 * @throws LIMIT_EXCEEDED where it was refused too often
 */
export function standingOf(books: Books, of: Reverting): Promise<Standing> {
  return books.ask((queries) => {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const revertId = revertIdOf(of.transactionId, attempt);
      const keys = keysOf(of, revertId);
      if (!isUsed(queries, keys)) return { revertId, isReverted: false };
      const done = books.outcomeOf(causeOf(of.batchId), keys);
      if (done !== undefined) return { revertId, done, isReverted: false };
      // All of an attempt is made, or nothing.
      const [first = 0n] = keys;
      if (queries.transfer(first) !== undefined) return { revertId, isReverted: true };
    }
    return fail(
      'LIMIT_EXCEEDED',
      `A revert may be refused ${ATTEMPTS_MAX} times; make a transaction of your own instead.`,
      { limit: ATTEMPTS_MAX, transactionId: of.transactionId },
    );
  });
}

/** Somebody else tried to revert it in the meantime. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

/** Refuses an attempt that somebody else made in the meantime. @throws Overtaken */
export const isFree =
  (of: Reverting, revertId: string) =>
  ({ queries }: LedgerState): void => {
    if (isUsed(queries, keysOf(of, revertId))) throw new Overtaken();
  };
