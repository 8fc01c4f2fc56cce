import { randomBytes } from 'node:crypto';
import { canReachPostgres, testServerUrl } from '@anarq/store/testing';
import { Client, type QueryConfig, type QueryResult } from 'pg';
import { numbersFrom } from './batches.ts';
import { BOOKS_BATCH, BOOKS_SCHEMA } from './postgresBooks.ts';
import { PostgresRows } from './postgresRows.ts';

/** Two rows of accounts and one of transfers, in one statement and one transaction. */
const ONE = `
  WITH moved AS (
    UPDATE accounts SET
      debits = debits + CASE WHEN id = $2 THEN $4::bigint ELSE 0 END,
      credits = credits + CASE WHEN id = $3 THEN $4::bigint ELSE 0 END
    WHERE id IN ($2, $3) RETURNING 1
  )
  INSERT INTO transfers (id, debit, credit, amount)
  SELECT $1::bigint, $2::bigint, $3::bigint, $4::bigint WHERE (SELECT count(*) FROM moved) = 2`;

/** A whole batch in one statement; each account is written once. */
const MANY = `
  WITH batch AS (
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
      AS b (id, debit, credit, amount)
  ), sums AS (
    SELECT account, sum(debits)::bigint AS debits, sum(credits)::bigint AS credits FROM (
      SELECT debit AS account, amount AS debits, 0 AS credits FROM batch
      UNION ALL SELECT credit, 0, amount FROM batch
    ) AS sides GROUP BY account
  ), moved AS (
    UPDATE accounts AS a SET debits = a.debits + s.debits, credits = a.credits + s.credits
    FROM sums AS s WHERE a.id = s.account
  )
  INSERT INTO transfers (id, debit, credit, amount) SELECT id, debit, credit, amount FROM batch`;

const NS_PER_MS = 1_000_000n;

/** How many batches are sent. */
export interface Sending {
  readonly connections: number;
  readonly transactions: number;
}

/** Two clients wait for each other: one of them is told to begin anew. */
const DEADLOCK = '40P01';

/** The same accounts and transfers in a database of its own on a PostgreSQL server. */
export class PostgresPeer {
  readonly version: string;
  readonly #admin: Client;
  readonly #database: string;
  readonly #accounts: number;
  readonly #clients: Client[] = [];
  readonly #rows: PostgresRows;

  private constructor(admin: Client, database: string, accounts: number, version: string) {
    this.#admin = admin;
    this.#database = database;
    this.#accounts = accounts;
    this.#rows = new PostgresRows(accounts, numbersFrom(88_172_645));
    this.version = version;
  }

  /** Makes its database; undefined where no server listens. */
  static async open(accounts: number, connections: number): Promise<PostgresPeer | undefined> {
    if (!(await canReachPostgres())) return undefined;
    const admin = new Client({ connectionString: testServerUrl() });
    await admin.connect();
    const database = `q_bench_${randomBytes(6).toString('hex')}`;
    await admin.query(`CREATE DATABASE ${database}`);
    const { rows } = await admin.query<{ server_version: string }>('SHOW server_version');
    const version = rows[0]?.server_version.split(' ')[0] ?? '';
    const peer = new PostgresPeer(admin, database, accounts, version);
    try {
      await peer.#prepare(connections);
    } catch (error) {
      await peer.close();
      throw error;
    }
    return peer;
  }

  /** Transactions of one transfer, one after the other on each connection. @returns transfers/s */
  async single(connections: number, transactions: number): Promise<number> {
    let sent = 0;
    const begun_ms = performance.now();
    await Promise.all(
      this.#clients.slice(0, connections).map(async (client) => {
        while (sent < transactions) {
          sent++;
          const query = { name: 'one', text: ONE, values: [...this.#rows.one()] };
          await run(client, query, (of) => of.rowCount === 1);
        }
      }),
    );
    return transactions / ((performance.now() - begun_ms) / 1_000);
  }

  /**
   * Batches, one after the other on each connection. The time to make them is not in it. Each is planned by itself:
   * a plan for arrays of any length takes them for short, and is slower by an eighth.
   * @param how as little as keeps both books, or what a ledger answers
   * @returns transfers/s
   */
  async batched(how: 'plain' | 'books', batch: number, order: Sending): Promise<number> {
    const { connections, transactions } = order;
    this.#rows.prepare(batch);
    let sent = 0;
    const begun_ms = performance.now();
    await Promise.all(
      this.#clients.slice(0, connections).map(async (client) => {
        while (sent < transactions) {
          sent++;
          const values = this.#rows.take(batch);
          if (how === 'plain')
            await run(client, { text: MANY, values }, (of) => of.rowCount === batch);
          else {
            const time_ns = String(BigInt(Date.now()) * NS_PER_MS);
            const query = { text: BOOKS_BATCH, values: [...values, time_ns] };
            // What it tells are refusals.
            await run(client, query, (of) => of.rows.length === 0);
          }
        }
      }),
    );
    return (batch * transactions) / ((performance.now() - begun_ms) / 1_000);
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.end()));
    await this.#admin.query(`DROP DATABASE IF EXISTS ${this.#database} WITH (FORCE)`);
    await this.#admin.end();
  }

  async #prepare(connections: number): Promise<void> {
    const url = new URL(testServerUrl());
    url.pathname = `/${this.#database}`;
    for (let at = 0; at < connections; at++) {
      const client = new Client({ connectionString: url.href });
      await client.connect();
      this.#clients.push(client);
      await client.query('SET synchronous_commit = on');
    }
    await this.#clients[0]?.query(`
      CREATE TABLE accounts (
        id bigint PRIMARY KEY, debits bigint NOT NULL DEFAULT 0, credits bigint NOT NULL DEFAULT 0
      );
      CREATE TABLE transfers (
        id bigint PRIMARY KEY, debit bigint NOT NULL, credit bigint NOT NULL, amount bigint NOT NULL
      );
      INSERT INTO accounts (id) SELECT generate_series(1, ${this.#accounts});
      ANALYZE accounts;
      ${BOOKS_SCHEMA}
      INSERT INTO book_accounts (id) SELECT generate_series(1, ${this.#accounts});
      ANALYZE book_accounts;
    `);
  }
}

async function run(
  client: Client,
  query: QueryConfig,
  isDone: (result: QueryResult) => boolean,
): Promise<void> {
  for (;;)
    try {
      if (!isDone(await client.query(query))) throw new Error('a transfer was not made');
      return;
    } catch (error) {
      if ((error as { code?: unknown }).code !== DEADLOCK) throw error;
    }
}
