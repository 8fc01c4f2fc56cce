import { expect } from 'vitest';
import type { AccountRequest } from '../src/accountRules.ts';
import type { TransferRequest } from '../src/transfer.ts';
import { number, type Action, type Amounts } from './vectorFile.ts';

/** A ledger that a table can be played on. */
export interface Player {
  createAccounts(requests: readonly AccountRequest[]): Promise<readonly string[]>;
  createTransfers(requests: readonly TransferRequest[]): Promise<readonly string[]>;
  account(id: string): Promise<Amounts | undefined>;
  /** Amount of a transfer, in minor units. */
  transfer(id: string): Promise<bigint | undefined>;
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
    if (action.kind !== 'account' && action.kind !== 'transfer') continue;
    const reason = action.unfit ?? player.beyond(action);
    if (reason === undefined) continue;
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
        const reason = 'unfit' in row ? (row.unfit ?? player.beyond(row)) : undefined;
        if (reason !== undefined) skip(reason);
        return reason === undefined;
      });
      batch = [];
      await playBatch(played, player, count, skip);
    }
  }
  return count;
}

async function playBatch(
  batch: readonly Action[],
  player: Player,
  count: Count,
  skip: (reason: string, rows?: number) => void,
): Promise<void> {
  const accounts = batch.filter((row) => row.kind === 'account');
  const transfers = batch.filter((row) => row.kind === 'transfer');
  if (accounts.length > 0)
    expect(await player.createAccounts(accounts.map((row) => row.request))).toStrictEqual(
      accounts.map((row) => row.expected),
    );
  if (transfers.length > 0)
    expect(await player.createTransfers(transfers.map((row) => row.request))).toStrictEqual(
      transfers.map((row) => row.expected),
    );
  count.passed += accounts.length + transfers.length;
  for (const row of batch) {
    if (row.kind === 'lookupAccount') {
      expect(await player.account(row.id), row.id).toStrictEqual(row.balances);
      count.passed += 1;
    }
    if (row.kind === 'lookupTransfer') {
      if (row.field === 'timestamp') {
        skip('timestamps are the store’s own');
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
