import type { InputOf } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { checkDebits, checkIds } from '../access.ts';
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
  const set = await loadWorkingSet(ctx, requests);
  await checkDebits(ctx, requests, set);
  const plan = planTransfers(requests, set, {
    now_ms: ctx.now_ms,
    amountMaxMinor: AMOUNT_MAX_MINOR,
  });
  if (plan.created.length > 0 && (await hasDueTransfers(ctx))) expireDue(ctx);
  writePlan(ctx, plan, set.accounts);
  return { results: requests.map(({ id }, i) => ({ id, result: plan.results[i] ?? 'created' })) };
});

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
