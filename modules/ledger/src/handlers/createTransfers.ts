import { fail, type InputOf } from '@anarq/common-schemas';
import { process, type ProcessContext } from '@anarq/kernel';
import { checkAccounts, checkIds, stillOpen } from '../access.ts';
import { readAmount } from '../amounts.ts';
import { booksOf } from '../books/books.ts';
import { causeOf, transferKey } from '../books/keys.ts';
import { inBooks } from '../books/refused.ts';
import { transferRecords, type TransferRequest } from '../books/requests.ts';
import { ledger } from '../contract.ts';
import { TRANSFER_FLAGS } from '../flags.ts';
import { keepTransferNames } from '../keepNames.ts';
import { movedBy, pendingOf, readRequests, type Pending } from '../givenTransfers.ts';
import { transferResult } from '../results.ts';
import { checkGoesOn } from '../goesOn.ts';
import type { BatchAnswer } from '../engine/group.ts';

type Input = InputOf<typeof ledger.createTransfers>;
type Context = ProcessContext<typeof ledger.createTransfers>;

export const createTransfers = process(ledger.createTransfers, async (input, ctx) => {
  checkIds(ctx, input.transfers);
  const pending = await pendingOf(ctx, input.transfers);
  const requests = readRequests(input.transfers, pending);
  checkLimit(input, requests);
  const batchId = ctx.id('batch');
  const answer = await carryOut(ctx, batchId, requests, pending);
  keepTransferNames(ctx, batchId, answer, requests);
  return {
    results: requests.map(({ id }, index) => ({
      id,
      result: transferResult(answer.results[index] ?? 0),
    })),
  };
});

/** Puts the transfers into the books, once, whatever happens to this call. */
async function carryOut(
  ctx: Context,
  batchId: string,
  requests: readonly TransferRequest[],
  pending: Pending,
): Promise<BatchAnswer> {
  const books = booksOf(ctx);
  const cause = causeOf(batchId);
  const { tenant } = ctx.call;
  const keys = requests.map(({ id }) => transferKey(tenant, id));
  // A run before this one was cut off after it had begun.
  const done = await books.ask(() => books.outcomeOf(cause, keys));
  if (done !== undefined) return done;
  const moved = await movedBy(ctx, requests, pending);
  const opened = await checkAccounts(ctx, moved);
  checkGoesOn(ctx);
  return inBooks(
    books.createTransfers(transferRecords(tenant, requests), cause, stillOpen(ctx, moved, opened)),
  );
}

/**
 * What the caller said it would move at most bounds the sum of its transfers; a post or a void moves
 * what was counted when it was held.
 * @throws PRICE_ABOVE_LIMIT, or INPUT_INVALID where there is no unit, or a transfer is in another one or names no
 * amount
 */
function checkLimit(
  { maxAmount, unit, transfers }: Input,
  requests: readonly TransferRequest[],
): void {
  if (maxAmount === undefined) return;
  if (unit === undefined) return fail('INPUT_INVALID', 'maxAmount says nothing without its unit.');
  const moving = requests.filter((_, i) => transfers[i]?.pendingId === undefined);
  if (moving.some((request) => request.unit !== unit))
    fail('INPUT_INVALID', `Under a limit in ${unit} every transfer is in ${unit}.`, { unit });
  const balancing = TRANSFER_FLAGS.balancing_debit | TRANSFER_FLAGS.balancing_credit;
  if (
    moving.some(({ flags, amountMinor }) => (flags & balancing) !== 0 && amountMinor === undefined)
  )
    fail('INPUT_INVALID', 'Under a limit a balancing transfer says what it moves at most.');
  const total = moving.reduce((sum, { amountMinor }) => sum + (amountMinor ?? 0n), 0n);
  if (total > readAmount(maxAmount, unit))
    fail('PRICE_ABOVE_LIMIT', `The transfers move more than ${maxAmount} ${unit}.`, {
      maxAmount,
      unit,
    });
}
