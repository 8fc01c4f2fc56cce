/** A few reading connections: the first that is free takes the next query. */

import { StoreError } from '../errors.ts';
import type { ReaderPort } from '../front.ts';
import type { CheckResult, Row } from '../types.ts';
import { ConnectionLost, fromPostgres, isStalePlan } from './errors.ts';
import { checkDatabase } from './integrity.ts';
import type { Session } from './session.ts';
import type { Query } from './wire.ts';

export interface ReaderOptions {
  readonly schema: string;
  readonly count: number;
  readonly read_timeout_ms: number;
  readonly open: () => Promise<Session>;
  /** @throws StoreError where the store lost its schema to another. */
  readonly assertOwner: () => void;
}

/** Reads for one store. */
export class Readers implements ReaderPort<Query> {
  depth = 0;
  readonly #options: ReaderOptions;
  readonly #free: Session[];
  readonly #waiting: ((session: Session) => void)[] = [];
  #checking: Promise<CheckResult> | null = null;

  private constructor(sessions: Session[], options: ReaderOptions) {
    this.#free = sessions;
    this.#options = options;
  }

  /** @throws what opening a session throws; none is left open. */
  static async start(options: ReaderOptions): Promise<Readers> {
    const opened = await Promise.allSettled(
      Array.from({ length: options.count }, () => options.open()),
    );
    const sessions = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const failed = opened.find((one) => one.status === 'rejected');
    if (failed === undefined) return new Readers(sessions, options);
    await Promise.all(sessions.map((session) => session.end()));
    throw failed.reason;
  }

  async read(query: Query): Promise<readonly Row[]> {
    this.#options.assertOwner();
    this.depth += 1;
    let session = await this.#take();
    try {
      // A query changes nothing: one whose connection was lost is asked again.
      for (let attempt = 1; ; attempt += 1) {
        try {
          if (session.lost !== undefined) session = await this.#replace(session);
          return await this.#ask(session, query);
        } catch (thrown) {
          const mayPass = thrown instanceof ConnectionLost || isStalePlan(thrown);
          if (!mayPass || attempt === ATTEMPTS_MAX) throw this.#toError(thrown);
        }
      }
    } finally {
      this.depth -= 1;
      this.#give(session);
    }
  }

  /** @throws StoreError `BUSY` while another check runs. */
  async check(): Promise<CheckResult> {
    if (this.#checking !== null) throw new StoreError('BUSY', 'a check is running already');
    this.#checking = this.#checkAlone();
    try {
      return await this.#checking;
    } finally {
      this.#checking = null;
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#checking]);
    for (let left = this.#options.count; left > 0; left -= 1) await (await this.#take()).end();
  }

  async #ask(session: Session, { sql, params }: Query): Promise<readonly Row[]> {
    const { results, error } = await session.run([session.step(sql, params)]);
    const [result] = results;
    if (isStalePlan(error)) session.forget();
    if (error !== undefined) throw error;
    if (result?.fault !== undefined) throw result.fault;
    return result?.rows ?? [];
  }

  #toError(thrown: unknown): StoreError {
    const error = fromPostgres(thrown);
    if (error.details['postgres'] !== QUERY_CANCELED) return error;
    const max = this.#options.read_timeout_ms;
    const message = `a query took over ${max} ms`;
    return new StoreError('FAILED', message, { limit: 'read_timeout_ms', max });
  }

  /** A new connection in the place of a lost one, which keeps it where there is none to be had. */
  async #replace(lost: Session): Promise<Session> {
    const session = await this.#options.open();
    await lost.end();
    return session;
  }

  #take(): Promise<Session> {
    const session = this.#free.pop();
    if (session !== undefined) return Promise.resolve(session);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #give(session: Session): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(session);
    else next(session);
  }

  async #checkAlone(): Promise<CheckResult> {
    const session = await this.#options.open();
    try {
      return await checkDatabase(session, this.#options.schema);
    } catch (thrown) {
      throw fromPostgres(thrown);
    } finally {
      await session.end();
    }
  }
}

const ATTEMPTS_MAX = 3;
const QUERY_CANCELED = '57014';
