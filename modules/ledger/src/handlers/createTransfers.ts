import { fail, type InputOf } from '@anarq/common-schemas';
import { process, type ProcessContext } from '@anarq/kernel';
import { checkAccounts, checkIds, stillOpen, type Moved } from '../access.ts';
import { readAmount } from '../amounts.ts';
import { booksOf } from '../books/books.ts';
import { causeOf, keyText, transferKey } from '../books/keys.ts';
import { transferEntry, type TransferEntry } from '../books/records.ts';
import { inBooks } from '../books/refused.ts';
import { transferRecords, type TransferRequest } from '../books/requests.ts';
import { ledger } from '../contract.ts';
import { RESOLVING, toBits, TRANSFER_FLAGS } from '../flags.ts';
import { keepTransferNames } from '../keepNames.ts';
import { accountsByKey } from '../names.ts';
import { transferResult } from '../results.ts';
import { checkGoesOn } from '../goesOn.ts';
import type { BatchAnswer } from '../engine/group.ts';

type Input = InputOf<typeof ledger.createTransfers>;
type Context = ProcessContext<typeof ledger.createTransfers>;
/** Pending transfers that are in the books already, by the ids that they were given. */
type Pending = ReadonlyMap<string, TransferEntry>;

export const createTransfers = process(ledger.createTransfers, async (input, ctx) => {
  checkIds(ctx, input.transfers);
  const pending = await pendingOf(ctx, input.transfers);
  const requests = input.transfers.map((given) => readRequest(given, input.transfers, pending));
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

/** The pending transfers that posts and voids name, where an earlier call made them. */
async function pendingOf(ctx: Context, given: Input['transfers']): Promise<Pending> {
  const { tenant } = ctx.call;
  const ids = new Set(given.flatMap(({ pendingId }) => pendingId ?? []));
  if (ids.size === 0) return new Map();
  return booksOf(ctx).ask((queries) => {
    const found = new Map<string, TransferEntry>();
    for (const id of ids) {
      const record = queries.transfer(transferKey(tenant, id));
      if (record !== undefined) found.set(id, transferEntry(record));
    }
    return found;
  });
}

/**
 * A transfer of the wire with its amount in minor units. A post or void may leave its unit out: it is
 * that of the pending transfer, of an earlier call or of this one. Without any unit there is no minor
 * amount, and the rules refuse the transfer for what it lacks.
 */
function readRequest(
  { amount, ...transfer }: Input['transfers'][number],
  all: Input['transfers'],
  pending: Pending,
): TransferRequest {
  const unit =
    transfer.unit ??
    pending.get(transfer.pendingId ?? '')?.unit ??
    all.find(({ id }) => id === transfer.pendingId)?.unit;
  return {
    ...transfer,
    timeout_s: transfer.timeout_s ?? 0,
    flags: toBits(TRANSFER_FLAGS, transfer.flags ?? []),
    ...(amount === undefined || unit === undefined
      ? {}
      : { amountMinor: readAmount(amount, unit) }),
  };
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

/**
 * The accounts that each transfer is between; those of its pending transfer for a post or a void. A
 * pending transfer of this very call is checked itself.
 */
async function movedBy(
  ctx: Context,
  requests: readonly TransferRequest[],
  pending: Pending,
): Promise<Moved[]> {
  const accounts = await accountsByKey(
    ctx,
    [...pending.values()].flatMap(({ debitKey, creditKey }) => [debitKey, creditKey]),
  );
  return requests.map(({ pendingId, ...request }) => {
    // What ends no pending transfer and names one is refused by the rules.
    if ((request.flags & RESOLVING) === 0) return request;
    const of = pending.get(pendingId ?? '');
    const idOf = (key: bigint | undefined): string | undefined =>
      key === undefined ? undefined : accounts.get(keyText(key))?.id;
    return {
      id: request.id,
      pendingId,
      debitAccountId: idOf(of?.debitKey),
      creditAccountId: idOf(of?.creditKey),
      flags: of?.flags ?? 0,
    };
  });
}
