import { Books } from '@anarq/ledger/books';
import type { RunningNode } from '@anarq/node';
import type { Row } from '@anarq/store';

/** What a node's own books say after a crash, once everything that was begun has ended. */
export interface WitnessReport {
  /** Events whose effect is not there, or there more than once; effects without an event. */
  readonly lostEvents: number;
  readonly doubledEvents: number;
  readonly strayEffects: number;
  readonly events: number;
  /** Processes by their state. */
  readonly processes: Readonly<Record<string, number>>;
  /** Minor units still held of budgets, and spent, by grant. */
  readonly reserved: string;
  readonly spent: Readonly<Record<string, string>>;
  /** Licences by state, and payments by theirs. */
  readonly licenses: Readonly<Record<string, number>>;
  readonly payments: Readonly<Record<string, number>>;
  /** Minor units that some account of the ledger holds for a transfer that has no end yet. */
  readonly pending: string;
  /** Records that the log has given no place in its tree. */
  readonly unlogged: number;
}

const TABLE = `CREATE TABLE witness_effect (event_id TEXT PRIMARY KEY, times INTEGER NOT NULL)`;
const PATIENCE_MS = 20_000;

/**
 * Subscribes a consumer whose effect is a count for each event, so that a crash that loses or
 * doubles one is seen.
 * @returns what reads the node's books
 */
export async function attachWitness(node: RunningNode): Promise<() => Promise<WitnessReport>> {
  const { store, kernel } = node;
  await store.migrate('witness', [{ id: 1, sql: TABLE }]);
  kernel.events.subscribe({
    consumer: 'witness',
    topics: ['q.*'],
    handle: async ({ id }) => [
      {
        sql: `INSERT INTO witness_effect (event_id, times) VALUES (:id, 1)
              ON CONFLICT (event_id) DO UPDATE SET times = witness_effect.times + 1`,
        params: { id },
      },
    ],
  });
  const number = async (sql: string) => Number((await store.read(sql))[0]?.['n'] ?? 0);
  const byState = async (table: string, column = 'state') =>
    counts(
      await store.read(`SELECT ${column} AS name, COUNT(*) AS n FROM ${table} GROUP BY ${column}`),
    );
  const pending = async () => {
    const books = kernel.ownLog('ledger');
    if (!(books instanceof Books)) return '0';
    const totals = await books.ask((queries) => [...queries.totals({}).values()]);
    return totals.reduce((sum, of) => sum + of.debitsPending + of.creditsPending, 0n).toString();
  };
  const lost = () =>
    number(`SELECT COUNT(*) AS n FROM kernel_outbox e WHERE NOT EXISTS
            (SELECT 1 FROM witness_effect w WHERE w.event_id = e.id)`);
  const unlogged = () =>
    number(`SELECT COUNT(*) AS n FROM log_record r WHERE NOT EXISTS
            (SELECT 1 FROM log_leaf l WHERE l.seq = r.seq)`);
  return async () => {
    await settled(async () => (await byState('kernel_process'))['RUNNING'] === undefined);
    await settled(async () => (await lost()) === 0);
    await settled(async () => (await unlogged()) === 0);
    const budgets = await store.read(
      'SELECT grant_cid, spent_minor, reserved_minor FROM kernel_budget',
    );
    return {
      lostEvents: await lost(),
      doubledEvents: await number('SELECT COUNT(*) AS n FROM witness_effect WHERE times <> 1'),
      strayEffects: await number(`SELECT COUNT(*) AS n FROM witness_effect w WHERE NOT EXISTS
            (SELECT 1 FROM kernel_outbox e WHERE w.event_id = e.id)`),
      events: await number('SELECT COUNT(*) AS n FROM kernel_outbox'),
      processes: await byState('kernel_process'),
      reserved: String(budgets.reduce((sum, row) => sum + (row['reserved_minor'] as bigint), 0n)),
      spent: Object.fromEntries(
        budgets.map((row) => [String(row['grant_cid']), String(row['spent_minor'])]),
      ),
      licenses: await byState('qmarket_license'),
      payments: await byState('qwallet_intent', 'status'),
      pending: await pending(),
      unlogged: await unlogged(),
    };
  };
}

/** Waits until something is so, or gives up; the report then says what it found. */
async function settled(isSo: () => Promise<boolean>): Promise<void> {
  for (const until = performance.now() + PATIENCE_MS; performance.now() < until;) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const counts = (rows: readonly Row[]): Record<string, number> =>
  Object.fromEntries(rows.map((row) => [String(row['name']), Number(row['n'])]));
