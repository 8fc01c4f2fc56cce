import { errorEntry, fail, QError, type InputOf } from '@anarq/common-schemas';
import { process, type ProcessContext } from '@anarq/kernel';
import type { BatchAnswer } from '../engine/group.ts';
import { booksOf } from '../books/books.ts';
import { causeOf, keyText } from '../books/keys.ts';
import { inBooks } from '../books/refused.ts';
import { ledger } from '../contract.ts';
import { accountsByKey } from '../names.ts';
import type { BroughtBatch } from '../served/broughtBatch.ts';
import { keepLastPage } from '../served/lastPage.ts';
import { isTicket } from '../served/ticket.ts';
import { movedBy } from '../served/total.ts';
import { checkGoesOn } from '../goesOn.ts';

type Input = InputOf<typeof ledger.createBatch>;
type Context = ProcessContext<typeof ledger.createBatch>;
/** A batch that is in the books. */
type Done = BatchAnswer & { readonly records: Uint8Array };

export const createBatch = process(ledger.createBatch, async (input, ctx) => {
  const { results, page, records } = await done(input, ctx);
  // An empty batch leaves nothing in the log.
  if (results.length > 0) keepLastPage(ctx, page);
  if (input.unit !== undefined) ctx.spent(movedBy(records, results, input.unit));
  return { created: results.reduce((sum, result) => (result === 0 ? sum + 1 : sum), 0), page };
});

/** The batch, once it is in the books; whether this run brings it there, or one before did. */
async function done(input: Input, ctx: Context): Promise<Done> {
  const books = booksOf(ctx);
  const cause = causeOf(ctx.id('batch'));
  const brought = books.brought.batch(input.batch);
  if (brought !== undefined && !brought.isWithdrawn && brought.sha256 === input.sha256) {
    const answer = await carryOut(brought, ctx, cause);
    return { ...answer, records: brought.records };
  }
  // A run before this one may have been cut off after it had begun. The bytes are gone with it.
  const found = isTicket(ctx.services.sealer, input.batch, input.fromPage)
    ? await books.batchBehind(input.fromPage, cause)
    : undefined;
  return (
    found ??
    fail(
      'CANCELLED',
      'The bytes of this batch are not here: nothing of it was done. Send it again.',
    )
  );
}

/**
 * Brings it into the books after the batch before it on its connection.
 * @throws QError that is never retried: who comes next on the connection would overtake it
 */
async function carryOut(
  brought: BroughtBatch,
  ctx: Context,
  cause: Uint8Array,
): Promise<BatchAnswer> {
  await brought.before;
  if (brought.isWithdrawn) fail('CANCELLED', 'Whoever brought this batch has gone.');
  try {
    return await brought.carryOut((applied) => bring(brought, ctx, cause, applied));
  } catch (error) {
    if (!(error instanceof QError) || !errorEntry(error.code).retryable) throw error;
    return fail('CANCELLED', `The books did not take this batch: ${error.message}`);
  }
}

async function bring(
  { records, access }: BroughtBatch,
  ctx: Context,
  cause: Uint8Array,
  applied: () => void,
): Promise<BatchAnswer> {
  const books = booksOf(ctx);
  const survey = access.survey(records, books.state);
  if (survey.others.size > 0) await checkOthers(ctx, survey.others);
  checkGoesOn(ctx);
  return inBooks(
    books.createTransfers(records, cause, (state) => {
      access.lookAgain(records, state, survey);
      applied();
    }),
  );
}

/** @throws QONSENT_DENIED where no grant lets the subject move money out of one of these accounts */
async function checkOthers(ctx: Context, others: ReadonlyMap<bigint, number>): Promise<void> {
  const names = await accountsByKey(ctx, others.keys());
  for (const [key, index] of others) {
    const name = names.get(keyText(key));
    const isAllowed =
      name !== undefined &&
      (await ctx.allows('/ledger/create-transfers', `ledger/account/${name.id}`));
    if (isAllowed) continue;
    fail('QONSENT_DENIED', 'Only its owner moves money out of an account, closes or balances it.', {
      why: {
        rule: `${ctx.call.subject} does not own an account of transfer ${index} of the batch, nor holds a grant for it`,
        ...(name === undefined ? {} : { changeableBy: name.owner }),
      },
      index,
    });
  }
}
