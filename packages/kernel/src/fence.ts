import { QError, type AnyOperation } from '@anarq/common-schemas';
import { randomBytes, toBase64url } from '@anarq/crypto';
import type { Log } from '@anarq/log';
import type { Statement, Store } from '@anarq/store';
import { COUNT_LOST } from './lostCount.ts';
import type { NodeFacts } from './services.ts';

/** Whether a node's data is a restored copy, and which one. */
export interface Fence {
  /** '' for data that was never restored; else a number and a name that no other copy has. */
  readonly generation: string;
  /** When the copy was restored, as ISO 8601; absent where the node may write. */
  readonly since?: string;
}

/** A session is no more than a shorter way to sign: with one, the copy can be read. */
const STILL_OPEN: ReadonlySet<string> = new Set(['squid.openSession', 'squid.closeSession']);

/** The fence of a store whose kernel tables are there. */
export async function readFence(store: Store): Promise<Fence> {
  const rows = await store.read(
    `SELECT key, value FROM kernel_meta WHERE key IN ('generation', 'fence')`,
  );
  const meta = new Map(rows.map((row) => [row['key'], row['value'] as string]));
  const since = meta.get('fence');
  return { generation: meta.get('generation') ?? '', ...(since === undefined ? {} : { since }) };
}

/** Why an operation is refused on a restored copy; undefined where it is not. */
export function refusedByFence({ since }: Fence, op: AnyOperation): QError | undefined {
  if (since === undefined || op.kind === 'query' || STILL_OPEN.has(op.id)) return undefined;
  return new QError('NODE_FENCED', undefined, { restoredAt: since });
}

const put = (key: string, value: string): Statement => ({
  name: `meta ${key}`,
  sql: `INSERT INTO kernel_meta (key, value) VALUES (:key, :value)
        ON CONFLICT (key) DO UPDATE SET value = :value`,
  params: { key, value },
});

/**
 * Makes a restored store a copy of its own, which only reads. It gets a generation that no other
 * copy has, and with it a name of its own for its log: the keys never sign two trees of one name.
 */
export function fenceStatements(before: Fence, now_ms: number): Statement[] {
  const number = Number(before.generation.split('-')[0] || '1') + 1;
  return [
    put('generation', `${number}-${toBase64url(randomBytes(6))}`),
    put('fence', new Date(now_ms).toISOString()),
  ];
}

/**
 * Lets a restored copy write. What was done after the backup is not known to it. So sessions and
 * tokens of agents end here; and unless the copy holds all that the old node did, nothing is left of
 * any budget, and what was under way waits for a person. The lift is recorded at the next start.
 */
export function liftStatements(
  lift: { readonly since: string; readonly isNewest: boolean },
  now_ms: number,
): Statement[] {
  return [
    {
      name: 'fence',
      sql: `DELETE FROM kernel_meta WHERE key = 'fence' AND value = :since`,
      params: { since: lift.since },
      expect: { changes: 1 },
    },
    put(
      'fence_lifted',
      JSON.stringify({ ...lift, liftedAt: new Date(now_ms).toISOString() } satisfies Lifted),
    ),
    { name: 'sessions', sql: 'DELETE FROM kernel_session' },
    {
      name: 'tokens',
      sql: 'UPDATE kernel_token SET revoked_ms = :now_ms WHERE revoked_ms IS NULL',
      params: { now_ms },
    },
    ...(lift.isNewest
      ? []
      : [
          {
            name: 'budgets',
            sql: 'UPDATE kernel_budget SET total_minor = spent_minor + reserved_minor',
          },
          {
            // What it spent of them is not known here: nothing more is, and nothing goes back.
            name: 'allotments',
            sql: `UPDATE kernel_allotment_taken SET state = 'LOST' WHERE state = 'OPEN'`,
          },
          {
            // The old node may have settled them, and spent what came back: here nothing comes back.
            name: 'given allotments',
            sql: `UPDATE kernel_allotment_given SET reservations = '[]' WHERE state = 'OPEN'`,
          },
          put(COUNT_LOST, String(now_ms)),
          {
            name: 'processes',
            sql: `UPDATE kernel_process SET state = 'NEEDS_ATTENTION', problem = :problem, updated_ms = :now_ms
                  WHERE state = 'RUNNING'`,
            params: { problem: UNDER_WAY, now_ms },
          },
        ]),
  ];
}

const UNDER_WAY = 'It was under way when the backup was made that this node was restored from.';

interface Lifted {
  readonly since: string;
  readonly isNewest: boolean;
  readonly liftedAt: string;
}

/** Records in the log that the fence of this copy was lifted, once, in one commit with forgetting it. */
export async function recordLift(
  store: Store,
  log: Log,
  node: NodeFacts,
  generation: string,
): Promise<void> {
  const [row] = await store.read(`SELECT value FROM kernel_meta WHERE key = 'fence_lifted'`);
  if (row === undefined) return;
  const { since, isNewest, liftedAt } = JSON.parse(row['value'] as string) as Lifted;
  const record = log.recorder.prepare(
    {
      id: `unfence_${generation}`,
      kind: 'call',
      at: liftedAt,
      tenant: node.tenant,
      actor: node.operator,
      subject: node.did,
      // Not a call: done by whoever holds the node's folders, while it did not run.
      signedBy: 'folder',
      surface: 'command line',
      op: 'node.unfence',
      version: '1',
      code: 'SUCCESS',
      verdict: 'ALLOW',
      note: `copy ${generation}, restored at ${since}; budgets ${isNewest ? 'kept' : 'closed'}`,
    },
    [node.operator, node.did],
  );
  await store.commit([
    ...record.statements,
    {
      name: 'fence lifted',
      sql: `DELETE FROM kernel_meta WHERE key = 'fence_lifted'`,
      expect: { changes: 1 },
    },
  ]);
  log.wake();
}
