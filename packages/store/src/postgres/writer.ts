/** The one writing connection: takes groups from its queue, and finds its way back after a loss. */

import type { Outcome } from '../batch.ts';
import { refuse } from '../batch.ts';
import { fromWire, StoreError } from '../errors.ts';
import type { WriterPort } from '../front.ts';
import type { Calls } from '../messages.ts';
import type { StatementResult } from '../types.ts';
import { ConnectionLost, fromPostgres } from './errors.ts';
import { commitGroup, type GroupEnd } from './group.ts';
import { migrate } from './migrate.ts';
import { fateOf, turnOf } from './server.ts';
import type { Session } from './session.ts';
import type { BatchStatement } from './wire.ts';

interface Commit {
  readonly batch: readonly BatchStatement[];
  readonly settle: (outcome: Outcome) => void;
}

interface Work {
  /** Runs in its place between groups. Never rejects. */
  readonly run: () => Promise<void>;
}

export interface WriterOptions {
  readonly schema: string;
  readonly group_max: number;
  /** Other stores write too: each transaction takes its turn. */
  readonly isShared: boolean;
  /** How long to try to reach the server again before what waits is refused. */
  readonly busy_timeout_ms: number;
  /** Opens a session that holds the lock of the schema. */
  readonly open: () => Promise<Session>;
}

/** Writes for one store. */
export class Writer implements WriterPort<BatchStatement> {
  transactions = 0;
  largest = 0;
  depth = 0;
  readonly #options: WriterOptions;
  readonly #queue: (Commit | Work)[] = [];
  #session: Session;
  #isRunning = false;
  #locked: StoreError | undefined;

  constructor(session: Session, options: WriterOptions) {
    this.#session = session;
    this.#options = options;
  }

  async commit(batch: readonly BatchStatement[]): Promise<readonly StatementResult[]> {
    const outcome = await this.#waiting(
      () => new Promise<Outcome>((settle) => this.#enqueue({ batch, settle })),
    );
    if ('error' in outcome) throw fromWire(outcome.error);
    return outcome.results;
  }

  migrate({ module, migrations }: Calls['migrate']['takes']): Promise<void> {
    const { schema } = this.#options;
    return this.#waiting(() =>
      this.#inTurn(async () => {
        const session = await this.#ready();
        await migrate(session, module, migrations, turnOf(schema));
      }),
    );
  }

  /** @throws StoreError `LOCKED` where another store has taken the schema over. */
  assertOwner(): void {
    if (this.#locked !== undefined) throw this.#locked;
  }

  async close(): Promise<void> {
    await this.#inTurn(() => this.#session.end());
  }

  async #waiting<T>(call: () => Promise<T>): Promise<T> {
    this.depth += 1;
    try {
      return await call();
    } finally {
      this.depth -= 1;
    }
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const run = () => work().then(resolve, (thrown: unknown) => reject(fromPostgres(thrown)));
      this.#enqueue({ run });
    });
  }

  #enqueue(job: Commit | Work): void {
    this.#queue.push(job);
    if (this.#isRunning) return;
    this.#isRunning = true;
    // After the calls of this tick: they join the group.
    queueMicrotask(() => void this.#run());
  }

  async #run(): Promise<void> {
    for (let head = this.#queue[0]; head !== undefined; head = this.#queue[0]) {
      if ('run' in head) {
        this.#queue.shift();
        await head.run();
      } else {
        await this.#takeGroup();
      }
    }
    this.#isRunning = false;
  }

  async #takeGroup(): Promise<void> {
    const group: Commit[] = [];
    for (const job of this.#queue) {
      if ('run' in job || group.length === this.#options.group_max) break;
      group.push(job);
    }
    this.#queue.splice(0, group.length);
    const outcomes = await this.#commit(group.map(({ batch }) => batch));
    for (const [at, { settle }] of group.entries()) settle(outcomes[at] ?? { error: NOT_RUN });
  }

  /** Never rejects. */
  async #commit(batches: readonly (readonly BatchStatement[])[]): Promise<readonly Outcome[]> {
    const { isShared, schema } = this.#options;
    let end: GroupEnd;
    try {
      const session = await this.#ready();
      end = await commitGroup(session, batches, isShared ? turnOf(schema) : undefined);
    } catch (thrown) {
      if (thrown instanceof ConnectionLost) return refuse(batches, lostBefore());
      const error = fromPostgres(thrown);
      // A session that cannot even undo is of no use: the next group opens another.
      if (error.code !== 'LOCKED') await this.#session.end();
      return refuse(batches, error);
    }
    const { outcomes, open } = end;
    if (open === undefined) {
      this.transactions += 1;
      this.largest = Math.max(this.largest, batches.length);
      return outcomes;
    }
    return [...outcomes, ...(await this.#learn(open.xid, open.ifCommitted))];
  }

  /** The COMMIT was sent and its answer lost: the server knows what became of it. */
  async #learn(xid: string, ifCommitted: readonly Outcome[]): Promise<readonly Outcome[]> {
    try {
      const fate = await fateOf(await this.#ready(), xid);
      return fate === 'committed' ? ifCommitted : refuse(ifCommitted, lostBefore());
    } catch (thrown) {
      const { message } = fromPostgres(thrown);
      const unknown = new StoreError(
        'FAILED',
        `the connection was lost while committing: ${message}`,
        {
          outcome: 'unknown',
        },
      );
      return refuse(ifCommitted, unknown);
    }
  }

  /**
   * The session, opened again where it was lost.
   * @throws StoreError `LOCKED`, for good, where another store took the schema over meanwhile.
   */
  async #ready(): Promise<Session> {
    this.assertOwner();
    if (this.#session.lost === undefined) return this.#session;
    const until_ms = performance.now() + this.#options.busy_timeout_ms;
    for (;;) {
      try {
        await this.#session.end();
        this.#session = await this.#options.open();
        return this.#session;
      } catch (thrown) {
        const error = fromPostgres(thrown);
        if (error.code === 'LOCKED') this.#locked = error;
        this.assertOwner();
        if (performance.now() >= until_ms)
          throw new StoreError('BUSY', `the database cannot be reached: ${error.message}`);
        await new Promise((resolve) => setTimeout(resolve, RECONNECT_PAUSE_MS));
      }
    }
  }
}

const RECONNECT_PAUSE_MS = 100;

function lostBefore(): StoreError {
  const message = 'the connection to the database was lost before the commit: nothing was kept';
  return new StoreError('BUSY', message);
}

const NOT_RUN = { code: 'BUSY', message: lostBefore().message, details: {} } as const;
