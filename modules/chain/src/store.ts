import { createTable, int, table, text } from '@anarq/kernel';
import type { Position } from '@anarq/chain-store';
import type { Migration } from '@anarq/store';

/** Who is told of what happens to an account of the chain: the owner of the row. */
export const watches = table('chain_watch', { resource: 'watch' }, { account_id: text() });

/** How far has been told: one row. */
export const CURSOR_ID = 'cursor';
export const cursors = table(
  'chain_cursor',
  {},
  {
    /** The chain that it is of; with another one, it begins anew. */
    chain_id: text(),
    /** The last transaction that was told as confirmed or rejected. */
    commit_number: int(),
    commit_index: int(),
    /** The last transaction that was told as final. */
    final_commit: int(),
    final_index: int(),
    epoch: int(),
  },
);

/** A cursor that has told everything up to a place. */
export const beginning = (chain_id: string, { commit, index }: Position, epoch: number) => ({
  chain_id,
  commit_number: commit,
  commit_index: index,
  final_commit: commit,
  final_index: index,
  epoch,
});

export const migrations: readonly Migration[] = [
  {
    id: 1,
    sql: `${createTable(watches)}
CREATE INDEX chain_watch_account ON chain_watch (tenant, account_id, id);
CREATE INDEX chain_watch_owner ON chain_watch (tenant, owner, id);
${createTable(cursors)}`,
  },
];
