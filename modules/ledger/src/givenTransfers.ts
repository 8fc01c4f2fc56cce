import type { InputOf } from '@anarq/common-schemas';
import type { Moved } from './access.ts';
import { readAmount } from './amounts.ts';
import { booksOf } from './books/books.ts';
import { keyText, transferKey } from './books/keys.ts';
import { transferEntry, type TransferEntry } from './books/records.ts';
import type { TransferRequest } from './books/requests.ts';
import type { ledger } from './contract.ts';
import { RESOLVING, toBits, TRANSFER_FLAGS } from './flags.ts';
import { accountsByKey, type LedgerReader } from './names.ts';

type Given = InputOf<typeof ledger.createTransfers>['transfers'];
/** Pending transfers that are in the books already, by the ids that they were given. */
export type Pending = ReadonlyMap<string, TransferEntry>;

/** Transfers as a call gives them. @throws AMOUNT_INVALID */
export const readRequests = (given: Given, pending: Pending): TransferRequest[] =>
  given.map((one) => readRequest(one, given, pending));

/** The pending transfers that posts and voids name, where an earlier call made them. */
export async function pendingOf(ctx: LedgerReader, given: Given): Promise<Pending> {
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
  { amount, ...transfer }: Given[number],
  all: Given,
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
 * The accounts that each transfer is between; those of its pending transfer for a post or a void. A
 * pending transfer of this very call is checked itself.
 */
export async function movedBy(
  ctx: LedgerReader,
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
