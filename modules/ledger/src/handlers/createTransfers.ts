import { fail, type InputOf } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { checkAccounts, checkIds } from '../access.ts';
import { toBits } from '../account.ts';
import { readAmount } from '../amounts.ts';
import { planTransfers } from '../batch.ts';
import { ledger } from '../contract.ts';
import { hasDueTransfers, loadWorkingSet, readTransfers, type LedgerReader } from '../reading.ts';
import { AMOUNT_MAX_MINOR } from '../store.ts';
import { TRANSFER_FLAGS, type TransferRequest } from '../transfer.ts';
import { expireDue, writePlan } from '../writing.ts';

type Transfers = InputOf<typeof ledger.createTransfers>['transfers'];

export const createTransfers = handler(ledger.createTransfers, async (input, ctx) => {
  checkIds(ctx, input.transfers);
  const requests = await readRequests(ctx, input.transfers);
  checkLimit(input, requests);
  const set = await loadWorkingSet(ctx, requests);
  await checkAccounts(ctx, requests, set);
  const plan = planTransfers(requests, set, {
    now_ms: ctx.now_ms,
    amountMaxMinor: AMOUNT_MAX_MINOR,
  });
  if (plan.created.length > 0 && (await hasDueTransfers(ctx))) expireDue(ctx);
  writePlan(ctx, plan, set.accounts);
  return { results: requests.map(({ id }, i) => ({ id, result: plan.results[i] ?? 'created' })) };
});

/**
 * What the caller said it would move at most bounds the sum of its transfers; a post or a void moves
 * what was counted when it was held.
 * @throws PRICE_ABOVE_LIMIT, or INPUT_INVALID where a transfer is in another unit
 */
function checkLimit(
  { maxAmount, unit, transfers }: InputOf<typeof ledger.createTransfers>,
  requests: readonly TransferRequest[],
): void {
  if (maxAmount === undefined || unit === undefined) return;
  const moving = requests.filter((_, i) => transfers[i]?.pendingId === undefined);
  if (moving.some((request) => request.unit !== unit))
    fail('INPUT_INVALID', `Under a limit in ${unit} every transfer is in ${unit}.`, { unit });
  const total = moving.reduce((sum, { amountMinor }) => sum + (amountMinor ?? 0n), 0n);
  if (total > readAmount(maxAmount, unit))
    fail('PRICE_ABOVE_LIMIT', `The transfers move more than ${maxAmount} ${unit}.`, {
      maxAmount,
      unit,
    });
}

/**
 * The transfers of the wire with amounts in minor units. A post or void may leave its unit out: it is
 * that of the pending transfer, of an earlier call or of this one. Without any unit there is no minor
 * amount, and the rules refuse the transfer for what it lacks.
 */
async function readRequests(ctx: LedgerReader, given: Transfers): Promise<TransferRequest[]> {
  const bare = given.filter(({ amount, unit }) => amount !== undefined && unit === undefined);
  const pending = await readTransfers(
    ctx,
    bare.flatMap(({ pendingId }) => pendingId ?? []),
  );
  return given.map(({ amount, ...transfer }) => {
    const unit =
      transfer.unit ??
      pending.get(transfer.pendingId ?? '')?.unit ??
      given.find(({ id }) => id === transfer.pendingId)?.unit;
    return {
      ...transfer,
      timeout_s: transfer.timeout_s ?? 0,
      flags: toBits(TRANSFER_FLAGS, transfer.flags ?? []),
      ...(amount === undefined || unit === undefined
        ? {}
        : { amountMinor: readAmount(amount, unit) }),
    };
  });
}
