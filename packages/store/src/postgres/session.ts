/** One connection to the server, its settings, and the statements that it keeps prepared. */

import type { Buffer } from 'node:buffer';

import { Client, type ClientConfig } from 'pg';

import { checkNames } from '../parameters.ts';
import { CACHED_SQL_CHARS_MAX, STATEMENT_CACHE_MAX } from '../limits.ts';
import type { SqlValue } from '../types.ts';
import { translate } from './dialect.ts';
import { ConnectionLost, isLoss } from './errors.ts';
import { Pipeline, type Prepared, type Ran, type Step } from './pipeline.ts';
import { bound, typeOf } from './values.ts';

/** Where to connect, and with which settings. */
export interface SessionOptions {
  readonly connection: ClientConfig;
  readonly schema: string;
  /** Settings of the session beside the ones that every session has. */
  readonly settings: Readonly<Record<string, string>>;
}

/** Settings of every session: one meaning of a text wherever it runs. */
const SETTINGS: Readonly<Record<string, string>> = {
  default_transaction_isolation: 'read committed',
  standard_conforming_strings: 'on',
  bytea_output: 'hex',
  extra_float_digits: '1',
  timezone: 'UTC',
  client_min_messages: 'warning',
  // A server behind a dead network gives up a session, and with it the lock, within half a minute.
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
};

/** An open connection. */
export class Session {
  readonly #client: Client;
  readonly #prepared = new Map<string, Prepared>();
  #forgotten: readonly string[] = [];
  #lastName = 0;
  #lost: Error | undefined;
  #active: Pipeline | undefined;

  private constructor(client: Client) {
    this.#client = client;
    client.on('error', (error) => (this.#lost ??= error));
    client.on('end', () => (this.#lost ??= new Error('the connection ended')));
  }

  /** @throws what the driver throws where the server cannot be reached, or refuses. */
  static async open({ connection, schema, settings }: SessionOptions): Promise<Session> {
    const client = new Client({
      application_name: 'q-infinity',
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
      ...connection,
    });
    const session = new Session(client);
    await client.connect();
    client.connection.on('parseComplete', () => session.#active?.parsed());
    try {
      const all = { ...SETTINGS, ...settings, search_path: `${quoted(schema)}, pg_catalog` };
      const sets = Object.entries(all).map(
        ([name, value]) => `SET ${name} = ${settingOf(name, value)}`,
      );
      await client.query(sets.join('; '));
      return session;
    } catch (error) {
      await session.end();
      throw error;
    }
  }

  /** Why it can no longer be used; undefined while it can. */
  get lost(): Error | undefined {
    return this.#lost;
  }

  /**
   * A step of a caller's statement.
   * @throws StoreError `SQL` for one that is not taken, or without its parameters.
   */
  step(sql: string, params: Readonly<Record<string, SqlValue>>): Step {
    const { text, names } = translate(sql);
    checkNames(names, params);
    const values: (string | Buffer | null)[] = [];
    let types = '';
    for (const name of names) {
      const value = params[name] ?? null;
      types += `${typeOf(value)} `;
      values.push(bound(name, value));
    }
    return { prepared: this.#prepare(text, types), values };
  }

  /** A step of the store's own. */
  own(text: string): Step {
    return { prepared: this.#prepare(text, ''), values: [] };
  }

  /**
   * Runs steps in one round trip.
   * @throws ConnectionLost where the session ended before the answer; else what went wrong is in
   * the answer.
   */
  async run(steps: readonly Step[]): Promise<Ran> {
    if (this.#lost !== undefined) throw new ConnectionLost(this.#lost.message);
    const closing = this.#forgotten;
    const pipeline = new Pipeline(steps, closing);
    // One at a time: the writer and each reader wait for an answer before they ask again.
    this.#active = pipeline;
    this.#client.query(pipeline);
    const ran = await pipeline.ran;
    if (ran.error === undefined) this.#forgotten = this.#forgotten.slice(closing.length);
    if (ran.error === undefined || !isLoss(ran.error)) return ran;
    this.#lost ??= ran.error instanceof Error ? ran.error : new Error(String(ran.error));
    throw new ConnectionLost(this.#lost.message, { cause: ran.error });
  }

  /** Runs SQL of the store's own, several statements where there are some, and answers the rows of one. */
  async script(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const answer = await this.#client.query<Record<string, unknown>>(sql);
    return answer.rows;
  }

  /** Has every statement planned anew, after tables were changed. */
  forget(): void {
    this.#drop([...this.#prepared.keys()]);
  }

  /** Ends the connection; never throws. */
  async end(): Promise<void> {
    await this.#client.end().catch(() => undefined);
  }

  #prepare(text: string, types: string): Prepared {
    const key = `${types}|${text}`;
    const found = this.#prepared.get(key);
    if (found !== undefined) {
      // A Map keeps insertion order: the first key is the least recently used.
      this.#prepared.delete(key);
      this.#prepared.set(key, found);
      return found;
    }
    const isKept = text.length <= CACHED_SQL_CHARS_MAX;
    const made: Prepared = {
      name: isKept ? `s${++this.#lastName}` : '',
      text,
      types: types === '' ? [] : types.trim().split(' '),
      isParsed: false,
      fields: undefined,
    };
    if (isKept) this.#prepared.set(key, made);
    if (this.#prepared.size > STATEMENT_CACHE_MAX)
      this.#drop([...this.#prepared.keys()].slice(0, 1));
    return made;
  }

  /** Their names are given back to the server behind the next pipeline, which may still use them. */
  #drop(keys: readonly string[]): void {
    for (const key of keys) {
      const prepared = this.#prepared.get(key);
      if (prepared?.isParsed === true) this.#forgotten = [...this.#forgotten, prepared.name];
      this.#prepared.delete(key);
    }
  }
}

/** A name as SQL takes it, whatever its characters. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const settingOf = (name: string, value: string): string =>
  name === 'search_path' ? value : `'${value.replaceAll("'", "''")}'`;
