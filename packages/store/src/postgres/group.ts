/**
 * Group commit on one connection: many callers' batches in one transaction, one flush of the log for
 * all of them. A group is first tried whole, in one round trip; only where a batch in it fails is it
 * run again one by one, each batch in its own savepoint, so that the failing one is undone alone. Since
 * the writer is one and the first run was undone, both ways give each batch the same answer.
 */

import { expectCount, refuse, type Outcome } from '../batch.ts';
import { StoreError, toWire } from '../errors.ts';
import type { StatementResult } from '../types.ts';
import { ConnectionLost, fromPostgres, isStalePlan } from './errors.ts';
import type { Step, StepResult } from './pipeline.ts';
import type { Session } from './session.ts';
import type { BatchStatement } from './wire.ts';

type Batch = readonly BatchStatement[];

/** The number of the transaction, by which a server can be asked what became of it. */
const NUMBER = 'SELECT pg_current_xact_id()::text AS xid';

/** How a group ended: what is known of its batches, in their order. */
export interface GroupEnd {
  /** Answered. */
  readonly outcomes: readonly Outcome[];
  /** The next ones: their COMMIT was sent, and the answer was lost with the connection. */
  readonly open?: { readonly xid: string; readonly ifCommitted: readonly Outcome[] };
  // Those after them were not run.
}

/**
 * Commits a group; `guard` is what each transaction begins with (a lock that others take too).
 * @throws ConnectionLost where the connection went before the COMMIT: then nothing was kept.
 */
export async function commitGroup(
  session: Session,
  batches: readonly Batch[],
  guard: string | undefined,
): Promise<GroupEnd> {
  const together = await tryTogether(session, batches, guard);
  if (together !== 'split') return together;
  return await oneByOne(session, batches, guard);
}

const begin = (session: Session, guard: string | undefined): Step[] =>
  ['BEGIN', ...(guard === undefined ? [] : [guard]), NUMBER].map((sql) => session.own(sql));

/** The whole group in one round trip; 'split' where a batch of several failed. */
async function tryTogether(
  session: Session,
  batches: readonly Batch[],
  guard: string | undefined,
): Promise<GroupEnd | 'split'> {
  const isAlone = batches.length === 1;
  let steps: Step[];
  try {
    steps = batches.flatMap((batch) => stepsOf(session, batch));
  } catch (thrown) {
    return isAlone ? { outcomes: refuse(batches, fromPostgres(thrown)) } : 'split';
  }
  const head = begin(session, guard);
  const { results, error } = await session.run([...head, ...steps]);
  if (isStalePlan(error)) {
    await rollBack(session);
    session.forget();
    return await tryTogether(session, batches, guard);
  }
  const own = results.slice(head.length);
  if (results.length < head.length) {
    await rollBack(session);
    return { outcomes: refuse(batches, fromPostgres(error)) };
  }
  const outcomes: Outcome[] = [];
  let at = 0;
  for (const batch of batches) {
    const outcome = outcomeOf(batch, own.slice(at, at + batch.length), error);
    at += batch.length;
    if ('error' in outcome) {
      await rollBack(session);
      return isAlone ? { outcomes: [outcome] } : 'split';
    }
    outcomes.push(outcome);
  }
  return await finish(session, batches, guard, xidOf(results, head), outcomes);
}

async function oneByOne(
  session: Session,
  batches: readonly Batch[],
  guard: string | undefined,
): Promise<GroupEnd> {
  const head = begin(session, guard);
  const { results, error } = await session.run(head);
  if (error !== undefined) {
    await rollBack(session);
    return { outcomes: refuse(batches, fromPostgres(error)) };
  }
  const outcomes: Outcome[] = [];
  for (const batch of batches) outcomes.push(await inSavepoint(session, batch));
  return await finish(session, batches, guard, xidOf(results, head), outcomes);
}

async function inSavepoint(session: Session, batch: Batch): Promise<Outcome> {
  let steps: Step[];
  try {
    steps = stepsOf(session, batch);
  } catch (thrown) {
    return { error: toWire(fromPostgres(thrown)) };
  }
  const { results, error } = await session.run([session.own('SAVEPOINT batch'), ...steps]);
  const outcome = outcomeOf(batch, results.slice(1), error);
  const undo = 'error' in outcome ? ['ROLLBACK TO SAVEPOINT batch'] : [];
  const control = [...undo, 'RELEASE SAVEPOINT batch'].map((sql) => session.own(sql));
  const ended = await session.run(control);
  if (ended.error !== undefined) throw fromPostgres(ended.error);
  return outcome;
}

/** @throws StoreError, with the place of the statement in its batch. */
function stepsOf(session: Session, batch: Batch): Step[] {
  return batch.map(({ sql, params, name }, index) => {
    try {
      return session.step(sql, params);
    } catch (thrown) {
      throw fromPostgres(thrown, { index, name });
    }
  });
}

/** What a batch answers: its results, or the first thing that was not as it should be. */
function outcomeOf(batch: Batch, ran: readonly StepResult[], error: unknown): Outcome {
  const results: StatementResult[] = [];
  for (const [index, statement] of batch.entries()) {
    const where = { index, name: statement.name };
    const result = ran[index];
    try {
      if (result === undefined) throw error;
      if (result.fault !== undefined) throw result.fault;
      expectCount('changes', statement.expect.changes, result.changes);
      expectCount('rows', statement.expect.rows, result.rows.length);
    } catch (thrown) {
      return { error: toWire(fromPostgres(thrown, where)) };
    }
    results.push({ changes: result.changes, rows: result.rows });
  }
  return { results };
}

async function finish(
  session: Session,
  batches: readonly Batch[],
  guard: string | undefined,
  xid: string,
  outcomes: readonly Outcome[],
): Promise<GroupEnd> {
  let ran;
  try {
    ran = await session.run([session.own('COMMIT')]);
  } catch {
    return { outcomes: [], open: { xid, ifCommitted: outcomes } };
  }
  if (ran.results[0]?.tag === 'COMMIT') return { outcomes };
  const error = fromPostgres(ran.error ?? new StoreError('FAILED', 'the transaction was undone'));
  // A deferred constraint is checked only now, and says nothing of whose it is.
  if (error.code !== 'CONSTRAINT' || batches.length === 1)
    return { outcomes: refuse(batches, error) };
  return await eachAlone(session, batches, guard);
}

async function eachAlone(
  session: Session,
  batches: readonly Batch[],
  guard: string | undefined,
): Promise<GroupEnd> {
  const outcomes: Outcome[] = [];
  for (const batch of batches) {
    try {
      const end = await commitGroup(session, [batch], guard);
      outcomes.push(...end.outcomes);
      if (end.open !== undefined) return { outcomes, open: end.open };
    } catch (thrown) {
      if (thrown instanceof ConnectionLost) return { outcomes };
      throw thrown;
    }
  }
  return { outcomes };
}

/** Where the server refuses even that, the session is of no use any more. */
async function rollBack(session: Session): Promise<void> {
  const { error } = await session.run([session.own('ROLLBACK')]);
  if (error !== undefined) throw fromPostgres(error);
}

function xidOf(results: readonly StepResult[], head: readonly Step[]): string {
  return String(results[head.length - 1]?.rows[0]?.['xid']);
}
