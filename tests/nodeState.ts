import { createHash } from 'node:crypto';
import { Books } from '@anarq/ledger/books';
import type { Row } from '@anarq/store';
import type { TestNode } from '@anarq/testing';

/** Everything that a node keeps but its log: each row and each block of content, by what it is. */
export type NodeState = ReadonlySet<string>;

/** Reads the state of a node; changes nothing. */
export async function stateOf({ store, kernel }: TestNode): Promise<NodeState> {
  const state = new Set<string>();
  // The log is left out: it is where refusals are recorded. SQLite's own tables say nothing more.
  const tables = await store.read({
    sql: `SELECT name FROM sqlite_master WHERE type = 'table'`,
    postgres: `SELECT table_name AS name FROM information_schema.tables
               WHERE table_schema = current_schema()`,
  });
  const kept = tables.filter(({ name }) => !/^(log|sqlite)_/.test(String(name)));
  for (const { name } of kept)
    for (const row of await store.read(`SELECT * FROM "${String(name)}"`))
      state.add(`${String(name)} ${labelOf(row)} ${digestOf(row)}`);
  const books = kernel.ownLog('ledger');
  if (books instanceof Books)
    state.add(`books ${Buffer.from(await books.stateHash()).toString('hex')}`);
  for (let cursor: string | undefined; ;) {
    const { cids, next } = await kernel.services.blocks.list(cursor, 1_000);
    for (const cid of cids) state.add(`block ${cid}`);
    if (next === undefined) return state;
    cursor = next;
  }
}

/**
 * What became of the state: rows and blocks that came and went; a row that changed did both. What
 * only records a refusal is no change: the answer under the call's key, and the journal of a process
 * that was undone, with the answers of its steps and how its budgets stood meanwhile.
 * @param key idempotency key of the refused call
 */
export function changesBetween(before: NodeState, after: NodeState, key?: string): string[] {
  const records = [
    ...(key === undefined ? [] : [new RegExp(`^kernel_replay .* key=${RegExp.escape(key)} `)]),
    /^kernel_replay .* key= proc_/,
    /^kernel_process .* state=UNDONE /,
    /^kernel_step /,
    /^kernel_drawn /,
  ];
  return [
    ...[...before.difference(after)].map((entry) => `- ${entry}`),
    ...[...after.difference(before)]
      .filter((entry) => !records.some((record) => record.test(entry)))
      .map((entry) => `+ ${entry}`),
  ];
}

/** The short texts of a row, so that a failed test says which one changed. */
const labelOf = (row: Row): string =>
  Object.entries(row)
    .filter(([, value]) => typeof value === 'string' && value.length <= 80)
    .map(([column, value]) => `${column}=${String(value)}`)
    .join(' ');

const digestOf = (row: Row): string =>
  createHash('sha256').update(JSON.stringify(row, plain)).digest('hex');

const plain = (_column: string, value: unknown): unknown =>
  typeof value === 'bigint'
    ? `${value}n`
    : value instanceof Uint8Array
      ? Buffer.from(value).toString('hex')
      : value;
