import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { OwnLogPlace } from '@anarq/kernel';
import type { Row, Statement } from '@anarq/store';
import { syncFolder } from '@anarq/store/folder';
import type { BatchAnswer } from '../engine/group.ts';
import type { LedgerWriter } from '../engine/writer.ts';
import { accountKey, keyText, transferKey } from './keys.ts';
import { accountEntry } from './records.ts';
import { accountRecords, transferRecords } from './requests.ts';

type Place = Pick<OwnLogPlace, 'folder' | 'read' | 'commit' | 'now_ms'>;
type OpenAt = (folder: string, now_ms: () => number) => Promise<LedgerWriter>;

/** One thing that happened, and when. */
interface Past {
  readonly kind: 'account' | 'transfer';
  readonly row: Row;
  readonly at_ms: number;
}

const STATEMENTS_MAX = 500;
const NAME_ROW = 'tenant, id, owner, version, created_ms, updated_ms, book_key, user_data, page';
const NAME_VALUES =
  ':tenant, :id, :owner, 1, :created_ms, :created_ms, :book_key, :user_data, :page';

/**
 * Version 0.1 kept accounts and transfers in tables. Does again in new books what happened then, in its
 * order and at its time, and checks that every account ends with the balances that it had. The books
 * have their name when all of that is done: a start that was cut off begins anew.
 * @throws Error where they would end otherwise; nothing is taken over then
 */
export async function takeOver(place: Place, openAt: OpenAt): Promise<void> {
  const { folder, read, commit } = place;
  const accounts = await read('SELECT * FROM ledger_account');
  if (accounts.length === 0) return;
  const transfers = await read('SELECT * FROM ledger_transfer ORDER BY tenant, seq');
  const failed = await read('SELECT * FROM ledger_failed ORDER BY created_ms, tenant, id');
  const half = `${folder}.half`;
  await rm(half, { recursive: true, force: true });
  let clock_ms = 0;
  const writer = await openAt(half, () => clock_ms);
  const names: Statement[] = [];
  try {
    for (const past of inOrder(accounts, transfers)) {
      clock_ms = past.at_ms;
      names.push(await again(writer, past));
    }
    clock_ms = Math.max(clock_ms, place.now_ms());
    for (const row of failed) names.push(await failAgain(writer, row));
    writer.expire();
    await writer.settled();
    for (const row of accounts) checkBalances(writer, row, transfers, clock_ms);
  } finally {
    await writer.close();
  }
  for (let at = 0; at < names.length; at += STATEMENTS_MAX)
    await commit(names.slice(at, at + STATEMENTS_MAX));
  await rename(half, folder);
  await syncFolder(dirname(folder));
}

/** Whether there are books already. */
export const hasBooks = (folder: string): boolean => existsSync(folder);

/** What happened, in the order of time; of one tenant in the order of its commits. */
function inOrder(accounts: readonly Row[], transfers: readonly Row[]): Past[] {
  const first = new Map<string, number>();
  const latest = new Map<string, number>();
  const moves = transfers.map((row): Past => {
    const tenant = text(row, 'tenant');
    const at_ms = Math.max(latest.get(tenant) ?? 0, Number(row['created_ms']));
    latest.set(tenant, at_ms);
    for (const side of ['debit_account', 'credit_account']) {
      const key = `${tenant} ${text(row, side)}`;
      if (!first.has(key)) first.set(key, at_ms);
    }
    return { kind: 'transfer', row, at_ms };
  });
  // A clock that was set back may have an account opened after its first transfer.
  const opened = accounts.map((row): Past => {
    const used_ms = first.get(`${text(row, 'tenant')} ${text(row, 'id')}`) ?? Infinity;
    return { kind: 'account', row, at_ms: Math.min(Number(row['created_ms']), used_ms) };
  });
  return [...opened, ...moves].toSorted((a, b) => a.at_ms - b.at_ms);
}

/** Does one thing again. @returns the statement that keeps its name */
async function again(writer: LedgerWriter, { kind, row }: Past): Promise<Statement> {
  const tenant = text(row, 'tenant');
  const id = text(row, 'id');
  const common = {
    id,
    unit: text(row, 'unit'),
    code: Number(row['code']),
    flags: Number(row['flags']) & ~LINKED,
    userData: optional(row, 'user_data'),
  };
  if (kind === 'account') {
    const holder = optional(row, 'holder');
    const request = { ...common, holder };
    const records = accountRecords(tenant, text(row, 'owner'), [request]);
    return accountName(row, created(await writer.createAccounts(records), id));
  }
  const records = transferRecords(tenant, [
    {
      ...common,
      debitAccountId: text(row, 'debit_account'),
      creditAccountId: text(row, 'credit_account'),
      amountMinor: row['amount_minor'] as bigint,
      pendingId: optional(row, 'pending_id'),
      timeout_s: Number(row['timeout_s']),
    },
  ]);
  return transferName(row, created(await writer.createTransfers(records), id));
}

/** A chain was carried out as a whole then; now each of its links is done by itself. */
const LINKED = 1;

/** Uses an id up that was refused for good: a transfer between accounts that do not exist does that. */
async function failAgain(writer: LedgerWriter, row: Row): Promise<Statement> {
  const nobody = { debitAccountId: '\u0000', creditAccountId: '\u0001', unit: 'EUR', code: 1 };
  const request = { id: text(row, 'id'), ...nobody, timeout_s: 0, flags: 0 };
  const { page } = await writer.createTransfers(transferRecords(text(row, 'tenant'), [request]));
  return transferName(row, page);
}

function created({ results, page }: BatchAnswer, id: string): number {
  if (results[0] === 0) return page;
  throw new Error(`${id} of the ledger's tables cannot be taken over: result ${results[0]}`);
}

/** @throws Error where an account does not hold what it held */
function checkBalances(
  writer: LedgerWriter,
  row: Row,
  transfers: readonly Row[],
  now_ms: number,
): void {
  const tenant = text(row, 'tenant');
  const record = writer.queries.account(accountKey(tenant, text(row, 'id')));
  const is = record === undefined ? undefined : accountEntry(record);
  const held = (side: string): bigint =>
    transfers.reduce((sum, one) => {
      const isOpen =
        one['phase'] === 'pending' &&
        (one['expires_ms'] === null || Number(one['expires_ms']) > now_ms);
      const isOf = one['tenant'] === tenant && one[side] === row['id'];
      return isOpen && isOf ? sum + (one['amount_minor'] as bigint) : sum;
    }, 0n);
  if (
    is === undefined ||
    is.debitsPosted !== row['debits_posted_minor'] ||
    is.creditsPosted !== row['credits_posted_minor'] ||
    is.debitsPending !== held('debit_account') ||
    is.creditsPending !== held('credit_account')
  )
    throw new Error(
      `account ${text(row, 'id')} would not hold what it held in the ledger's tables`,
    );
}

const accountName = (row: Row, page: number): Statement => ({
  sql: `INSERT INTO ledger_account_name (${NAME_ROW}, holder, unit)
        VALUES (${NAME_VALUES}, :holder, :unit) ON CONFLICT (tenant, id) DO NOTHING`,
  params: {
    ...nameOf(row, keyText(accountKey(text(row, 'tenant'), text(row, 'id'))), page),
    holder: optional(row, 'holder') ?? null,
    unit: text(row, 'unit'),
  },
});

const transferName = (row: Row, page: number): Statement => ({
  sql: `INSERT INTO ledger_transfer_name (${NAME_ROW}) VALUES (${NAME_VALUES})
        ON CONFLICT (tenant, id) DO NOTHING`,
  params: nameOf(row, keyText(transferKey(text(row, 'tenant'), text(row, 'id'))), page),
});

const nameOf = (row: Row, bookKey: string, page: number) => ({
  tenant: text(row, 'tenant'),
  id: text(row, 'id'),
  owner: text(row, 'owner'),
  created_ms: Number(row['created_ms']),
  book_key: bookKey,
  user_data: optional(row, 'user_data') ?? null,
  page,
});

const text = (row: Row, column: string): string => row[column] as string;

const optional = (row: Row, column: string): string | undefined =>
  typeof row[column] === 'string' ? row[column] : undefined;
