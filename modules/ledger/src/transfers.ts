import type { Found, Queries } from '@anarq/ledger-engine';
import { booksOf } from './books/books.ts';
import { keyText } from './books/keys.ts';
import { transferEntry, type TransferEntry } from './books/records.ts';
import {
  accountsByKey,
  transfersByKey,
  type AccountName,
  type LedgerReader,
  type TransferName,
} from './names.ts';

/** Where a pending transfer stands; `none` for every transfer that is not pending. */
type Phase = 'none' | 'pending' | 'posted' | 'voided' | 'expired';

/** A transfer with all its names. */
export interface NamedTransfer {
  readonly id: string;
  readonly entry: TransferEntry;
  readonly phase: Phase;
  readonly debit: AccountName;
  readonly credit: AccountName;
  readonly pendingId: string | undefined;
  readonly userData: string | undefined;
}

/** A transfer as the books have it, and what became of it. */
export interface Standing {
  readonly entry: TransferEntry;
  readonly phase: Phase;
}

const standingIn = (queries: Queries, record: Uint8Array): Standing => {
  const entry = transferEntry(record);
  return { entry, phase: queries.pendingStatus(entry.key) ?? 'none' };
};

/** A transfer by its key in the books. */
export const transferWith = (ctx: LedgerReader, key: bigint): Promise<Standing | undefined> =>
  booksOf(ctx).ask((queries) => {
    const record = queries.transfer(key);
    return record === undefined ? undefined : standingIn(queries, record);
  });

/** What a search found, and where each of it stands. */
export const standingsIn = (queries: Queries, { records, readTo }: Found) => ({
  found: records.map((record) => standingIn(queries, record)),
  readTo,
});

/** Gives transfers their names. One whose name is not in the store (yet) is left out. */
export async function named(
  ctx: LedgerReader,
  found: readonly Standing[],
): Promise<NamedTransfer[]> {
  const accounts = await accountsByKey(
    ctx,
    found.flatMap(({ entry }) => [entry.debitKey, entry.creditKey]),
  );
  const transfers = await transfersByKey(
    ctx,
    found.flatMap(({ entry }) =>
      entry.pendingKey === 0n ? [entry.key] : [entry.key, entry.pendingKey],
    ),
  );
  return found.flatMap((standing) => withNames(standing, accounts, transfers) ?? []);
}

function withNames(
  { entry, phase }: Standing,
  accounts: ReadonlyMap<string, AccountName>,
  transfers: ReadonlyMap<string, TransferName>,
): NamedTransfer | undefined {
  const own = transfers.get(keyText(entry.key));
  const pending = transfers.get(keyText(entry.pendingKey));
  const debit = accounts.get(keyText(entry.debitKey));
  const credit = accounts.get(keyText(entry.creditKey));
  if (own === undefined || debit === undefined || credit === undefined) return undefined;
  return {
    id: own.id,
    entry,
    phase,
    debit,
    credit,
    pendingId: pending?.id,
    // What a post or void leaves out is that of its pending transfer.
    userData: own.userData ?? pending?.userData,
  };
}
