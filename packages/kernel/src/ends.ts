import { QError, type Result } from '@anarq/common-schemas';
import type { Statement } from '@anarq/store';
import { settle } from './budget.ts';
import type { Capability } from './capability.ts';
import { failed, inTableWords, isConflict, runEffects, success, usedOf } from './commands.ts';
import { outboxStatements, type WorkContext } from './contexts.ts';
import type { CompiledOperation, Invocation } from './invocation.ts';
import type { Asked, Cause, Journal } from './journal.ts';
import type { KernelParts } from './parts.ts';
import { recordOf } from './record.ts';
import { asModule, type InvokeStep } from './steps.ts';

/** The three ends of a process: it is done, it is undone, or it waits for a person. */
export class ProcessEnds {
  readonly #parts: KernelParts;
  readonly #invokeStep: InvokeStep;
  readonly #journal: Journal;
  readonly #find: (id: string) => CompiledOperation | undefined;

  constructor(
    parts: KernelParts,
    invokeStep: InvokeStep,
    journal: Journal,
    find: (id: string) => CompiledOperation | undefined,
  ) {
    this.#parts = parts;
    this.#invokeStep = invokeStep;
    this.#journal = journal;
    this.#find = find;
  }

  /**
   * Commits the outcome: what the handler wrote itself, and what it used of its budgets.
   * @returns the answer, or undefined when rows that the handler read have changed meanwhile
   */
  async done(
    inv: Invocation,
    capability: Capability,
    work: WorkContext,
    output: unknown,
  ): Promise<Result<unknown> | undefined> {
    const { op, module } = inv.compiled;
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
        ...settle(inv.reservations, used),
        ...work.unit.statements,
        ...outboxStatements(inv, work.events, capability.record, module.contract.events),
        ...this.#close(capability, 'DONE', inv, result),
        ...record.statements,
      ]);
    } catch (error) {
      if (isConflict(error)) return undefined;
      throw inTableWords(error);
    }
    this.#parts.probe(`after-outcome ${op.id}`);
    runEffects(work.effects, this.#parts, op.id);
    this.#parts.wake();
    return result;
  }

  /** Decides, for good, that a process is undone, and undoes it. */
  async refused(
    inv: Invocation,
    capability: Capability,
    asked: Asked,
    error: QError,
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
    return this.undone(inv, capability, { steps, cause });
  }

  /** Undoes what was done, last first. An undo is never stopped, and is itself done once. */
  async undone(
    inv: Invocation,
    capability: Capability,
    { steps, cause }: Asked & { readonly cause: Cause },
  ): Promise<Result<unknown>> {
    for (const [name, { undo }] of [...steps].toReversed()) {
      if (undo === undefined) continue;
      this.#parts.probe(`before-undo ${capability.operation} ${name}`);
      const result = await this.#undo(inv, capability, name, undo);
      if (result.status === 'ok') continue;
      if (result.retryable) throw new QError(result.code, result.message, result.details);
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
    const nothing = inv.ceiling === undefined ? undefined : { ...inv.ceiling, amount: '0' };
    await this.#parts.store.commit([
      ...settle(inv.reservations, nothing),
      ...this.#close(capability, 'UNDONE', inv, result),
      ...record.statements,
    ]);
    this.#parts.probe(`after-undo ${inv.compiled.op.id}`);
    this.#parts.wake();
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
      ...record.statements,
    ]);
    this.#parts.wake();
    this.#parts.onError(new Error(told), `process ${capability.process}`);
    return result;
  }

  async #undo(
    inv: Invocation,
    capability: Capability,
    name: string,
    { operation, input, as }: { operation: string; input: unknown; as: 'caller' | 'module' },
  ): Promise<Result<unknown>> {
    const op = this.#find(operation)?.op;
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
      idempotencyKey: `${capability.process}/undo/${name}`,
    });
  }

  #close(
    capability: Capability,
    state: 'DONE' | 'UNDONE' | 'NEEDS_ATTENTION',
    inv: Invocation,
    result: Result<unknown>,
    problem: string | null = null,
  ): Statement[] {
    return [
      {
        name: `process ${capability.process}`,
        sql: `UPDATE kernel_process SET state = :state, problem = :problem, updated_ms = :now_ms
              WHERE id = :id AND state = 'RUNNING'`,
        params: { id: capability.process, state, problem, now_ms: Date.now() },
        expect: { changes: 1 },
      },
      ...(inv.replayKey === undefined ? [] : [this.#parts.replay.complete(inv.replayKey, result)]),
    ];
  }
}
