/**
 * Group commit: many callers' batches in one transaction, one fsync for all of them. A group is first
 * tried whole; only where a batch in it fails is it run again with a savepoint for each, so that the
 * failing one is undone alone. A savepoint copies every page that is changed under it. Since the writer
 * is one and the first run was undone, both ways give each batch the same answer.
 */

import type { DatabaseSync } from 'node:sqlite';

import { expectCount, refuse, type Outcome } from './batch.ts';
import { StoreError, toStoreError, toWire } from './errors.ts';
import type { WireStatement } from './messages.ts';
import type { Statements } from './statements.ts';
import type { StatementResult } from './types.ts';

type Batch = readonly WireStatement[];

/** Commits groups of batches on one connection. */
export class GroupWriter {
  /** Transactions committed, each at most one fsync. */
  transactions = 0;
  /** Batches of the largest of them. */
  largest = 0;

  readonly #db: DatabaseSync;
  readonly #statements: Statements;
  readonly #control: Record<'begin' | 'commit' | 'savepoint' | 'undo' | 'release', () => void>;
  #poison: StoreError | null = null;
  /** Groups to come that are not tried whole: where one failed, the next ones may. */
  #splitNext = 0;

  constructor(db: DatabaseSync, statements: Statements) {
    this.#db = db;
    this.#statements = statements;
    const control = (sql: string): (() => void) => {
      const statement = statements.trusted(() => db.prepare(sql));
      // run() reports the last rowid, and throws where a number cannot hold it.
      statement.setReadBigInts(true);
      return () => void statements.trusted(() => statement.run());
    };
    this.#control = {
      begin: control('begin immediate'),
      commit: control('commit'),
      savepoint: control('savepoint batch'),
      undo: control('rollback to batch'),
      release: control('release batch'),
    };
  }

  /**
   * Runs the batches in order, and answers for each. What answers with results is durable.
   * Never throws.
   */
  commit(batches: readonly Batch[]): readonly Outcome[] {
    const isAlone = batches.length === 1;
    if (!isAlone && this.#splitNext > 0) {
      this.#splitNext -= 1;
      return this.commitSplit(batches);
    }
    if (this.#poison !== null) return refuse(batches, this.#poison);
    try {
      this.#control.begin();
    } catch (thrown) {
      return refuse(batches, this.judge(thrown));
    }
    let outcomes: readonly Outcome[];
    try {
      outcomes = batches.map((batch) => ({ results: this.#runBatch(batch) }));
    } catch (thrown) {
      const error = this.judge(thrown);
      this.#rollBack();
      if (isAlone || this.#poison !== null) return refuse(batches, error);
      this.#splitNext = SPLIT_AFTER_FAILURE;
      return this.commitSplit(batches);
    }
    return this.#finish(batches, outcomes);
  }

  /** The same, each batch in a savepoint of its own from the start. */
  commitSplit(batches: readonly Batch[]): readonly Outcome[] {
    if (this.#poison !== null) return refuse(batches, this.#poison);
    try {
      this.#control.begin();
    } catch (thrown) {
      return refuse(batches, this.judge(thrown));
    }
    const outcomes: Outcome[] = [];
    for (const batch of batches) {
      const outcome = this.#runInSavepoint(batch);
      if ('lost' in outcome) return this.#lost(batches, outcome.lost);
      outcomes.push(outcome);
    }
    return this.#finish(batches, outcomes);
  }

  /** @throws StoreError where an earlier failure made writing unsafe. */
  assertSound(): void {
    if (this.#poison !== null) throw this.#poison;
  }

  /** The outcome of the batch; `lost` where the whole transaction went with it. */
  #runInSavepoint(batch: Batch): Outcome | { readonly lost: StoreError } {
    try {
      this.#control.savepoint();
      const results = this.#runBatch(batch);
      this.#control.release();
      return { results };
    } catch (thrown) {
      const error = this.judge(thrown);
      if (this.#poison !== null || !this.#db.isTransaction) return { lost: error };
      try {
        this.#control.undo();
        this.#control.release();
      } catch (undoThrown) {
        return { lost: this.judge(undoThrown) };
      }
      return { error: toWire(error) };
    }
  }

  #runBatch(batch: Batch): StatementResult[] {
    return batch.map((statement, index) => this.#runStatement(statement, index));
  }

  #runStatement(statement: WireStatement, index: number): StatementResult {
    try {
      const result = this.#statements.run(statement);
      expectCount('changes', statement.changes, result.changes);
      expectCount('rows', statement.rows, result.rows.length);
      return result;
    } catch (thrown) {
      throw toStoreError(thrown, { index, name: statement.name });
    }
  }

  #finish(batches: readonly Batch[], outcomes: readonly Outcome[]): readonly Outcome[] {
    try {
      this.#control.commit();
      this.transactions += 1;
      this.largest = Math.max(this.largest, batches.length);
      return outcomes;
    } catch (thrown) {
      const error = this.judge(thrown, { outcome: 'unknown' });
      this.#rollBack();
      // A deferred constraint is checked only now, and says nothing of whose it is.
      if (error.code === 'CONSTRAINT' && batches.length > 1) return this.#eachAlone(batches);
      return refuse(batches, error);
    }
  }

  /**
   * The transaction ended under a batch: a full disk or a `raise(rollback)` may do that. The
   * others had no part in it, and nothing of theirs was kept or answered: they run again.
   */
  #lost(batches: readonly Batch[], error: StoreError): readonly Outcome[] {
    this.#rollBack();
    if (this.#poison !== null || batches.length === 1) return refuse(batches, error);
    return this.#eachAlone(batches);
  }

  #eachAlone(batches: readonly Batch[]): readonly Outcome[] {
    return batches.flatMap((batch) => this.commit([batch]));
  }

  #rollBack(): void {
    try {
      if (this.#db.isTransaction) this.#statements.trusted(() => this.#db.exec('rollback'));
    } catch (thrown) {
      this.#poison ??= toStoreError(thrown);
    }
  }

  /**
   * The error as the caller sees it. After an input/output error the kernel may have dropped the
   * pages it could not write (a later fsync would then succeed without them), and a damaged file
   * only gets worse: either way nothing more is written until the file is opened again.
   */
  judge(thrown: unknown, detailsOfFailure: { outcome?: string } = {}): StoreError {
    const error = toStoreError(thrown);
    const sqlite = error.details['sqlite'];
    const inputOutput = typeof sqlite === 'number' && (sqlite & 0xff) === SQLITE_IOERR;
    if (!inputOutput && error.code !== 'CORRUPT') return error;
    const message = `${error.message}: the store writes nothing more until it is opened again`;
    this.#poison = new StoreError(error.code, message, error.details);
    return new StoreError(error.code, message, { ...error.details, ...detailsOfFailure });
  }
}

const SQLITE_IOERR = 10;
const SPLIT_AFTER_FAILURE = 8;
