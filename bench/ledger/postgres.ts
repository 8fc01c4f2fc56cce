import { randomBytes } from 'node:crypto';
import { canReachPostgres, testServerUrl } from '@anarq/store/testing';
import { Client, type QueryConfig } from 'pg';
import { numbersFrom } from './batches.ts';

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

/** Two clients wait for each other: one of them is told to begin anew. */
const DEADLOCK = '40P01';

/** The same accounts and transfers in a database of its own on a PostgreSQL server. */
export class PostgresPeer {
  readonly version: string;
  readonly #admin: Client;
  readonly #database: string;
  readonly #accounts: number;
  readonly #clients: Client[] = [];
  readonly #random = numbersFrom(88_172_645);
  #nextId = 1;

  private constructor(admin: Client, database: string, accounts: number, version: string) {
    this.#admin = admin;
    this.#database = database;
    this.#accounts = accounts;
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
          await run(client, { name: 'one', text: ONE, values: this.#transfer() });
        }
      }),
    );
    return transactions / ((performance.now() - begun_ms) / 1_000);
  }

  /** Batches one after the other on one connection. @returns transfers/s */
  async batched(batch: number, transactions: number): Promise<number> {
    const [client] = this.#clients;
    if (client === undefined) throw new Error('there is no connection');
    const begun_ms = performance.now();
    for (let at = 0; at < transactions; at++) {
      const rows = Array.from({ length: batch }, () => this.#transfer());
      const values = [0, 1, 2, 3].map((column) => rows.map((row) => row[column]));
      const { rowCount } = await client.query({ name: 'many', text: MANY, values });
      if (rowCount !== batch) throw new Error(`${rowCount} of ${batch} transfers were made`);
    }
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
    `);
  }

  /** Id, debit, credit and amount of the next transfer. */
  #transfer(): [number, number, number, number] {
    const debit = this.#random() % this.#accounts;
    const other = this.#random() % (this.#accounts - 1);
    const credit = (debit + 1 + other) % this.#accounts;
    return [this.#nextId++, debit + 1, credit + 1, 1 + (this.#random() % 1_000)];
  }
}

async function run(client: Client, query: QueryConfig): Promise<void> {
  for (;;)
    try {
      const { rowCount } = await client.query(query);
      if (rowCount !== 1) throw new Error('a transfer was not made');
      return;
    } catch (error) {
      if ((error as { code?: unknown }).code !== DEADLOCK) throw error;
    }
}
