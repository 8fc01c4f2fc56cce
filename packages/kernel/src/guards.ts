import { fail } from '@anarq/common-schemas';
import { sha256HexOfText } from '@anarq/crypto';
import type { Migration, Row, SqlValue, Statement } from '@anarq/store';

/**
 * Guard rows. Commits that take the same guard happen one after another, also where a store runs
 * several at once: so what each of them counts after its own writes is true when it commits, and no
 * interleaving passes a limit that each call alone would have kept.
 */
export const guardMigrations: readonly Migration[] = [
  {
    id: 1,
    sql: `CREATE TABLE kernel_guard (
  name TEXT PRIMARY KEY, taken INTEGER NOT NULL
) STRICT, WITHOUT ROWID;`,
  },
];

/** A limit on how many of something there may be. */
export interface AtMost {
  /** What is limited, in plain words: 'sub-identities'. */
  readonly of: string;
  readonly max: number | bigint;
  /** Whose they are: each has a limit, and a guard, of its own. */
  readonly per: string;
  /**
   * SQL of a number: how many there are, or how much was taken. It reads the module's own tables and
   * confines itself with :tenant.
   */
  readonly count: string;
  readonly params?: Readonly<Record<string, SqlValue>>;
  /** How much this call adds; default 1. */
  readonly adding?: number | bigint;
  /** Says what is full and what to do. */
  readonly message: string | ((left: bigint) => string);
  /** Replaces the details of the refusal, from what is left. */
  readonly details?: (left: bigint) => Record<string, unknown>;
}

/** Takes a guard for the commit: an upsert, which holds the row until the commit has happened. */
const take = (name: string): Statement => ({
  name: `guard ${name}`,
  sql: `INSERT INTO kernel_guard (name, taken) VALUES (:name, 1)
        ON CONFLICT (name) DO UPDATE SET taken = kernel_guard.taken + 1`,
  params: { name },
});

/**
 * Refuses what would pass a limit now, and makes the commit count again under the guard: of many
 * calls at once as many go through as there is room, and the others run again and are told.
 * @throws LIMIT_EXCEEDED
 */
export async function holdAtMost(
  limit: AtMost,
  scope: {
    readonly module: string;
    readonly tenant: string;
    readonly unit: { takeGuard(taken: Statement): void; check(after: Statement): void };
    readonly select: (sql: string, params: Record<string, SqlValue>) => Promise<readonly Row[]>;
    readonly confined: (statement: Statement) => Statement;
  },
): Promise<void> {
  const max = BigInt(limit.max);
  const params = { ...limit.params };
  // The name ends in _minor, so that the store answers with a whole number of any size.
  const [row] = await scope.select(`SELECT (${limit.count}) AS counted_minor`, params);
  const room = max - BigInt((row?.['counted_minor'] ?? 0n) as bigint);
  if (BigInt(limit.adding ?? 1) > room) refuse(limit, room < 0n ? 0n : room);
  const name = `${scope.module}/${limit.of}/${sha256HexOfText(`${scope.tenant}\n${limit.per}`)}`;
  scope.unit.takeGuard(take(name));
  scope.unit.check(
    scope.confined({
      name: `at most ${max} ${limit.of}`,
      sql: `SELECT 1 AS held WHERE (${limit.count}) <= :at_most`,
      params: { ...params, at_most: max },
      expect: { rows: 1 },
    }),
  );
}

const refuse = ({ of, max, message, details }: AtMost, left: bigint): never =>
  fail(
    'LIMIT_EXCEEDED',
    typeof message === 'string' ? message : message(left),
    details?.(left) ?? { limit: of, maximum: Number(max) },
  );
