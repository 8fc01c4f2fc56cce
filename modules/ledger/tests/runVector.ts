import { expect } from 'vitest';
import type { AccountRequest, TransferRequest } from '../src/books/requests.ts';
import { number, type Action, type Amounts } from './vectorFile.ts';

export type Imported<T> = T & { readonly importedAt: bigint };

/** A ledger that a table can be played on. */
export interface Player {
  createAccounts(requests: readonly AccountRequest[]): Promise<readonly string[]>;
  createTransfers(requests: readonly TransferRequest[]): Promise<readonly string[]>;
  /** Those of elsewhere, with their times in the table. */
  importAccounts(requests: readonly Imported<AccountRequest>[]): Promise<readonly string[]>;
  importTransfers(requests: readonly Imported<TransferRequest>[]): Promise<readonly string[]>;
  account(id: string): Promise<Amounts | undefined>;
  /** Amount of a transfer, in minor units. */
  transfer(id: string): Promise<bigint | undefined>;
  /** Time of an imported transfer, as the table has it. */
  importedAt(id: string): Promise<bigint | undefined>;
  setup(id: string, balances: Amounts): Promise<void>;
  tick(ms: number): void;
  /** Rows of a query, or why it has no such question. */
  query(operation: string, columns: readonly string[]): Promise<readonly string[][] | string>;
  /** Why a row goes beyond what this ledger holds, where it does. */
  beyond(action: Action): string | undefined;
}

export interface Count {
  passed: number;
  /** Rows that were not played, by reason. */
  readonly skipped: Map<string, number>;
}

/** Why a file cannot be played at all: an unfit row that others build on. */
export function unfitFile(actions: readonly Action[], player: Player): string | undefined {
  for (const [index, action] of actions.entries()) {
    const reason = ('unfit' in action ? action.unfit : undefined) ?? player.beyond(action);
    if (reason === undefined) continue;
    if (action.kind === 'setup') return reason;
    if (action.kind !== 'account' && action.kind !== 'transfer') continue;
    const before = actions[index - 1];
    const isChained =
      (action.request.flags & 1) !== 0 ||
      (before !== undefined && 'request' in before && (before.request.flags & 1) !== 0);
    if (action.expected === 'created' || isChained) return reason;
  }
  return undefined;
}

/** Plays a table; every row that is played must answer as the table says. */
export async function playVector(actions: readonly Action[], player: Player): Promise<Count> {
  const count: Count = { passed: 0, skipped: new Map() };
  const skip = (reason: string, rows = 1) =>
    void count.skipped.set(reason, (count.skipped.get(reason) ?? 0) + rows);
  let batch: Action[] = [];
  for (const action of actions) {
    if (action.kind === 'tick') player.tick(action.ms);
    else if (action.kind === 'setup') await player.setup(action.id, action.balances);
    else if (action.kind !== 'commit') batch.push(action);
    else {
      const played = batch.filter((row) => {
        const reason =
          'unfit' in row ? (row.unfit ?? mixedIn(batch, row) ?? player.beyond(row)) : undefined;
        if (reason !== undefined) skip(reason);
        return reason === undefined;
      });
      batch = [];
      await playBatch(played, player, count, skip);
    }
  }
  return count;
}

/** A call imports all that it brings, or nothing. */
function mixedIn(batch: readonly Action[], row: Action): string | undefined {
  const first = batch.find(({ kind }) => kind === row.kind);
  const isImported = (of: Action | undefined): boolean =>
    of !== undefined && 'importedAt' in of && of.importedAt !== undefined;
  return isImported(first) === isImported(row) ? undefined : 'imported or not, unlike its batch';
}

const timed = <T>(row: { readonly request: T; readonly importedAt: bigint | undefined }) => ({
  ...row.request,
  importedAt: row.importedAt ?? 0n,
});

async function playBatch(
  batch: readonly Action[],
  player: Player,
  count: Count,
  skip: (reason: string, rows?: number) => void,
): Promise<void> {
  const accounts = batch.filter((row) => row.kind === 'account');
  const transfers = batch.filter((row) => row.kind === 'transfer');
  if (accounts.length > 0)
    expect(
      accounts[0]?.importedAt === undefined
        ? await player.createAccounts(accounts.map((row) => row.request))
        : await player.importAccounts(accounts.map(timed)),
    ).toStrictEqual(accounts.map((row) => row.expected));
  if (transfers.length > 0)
    expect(
      transfers[0]?.importedAt === undefined
        ? await player.createTransfers(transfers.map((row) => row.request))
        : await player.importTransfers(transfers.map(timed)),
    ).toStrictEqual(transfers.map((row) => row.expected));
  count.passed += accounts.length + transfers.length;
  for (const row of batch) {
    if (row.kind === 'lookupAccount') {
      expect(await player.account(row.id), row.id).toStrictEqual(row.balances);
      count.passed += 1;
    }
    if (row.kind === 'lookupTransfer') {
      if (row.field === 'timestamp') {
        const time = await player.importedAt(row.id);
        if (time === undefined) skip('timestamps are the store’s own');
        else {
          expect(time, row.id).toBe(number(row.value));
          count.passed += 1;
        }
        continue;
      }
      const amount = await player.transfer(row.id);
      if (row.field === 'exists') expect(String(amount !== undefined), row.id).toBe(row.value);
      else expect(amount, row.id).toBe(number(row.value));
      count.passed += 1;
    }
  }
  const [question] = batch;
  if (question?.kind !== 'query') return;
  const expected = batch.flatMap((row) => (row.kind === 'queryResult' ? [row.columns] : []));
  const answer = await player.query(question.operation, question.columns);
  if (typeof answer === 'string') return skip(answer);
  expect(answer, question.columns.join(' ')).toStrictEqual(expected);
  count.passed += 1;
}

/** What was played and what not, as a line for people. */
export const told = (name: string, count: Count): string =>
  `${name}: ${count.passed} rows passed${[...count.skipped].map(([why, n]) => `, ${n} skipped (${why})`).join('')}`;
