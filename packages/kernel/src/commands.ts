import { setTimeout as pause } from 'node:timers/promises';
import {
  failure,
  QError,
  type AnyOperation,
  type Failure,
  type InputOf,
  type Result,
  type Success,
} from '@anarq/common-schemas';
import { randomBytes, toBase64url } from '@anarq/crypto';
import { StoreError, type Statement } from '@anarq/store';
import { authorise } from './authorise.ts';
import { checkBudget, isLimited } from './budget.ts';
import { minorOf, moveCounters, spending, type Used } from './budgetCounters.ts';
import { budgetAlerts } from './budgetAlerts.ts';
import {
  IdSource,
  outboxStatements,
  readContext,
  workContext,
  type Ask,
  type WorkContext,
} from './contexts.ts';
import { noteMoves } from './drawn.ts';
import { stillInForce } from './grants.ts';
import type { Invocation } from './invocation.ts';
import type { KernelParts } from './parts.ts';
import { isFinal, recordOf } from './record.ts';
import { isMock } from './standalone/mode.ts';

const RERUNS_MAX = 5;

/** Runs a query beside the writer. Nothing is kept of it, unless it read personal data. */
export async function runQuery(
  inv: Invocation,
  parts: KernelParts,
  ask: Ask,
): Promise<Result<unknown>> {
  if (inv.reservations.length > 0) await countQuery(inv, parts);
  const ctx = readContext(inv, parts, ask);
  const output = await inv.compiled.handler(inv.call.input as InputOf<AnyOperation>, ctx as never);
  checkOutput(inv, output);
  if (inv.compiled.op.personal && inv.capability === undefined) parts.batch.read(inv, output);
  return success(inv, output);
}

/** A query under a grant that limits calls counts before it reads: it has no commit of its own. */
async function countQuery(inv: Invocation, parts: KernelParts): Promise<void> {
  for (let run = 1; ; run++)
    try {
      return void (await parts.store.commit(moveCounters(spending(inv.reservations, undefined))));
    } catch (error) {
      if (run >= RERUNS_MAX || !isConflict(error)) throw inTableWords(error);
      await decideAgain(inv, parts);
    }
}

/** Runs a command: its handler, then one durable commit of everything it did. */
export async function runCommand(
  inv: Invocation,
  parts: KernelParts,
  ask: Ask,
): Promise<Result<unknown>> {
  const ids = new IdSource(inv.now_ms, toBase64url(randomBytes(16)));
  for (let run = 1; ; run++) {
    const work = workContext(inv, parts, ask, ids);
    let result: Result<unknown>;
    let commit: Statement[];
    try {
      const output = await inv.compiled.handler(
        inv.call.input as InputOf<AnyOperation>,
        work.ctx as never,
      );
      checkOutput(inv, output);
      ({ result, commit } = await succeed(inv, parts, work, output));
    } catch (error) {
      if (!(error instanceof QError) || error.retryable || error.code === 'INTERNAL') throw error;
      ({ result, commit } = refuse(inv, parts, error));
    }
    parts.probe(`before-commit ${inv.compiled.op.id}`);
    assertNotStopped(inv, parts);
    try {
      await parts.store.commit(commit);
    } catch (error) {
      if (run >= RERUNS_MAX || !isConflict(error)) throw inTableWords(error);
      // Somebody else was faster: what this call read or held is no longer so. Once more, fresh.
      await parts.replay.recheck(inv);
      if (inv.answer !== undefined) return inv.answer;
      await decideAgain(inv, parts);
      // Callers that met over one row part ways, a little more with each meeting.
      if (run > 1) await pause(Math.random() * 2 ** (run + 2));
      continue;
    }
    parts.probe(`after-commit ${inv.compiled.op.id}`);
    if (result.status === 'ok') afterCommit(work, parts, inv.compiled.op.id);
    parts.wake(work.events.length > 0);
    return result;
  }
}

async function succeed(
  inv: Invocation,
  parts: KernelParts,
  work: WorkContext,
  output: unknown,
): Promise<{ result: Success<unknown>; commit: Statement[] }> {
  const used = usedOf(inv, work);
  const record = recordOf(inv, parts.services.log, {
    kind: 'call',
    code: 'SUCCESS',
    output,
    parties: work.parties,
    parent: inv.capability?.record,
    used,
  });
  const result = { ...success(inv, output), cid: record.cid };
  const moves = spending(inv.reservations, used);
  return {
    result,
    commit: [
      ...guards(inv),
      ...moveCounters(moves),
      ...noteMoves(record.cid, moves, inv.now_ms),
      ...(await budgetAlerts(inv, parts, used, record.cid)),
      ...work.unit.statements,
      ...outboxStatements(inv, work, record.cid),
      ...parts.replay.record(inv, result),
      ...record.statements,
      ...(inv.journal?.(result) ?? []),
    ],
  };
}

/** A final refusal is an outcome: recorded, and answered again under its key. */
function refuse(
  inv: Invocation,
  parts: KernelParts,
  error: QError,
): { result: Result<unknown>; commit: Statement[] } {
  const record = recordOf(inv, parts.services.log, {
    kind: 'refusal',
    code: error.code,
    parent: inv.capability?.record,
    note: error.message,
  });
  const result = { ...failed(inv, error), cid: record.cid };
  return {
    result,
    commit: [
      ...(isFinal(result) ? parts.replay.record(inv, result) : []),
      ...record.statements,
      ...(inv.journal?.(result) ?? []),
    ],
  };
}

/**
 * What the verdict stood on still stands when the call commits: every link of its grants is in
 * force, and the resource is still its owner's.
 */
export const guards = (inv: Invocation): Statement[] => [
  ...(inv.links.length === 0 || inv.capability?.operation === 'undo'
    ? []
    : [stillInForce([...new Set(inv.links)])]),
  ...(inv.resource === undefined || inv.owner === undefined
    ? []
    : [stillOwned(inv.principal.tenant, inv.resource, inv.owner)]),
];

const stillOwned = (tenant: string, resource: string, owner: string): Statement => ({
  name: `owner of ${resource}`,
  sql: `SELECT owner FROM kernel_resource
        WHERE tenant = :tenant AND resource = :resource AND owner = :owner`,
  params: { tenant, resource, owner },
  expect: { rows: 1 },
});

/**
 * Who was suspended while its call ran commits nothing more; a suspension is known here before it is
 * acknowledged.
 */
export function assertNotStopped(inv: Invocation, parts: KernelParts): void {
  if (inv.capability?.operation === 'undo' || inv.capability?.undoes === true) return;
  const { actor, root } = inv.principal;
  const { identities } = parts.services;
  const suspended = identities.firstSuspended([actor, root, inv.subject]);
  if (suspended === undefined) return;
  throw new QError('QONSENT_DENIED', `${suspended} was suspended while this call ran.`, {
    why: { rule: `${suspended} is suspended` },
  });
}

/** After a conflict: the verdict is made again, on what is now so. */
export async function decideAgain(inv: Invocation, parts: KernelParts): Promise<void> {
  await recheckGrants(inv, parts);
  inv.grants = [];
  inv.links = [];
  await authorise(inv, parts.services, parts.store);
  if (isLimited(inv))
    await checkBudget(inv, parts.services, parts.store, parts.follower !== undefined);
}

/** What happens in memory once a commit is durable; a failure there undoes nothing. */
export function afterCommit(
  { effects, events }: Pick<WorkContext, 'effects' | 'events'>,
  parts: KernelParts,
  op: string,
): void {
  for (const { topic } of events) parts.telemetry.emitted(topic);
  for (const effect of effects)
    try {
      effect();
    } catch (error) {
      parts.onError(error, `after ${op}`);
    }
}

/** A grant that was revoked meanwhile stops the call. */
async function recheckGrants(inv: Invocation, parts: KernelParts): Promise<void> {
  const revoked = await parts.services.grants.firstRevoked(inv.links);
  if (revoked !== undefined && inv.capability?.operation !== 'undo')
    throw new QError('GRANT_REVOKED', 'A grant behind this call was revoked.', {
      why: { grant: revoked, rule: 'the grant was revoked' },
    });
}

export function usedOf(inv: Invocation, work: WorkContext): Used {
  const { ceiling } = inv;
  if (work.spent === undefined || ceiling === undefined) return ceiling;
  const spent = minorOf(work.spent, ceiling.unit);
  if (spent < 0n || spent > minorOf(ceiling.amount, ceiling.unit))
    throw new QError('INTERNAL', `${inv.compiled.op.id} spent what its call was not allowed.`);
  return { amount: work.spent, unit: ceiling.unit };
}

/** A conflict of versions, limits or keys, that running again with fresh reads can resolve. */
export const isConflict = (error: unknown): boolean =>
  error instanceof StoreError &&
  (error.code === 'CONFLICT' || error.code === 'UNIQUE' || error.code === 'CONSTRAINT');

/** What the store says, in the words of the table. Nothing was acknowledged. */
export function inTableWords(error: unknown): unknown {
  if (!(error instanceof StoreError)) return error;
  switch (error.code) {
    case 'CONFLICT':
    case 'UNIQUE':
      return new QError('SERVICE_UNAVAILABLE', 'Too many calls change the same thing.', {
        retryAfter_ms: 100,
      });
    case 'FULL':
      return new QError('QDRIVE_STORAGE_FULL', 'The disk of the node is full.');
    case 'BUSY':
    case 'CLOSED':
    case 'LOCKED':
      return new QError('SERVICE_UNAVAILABLE', undefined, { retryAfter_ms: 250 });
    default:
      return error;
  }
}

export function checkOutput(inv: Invocation, output: unknown): void {
  const violations = inv.compiled.output.violations(output);
  if (violations.length > 0)
    throw new QError('INTERNAL', `${inv.compiled.op.id} answered outside its contract.`, {
      violations,
    });
}

export const success = (inv: Invocation, output: unknown): Success<unknown> => ({
  status: 'ok',
  code: 'SUCCESS',
  message: isMock(inv)
    ? `Mocked, nothing was done: ${inv.compiled.op.summary}`
    : inv.compiled.op.summary,
  data: output,
});

export const failed = (
  call: { readonly requestId: string; readonly now_ms: number },
  error: QError,
): Failure => failure(error.code, call, error.message, error.details);
