import { QError, type Result } from '@anarq/common-schemas';
import { utf8 } from '@anarq/crypto';
import type { Statement } from '@anarq/store';
import { moveCounters, settling, type Used } from './budgetCounters.ts';
import { budgetAlerts } from './budgetAlerts.ts';
import type { Capability } from './capability.ts';
import { afterCommit, failed, inTableWords, isConflict, success, usedOf } from './commands.ts';
import { outboxStatements, type WorkContext } from './contexts.ts';
import { noteMoves } from './drawn.ts';
import type { CompiledOperation, Invocation } from './invocation.ts';
import type { Asked, Cause, Entry, Journal } from './journal.ts';
import { nodeEvent } from './nodeEvents.ts';
import type { KernelParts } from './parts.ts';
import { recordOf } from './record.ts';
import { stoppedBy } from './runControl.ts';
import { asModule, type InvokeStep } from './steps.ts';

type EndState = 'DONE' | 'UNDONE' | 'NEEDS_ATTENTION' | 'ABANDONED';
type Undo = NonNullable<Entry['undo']>;

/** The ends of a process: it is done, it is undone, it waits for a person, or one gave it up. */
export class ProcessEnds {
  readonly #parts: KernelParts;
  readonly #invokeStep: InvokeStep;
  readonly #journal: Journal;
  readonly #find: (id: string) => CompiledOperation | undefined;
  readonly #ended: (inv: Invocation, capability: Capability) => void;

  constructor(
    parts: KernelParts,
    invokeStep: InvokeStep,
    journal: Journal,
    find: (id: string) => CompiledOperation | undefined,
    ended: (inv: Invocation, capability: Capability) => void,
  ) {
    this.#parts = parts;
    this.#invokeStep = invokeStep;
    this.#journal = journal;
    this.#find = find;
    this.#ended = ended;
  }

  /**
   * Commits the outcome: what the handler wrote itself, and what it used of its budgets.
   * @returns the answer, or undefined when rows that the handler read have changed meanwhile, or
   * somebody stopped it
   */
  async done(
    inv: Invocation,
    capability: Capability,
    work: WorkContext,
    output: unknown,
  ): Promise<Result<unknown> | undefined> {
    const { op } = inv.compiled;
    this.#parts.probe(`before-outcome ${op.id}`);
    const used = usedOf(inv, work);
    const record = recordOf(inv, this.#parts.services.log, {
      kind: 'outcome',
      code: 'SUCCESS',
      output,
      parties: work.parties,
      parent: capability.record,
      used,
    });
    const result = { ...success(inv, output), cid: capability.record };
    try {
      await this.#parts.store.commit([
        ...settled(inv, used, record.cid),
        ...(await budgetAlerts(inv, this.#parts, used, record.cid)),
        ...work.unit.statements,
        ...outboxStatements(inv, work, capability.record),
        ...this.#close(capability, 'DONE', inv, result),
        ...record.statements,
        ...(inv.journal?.(result) ?? []),
      ]);
    } catch (error) {
      if (isConflict(error)) return undefined;
      throw inTableWords(error);
    }
    this.#parts.probe(`after-outcome ${op.id}`);
    afterCommit(work, this.#parts, op.id);
    this.#tell(inv, capability);
    return result;
  }

  /** Decides, for good, that a process is undone, and undoes it. */
  async refused(
    inv: Invocation,
    capability: Capability,
    asked: Asked,
    error: QError,
    retries: number,
  ): Promise<Result<unknown>> {
    const { step: _, ...details } = error.details ?? {};
    const cause: Cause = {
      code: error.code,
      message: error.message,
      ...(error.details === undefined ? {} : { details }),
    };
    const { steps } = asked;
    // Where there is nothing to undo, the outcome itself is the decision.
    if ([...steps.values()].some(({ undo }) => undo !== undefined))
      await this.#parts.store.commit([this.#journal.cause(capability.process, steps.size, cause)]);
    return this.undone(inv, capability, { ...asked, cause }, retries);
  }

  /** Undoes what was done, last first. An undo is never stopped, and is itself done once. */
  async undone(
    inv: Invocation,
    capability: Capability,
    asked: Asked & { readonly cause: Cause },
    retries: number,
  ): Promise<Result<unknown>> {
    const { cause } = asked;
    for (const [name, undo] of undosOf(asked)) {
      const result = await this.#undo(inv, capability, asked, name, undo, retries);
      if (result.status === 'ok') continue;
      const problem = `${name} could not be undone: ${result.code}`;
      return this.parked(inv, capability, 'NEEDS_ATTENTION', problem, result.message);
    }
    const record = recordOf(inv, this.#parts.services.log, {
      kind: 'outcome',
      code: cause.code,
      parent: capability.record,
      note: cause.message,
    });
    const told = new QError(cause.code, cause.message, cause.details);
    const result = { ...failed(inv, told), cid: capability.record };
    await this.#parts.store.commit([
      ...settled(inv, nothingOf(inv), record.cid),
      ...this.#close(capability, 'UNDONE', inv, result),
      ...record.statements,
    ]);
    this.#parts.probe(`after-undo ${inv.compiled.op.id}`);
    this.#tell(inv, capability);
    return result;
  }

  /**
   * The operator gave it up: what can be undone is, and what cannot is named. Where something
   * stands, the budget counts as spent; else it is free again.
   */
  async abandoned(
    inv: Invocation,
    capability: Capability,
    asked: Asked,
    retries: number,
  ): Promise<Result<unknown>> {
    const standing: string[] = [];
    for (const [name, undo] of undosOf(asked)) {
      const result = await this.#undo(inv, capability, asked, name, undo, retries);
      if (result.status === 'error') standing.push(`${name} (${result.code})`);
    }
    const isUndone = standing.length === 0;
    const problem = isUndone ? null : `given up; not undone: ${standing.join(', ')}`;
    const error = isUndone
      ? stoppedBy('ABANDONED')
      : new QError('CANCELLED', `The operator gave it up; not undone: ${standing.join(', ')}.`);
    const record = recordOf(inv, this.#parts.services.log, {
      kind: 'outcome',
      code: error.code,
      parent: capability.record,
      note: error.message,
    });
    const facts = new QError(error.code, error.message, { process: capability.process });
    const result = { ...failed(inv, facts), cid: capability.record };
    const used = isUndone ? nothingOf(inv) : inv.ceiling;
    await this.#parts.store.commit([
      ...settled(inv, used, record.cid),
      ...(await budgetAlerts(inv, this.#parts, used, record.cid)),
      ...this.#close(capability, isUndone ? 'UNDONE' : 'ABANDONED', inv, result, problem),
      ...record.statements,
    ]);
    this.#parts.probe(`after-abandon ${inv.compiled.op.id}`);
    this.#tell(inv, capability);
    return result;
  }

  /**
   * A process that cannot go on waits for a person; its budget stays held until then. The problem
   * is kept in the open, its details only in the record.
   */
  async parked(
    inv: Invocation,
    capability: Capability,
    code: 'PROCESS_DIVERGED' | 'NEEDS_ATTENTION',
    problem: string,
    details?: string,
  ): Promise<Result<unknown>> {
    const told = details === undefined ? problem : `${problem}: ${details}`;
    const record = recordOf(inv, this.#parts.services.log, {
      kind: 'outcome',
      code,
      parent: capability.record,
      note: told,
    });
    const facts = { process: capability.process, record: capability.record };
    const result = failed(inv, new QError(code, told, facts));
    await this.#parts.store.commit([
      ...this.#close(capability, 'NEEDS_ATTENTION', inv, result, problem),
      ...nodeEvent(this.#parts, {
        topic: 'q.node.process.attention.v1',
        tenant: this.#parts.services.node.tenant,
        subject: this.#parts.services.node.operator,
        record: record.cid,
        id: `${record.cid}.attention`,
        at_ms: this.#parts.now_ms(),
        data: {
          processId: capability.process,
          operation: capability.operation,
          problem: problem.slice(0, 500),
        },
      }),
      ...record.statements,
    ]);
    this.#tell(inv, capability);
    this.#parts.onError(new Error(told), `process ${capability.process}`);
    return result;
  }

  /**
   * Undoes one step, once. A refusal is kept under its key; whoever has the process tried again
   * gets it asked under a new one, but only where the earlier asking came to nothing.
   * @throws QError what may pass by itself
   */
  async #undo(
    inv: Invocation,
    capability: Capability,
    asked: Asked,
    name: string,
    undo: Undo,
    retries: number,
  ): Promise<Result<unknown>> {
    const { process } = capability;
    this.#parts.probe(`before-undo ${capability.operation} ${name}`);
    for (let tried = 0; ; tried++) {
      const result = await this.#ask(inv, capability, asked, name, undo, tried);
      if (result.status === 'ok') {
        // A command wrote it in its own commit; a process has several.
        if (this.#find(undo.operation)?.op.kind !== 'command')
          await this.#parts.store.commit([this.#journal.undone(process, name, asked.steps.size)]);
        asked.undone.add(name);
        return result;
      }
      if (result.retryable) throw new QError(result.code, result.message, result.details);
      if (tried >= retries || result.code === 'NEEDS_ATTENTION') return result;
    }
  }

  async #ask(
    inv: Invocation,
    capability: Capability,
    asked: Asked,
    name: string,
    { operation, input, as }: Undo,
    tried: number,
  ): Promise<Result<unknown>> {
    const op = this.#find(operation)?.op ?? this.#parts.remote?.operation(operation);
    if (op === undefined)
      return failed(inv, new QError('DEPENDENCY_MISSING', `${operation} is not running here.`));
    const actor = as === 'module' ? asModule(capability, this.#parts) : capability;
    return this.#invokeStep({
      op,
      input,
      capability: {
        ...actor,
        operation: 'undo',
        links: [],
        uses: [...capability.uses, operation],
      },
      idempotencyKey: `${capability.process}/undo/${name}${tried === 0 ? '' : `#${tried}`}`,
      ...(op.kind === 'command'
        ? {
            journal: (answer) =>
              answer.status === 'ok'
                ? [this.#journal.undone(capability.process, name, asked.steps.size)]
                : [],
          }
        : {}),
    });
  }

  #tell(inv: Invocation, capability: Capability): void {
    this.#parts.wake();
    this.#ended(inv, capability);
  }

  #close(
    capability: Capability,
    state: EndState,
    inv: Invocation,
    result: Result<unknown>,
    problem: string | null = null,
  ): Statement[] {
    const { process } = capability;
    const now_ms = this.#parts.now_ms();
    // What was stopped is not done, however near it was; unless a log of its module's own has it.
    const isStoppable = state === 'DONE' && inv.compiled.module.ownLog === undefined;
    const unlessStopped = isStoppable ? 'AND stop_code IS NULL' : '';
    return [
      {
        name: `process ${process}`,
        sql: `UPDATE kernel_process SET state = :state, problem = :problem, updated_ms = :now_ms
              WHERE id = :id AND state = 'RUNNING' ${unlessStopped}`,
        params: { id: process, state, problem, now_ms },
        expect: { changes: 1 },
      },
      ...(state === 'DONE' ? [] : [endWaits(process)]),
      ...(inv.compiled.op.job === undefined ? [] : this.#endJob(capability, result, now_ms)),
      ...(inv.replayKey === undefined ? [] : [this.#parts.replay.complete(inv.replayKey, result)]),
    ];
  }

  #endJob(capability: Capability, result: Result<unknown>, now_ms: number): Statement[] {
    const { process: jobId, operation, subject, principal, record } = capability;
    const { sealer } = this.#parts.services;
    return [
      {
        name: `job ${jobId}`,
        sql: 'UPDATE kernel_process SET outcome_sealed = :outcome WHERE id = :id',
        params: {
          id: jobId,
          outcome: sealer.seal('outcome', jobId, utf8(JSON.stringify(result))),
        },
      },
      ...nodeEvent(this.#parts, {
        topic: 'q.node.job.finished.v1',
        tenant: principal.tenant,
        subject,
        record,
        id: `${jobId}.finished.${now_ms}`,
        at_ms: now_ms,
        data: { jobId, operation, subject, code: result.code },
      }),
    ];
  }
}

/** What is still to undo, last first. */
const undosOf = ({ steps, undone }: Asked): [string, Undo][] =>
  [...steps]
    .toReversed()
    .flatMap(([name, { undo }]): [string, Undo][] =>
      undo === undefined || undone.has(name) ? [] : [[name, undo]],
    );

/** Ends what was held, and writes down how the budgets stand then. */
function settled(inv: Invocation, used: Used, record: string): Statement[] {
  const moves = settling(inv.reservations, used);
  return [...moveCounters(moves), ...noteMoves(record, moves, inv.now_ms)];
}

const nothingOf = ({ ceiling }: Invocation) =>
  ceiling === undefined ? undefined : { ...ceiling, amount: '0' };

/** Nobody is asked any more what a process that has ended waited for. */
const endWaits = (process: string): Statement => ({
  name: `waits of ${process}`,
  sql: 'DELETE FROM kernel_wait WHERE process = :process',
  params: { process },
});
