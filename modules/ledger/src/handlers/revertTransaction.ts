import { fail, type InputOf } from '@anarq/common-schemas';
import { process, type ProcessContext } from '@anarq/kernel';
import { booksOf } from '../books/books.ts';
import { ledger } from '../contract.ts';
import type { BatchAnswer } from '../engine/group.ts';
import { accountsOf, carryOut, keep } from '../transactions/carryOut.ts';
import { outcomeOf } from '../transactions/outcome.ts';
import { checkCeiling, markOf, writePosting } from '../transactions/postings.ts';
import type { Heading, Posting } from '../transactions/postings.ts';
import { postingsIn, readableTransaction } from '../transactions/read.ts';
import { isFree, Overtaken, reversed, standingOf } from '../transactions/reverts.ts';
import { transactionNames } from '../transactions/store.ts';

type Context = ProcessContext<typeof ledger.revertTransaction>;

/** Each attempt that overtakes this one uses an id up; there are 64 of them. */
const OVERTAKEN_MAX = 64;

export const revertTransaction = process(ledger.revertTransaction, async (input, ctx) => {
  const { transactionId, userData, metadata = {} } = input;
  const original = await readableTransaction(ctx, transactionId);
  if (original.name.reverts !== undefined)
    fail('STATE_CONFLICT', 'It is a revert itself; make what it took back anew.', {
      state: 'revert',
      reverts: original.name.reverts,
    });
  const postings = reversed(postingsIn(original));
  checkCeiling(input, postings);
  const batchId = ctx.id('batch');
  const code = original.entries[0]?.code ?? 1;
  const { heading, answer } = await revertOnce(ctx, { batchId, input, code, postings });
  if (answer === undefined) return { id: heading.id, result: 'exists' as const };
  const outcome = await outcomeOf(ctx, heading, answer.results);
  const accounts = accountsOf(postings);
  keep(ctx, batchId, heading, answer, accounts, { userData, metadata, reverts: transactionId });
  if (outcome.result !== 'created') return { id: heading.id, ...outcome };
  const row = await ctx.rows(transactionNames).require(transactionId);
  ctx.rows(transactionNames).update(row, { reverted_by: heading.id });
  return { id: heading.id, ...outcome, postings: postings.map(writePosting) };
});

interface Revert {
  readonly batchId: string;
  readonly input: InputOf<typeof ledger.revertTransaction>;
  readonly code: number;
  readonly postings: readonly Posting[];
}

/** Puts the revert into the books, unless there is one: then there is no answer. */
async function revertOnce(
  ctx: Context,
  { batchId, input, code, postings }: Revert,
): Promise<{ readonly heading: Heading; readonly answer?: BatchAnswer }> {
  const { transactionId, userData = null, metadata = {} } = input;
  const mark = markOf({ reverts: transactionId, code, userData, metadata });
  const { tenant } = ctx.call;
  const of = { tenant, transactionId, postings: postings.length, batchId };
  for (let run = 0; run < OVERTAKEN_MAX; run++) {
    const { revertId, done, isReverted } = await standingOf(booksOf(ctx), of);
    const heading = { id: revertId, code, mark };
    if (isReverted) return { heading };
    if (done !== undefined) return { heading, answer: done };
    try {
      const answer = await carryOut(ctx, batchId, heading, postings, isFree(of, revertId));
      return { heading, answer };
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error;
    }
  }
  return fail('SERVICE_UNAVAILABLE', 'Too many calls revert it at once.', { retryAfter_ms: 250 });
}
