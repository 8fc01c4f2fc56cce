import {
  QError,
  type AnyOperation,
  type ErrorCode,
  type InputOf,
  type OutputOf,
  type Result,
} from '@anarq/common-schemas';
import { canonicalJson, fromBase64url, sha256Hex, toBase64url, utf8 } from '@anarq/crypto';
import type { Row, Statement } from '@anarq/store';
import { ceilingOf, minorOf, reserve, settle } from './budget.ts';
import {
  CAPABILITY_LIFE_MS,
  mintCapability,
  openCapability,
  reservationsFrom,
  reservationsOf,
  type Capability,
  type SealedCapability,
} from './capability.ts';
import { timeOrderedId } from './clock.ts';
import {
  checkOutput,
  decideAgain,
  failed,
  guards,
  inTableWords,
  isConflict,
  runEffects,
  success,
  usedOf,
} from './commands.ts';
import type { ProcessContext, StepOptions } from './context.ts';
import { IdSource, outboxStatements, workContext, type Ask, type WorkContext } from './contexts.ts';
import type { CompiledOperation, Invocation, ReplayKey } from './invocation.ts';
import type { KernelParts } from './parts.ts';
import { recordOf } from './record.ts';

/** Calls an operation under a capability; given by the kernel, which owns the pipeline. */
export type InvokeStep = (step: {
  readonly op: AnyOperation;
  readonly input: unknown;
  readonly capability: Capability;
  readonly idempotencyKey?: string;
  readonly journal?: (answer: Result<unknown>) => readonly Statement[];
}) => Promise<Result<unknown>>;

/** What the store keeps of an admitted call, sealed. */
interface Admission {
  readonly sealed: SealedCapability;
  readonly call: Pick<Invocation['call'], 'operation' | 'input' | 'surface'>;
  readonly requestId: string;
  readonly now_ms: number;
  readonly inputDigest: string;
  readonly resource: string | undefined;
  readonly owner: string | undefined;
  readonly grants: readonly string[];
  readonly why: Invocation['why'];
  readonly replayKey: ReplayKey | undefined;
  readonly parent: Capability | undefined;
}

/** An admitted call, read back from the store. */
interface Revived {
  readonly inv: Invocation;
  readonly capability: Capability;
}

interface Entry {
  readonly digest: string;
  readonly result: Result<unknown>;
}

/** A step that was done, and the call that undoes it. */
interface Done {
  readonly name: string;
  readonly operation: string;
  readonly input: unknown;
  readonly as: 'caller' | 'module';
}

/** Why a process is undone, and what of it. */
interface Undoing {
  readonly done: readonly Done[];
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** What one run of a handler did so far. */
interface Trail {
  readonly done: Done[];
  readonly names: Set<string>;
  readonly underWay: Set<Promise<unknown>>;
  /** Ceilings of the steps that spend for the caller, together, in the unit that it signed. */
  spent_minor: bigint;
  /** A step whose end is not known, or is another than before: the run counts for nothing. */
  stop?: unknown;
}

const STEPS_MAX = 64;
/** Names beginning with ? or ! are the kernel's own. */
const STEP_NAME = /^[A-Za-z0-9][^\p{Cc}]{0,99}$/u;
const UNDO_ENTRY = '!undo';
const FINAL_RUNS_MAX = 5;
const RETRIES = [50, 200, 800];

/**
 * Work that needs several modules. Its admission, each of its steps and its outcome are commits of
 * their own; what a step answered is journaled in the step's commit. After a crash the handler runs
 * again and is answered from the journal up to where it was.
 */
export class Processes {
  readonly #parts: KernelParts;
  readonly #invokeStep: InvokeStep;
  readonly #find: (id: string) => CompiledOperation | undefined;
  readonly #retrying = new Set<NodeJS.Timeout>();
  #closed = false;

  constructor(
    parts: KernelParts,
    invokeStep: InvokeStep,
    find: (id: string) => CompiledOperation | undefined,
  ) {
    this.#parts = parts;
    this.#invokeStep = invokeStep;
    this.#find = find;
  }

  /** Admits a call: from here on it ends exactly once, or is wholly undone. */
  async start(inv: Invocation): Promise<Result<unknown>> {
    for (let run = 1; ; run++) {
      const admitted = this.#admit(inv);
      this.#parts.probe(`before-admission ${inv.compiled.op.id}`);
      try {
        await this.#parts.store.commit(admitted.commit);
      } catch (error) {
        if (!isConflict(error)) throw inTableWords(error);
        await this.#parts.replay.recheck(inv);
        if (inv.answer !== undefined) return inv.answer;
        await decideAgain(inv, this.#parts);
        if (run >= FINAL_RUNS_MAX) throw inTableWords(error);
        continue;
      }
      this.#parts.wake();
      this.#parts.probe(`after-admission ${inv.compiled.op.id}`);
      return this.#run(inv, admitted.capability);
    }
  }

  /** Mints the capability of a process, and prepares the commit that admits it. */
  #admit(inv: Invocation): { capability: Capability; commit: Statement[] } {
    const { services, replay } = this.#parts;
    const { op } = inv.compiled;
    const id = timeOrderedId('proc', inv.now_ms);
    const record = recordOf(inv, services.log, {
      kind: 'admission',
      code: 'SUCCESS',
      parent: inv.capability?.record,
    });
    const capability: Capability = {
      process: id,
      operation: op.id,
      record: record.cid,
      principal: inv.principal,
      subject: inv.subject,
      inputDigest: inv.inputDigest,
      signature: op.signature,
      ...(inv.ceiling === undefined ? {} : { ceiling: inv.ceiling }),
      uses: op.uses,
      links: [...new Set(inv.links)],
      reservations: reservationsOf(inv.reservations),
      expires_ms: inv.now_ms + CAPABILITY_LIFE_MS,
    };
    const admission: Admission = {
      sealed: mintCapability(services.sealer, capability),
      call: {
        operation: op.id,
        input: inv.call.input,
        surface: inv.call.surface,
      },
      requestId: inv.requestId,
      now_ms: inv.now_ms,
      inputDigest: inv.inputDigest,
      resource: inv.resource,
      owner: inv.owner,
      grants: inv.grants,
      why: inv.why,
      replayKey: inv.replayKey,
      parent: inv.capability,
    };
    const commit = [
      ...guards(inv),
      ...reserve(inv.reservations),
      {
        sql: `INSERT INTO kernel_process (id, tenant, operation, version, state, admission_sealed, record, created_ms, updated_ms)
              VALUES (:id, :tenant, :operation, :version, 'RUNNING', :admission, :record, :now_ms, :now_ms)`,
        params: {
          id,
          tenant: inv.principal.tenant,
          operation: op.id,
          version: op.version,
          admission: this.#seal(id, admission),
          record: record.cid,
          now_ms: inv.now_ms,
        },
      },
      ...replay.record(inv, { process: id }),
      ...record.statements,
    ];
    return { capability, commit };
  }

  /** Takes up every process that a stop of the node interrupted. */
  async resume(): Promise<{ resumed: number }> {
    const rows = await this.#parts.store.read(
      `SELECT id, operation, version, admission_sealed FROM kernel_process WHERE state = 'RUNNING' ORDER BY created_ms DESC, id DESC`,
    );
    const revived = rows.map((row) => this.#revive(row)).filter((one) => one !== undefined);
    const byId = new Map(revived.map((one) => [one.capability.process, one]));
    const depthOf = (one: Revived | undefined): number => {
      const parent = one?.inv.capability?.process;
      return parent === undefined ? 0 : 1 + depthOf(byId.get(parent));
    };
    // Innermost first: a nested process has ended when its parent asks for it again by its key.
    for (const one of revived.toSorted((a, b) => depthOf(b) - depthOf(a)))
      await this.#settleInBackground(one.inv, one.capability);
    return { resumed: revived.length };
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#retrying) clearTimeout(timer);
  }

  #revive(row: Row): Revived | undefined {
    const id = row['id'] as string;
    const admission = this.#open<Admission>(id, row['admission_sealed'] as Uint8Array);
    const compiled = this.#find(row['operation'] as string);
    if (compiled === undefined || compiled.op.version !== row['version']) {
      this.#parts.onError(
        new Error(
          `process ${id} began with ${String(row['operation'])} ${String(row['version'])}, which this node does not have; it waits`,
        ),
        'resume',
      );
      return undefined;
    }
    const capability = openCapability(this.#parts.services.sealer, admission.sealed);
    const inv: Invocation = {
      call: { ...admission.call, credential: { kind: 'anonymous' } },
      compiled,
      requestId: admission.requestId,
      now_ms: admission.now_ms,
      ...(admission.parent === undefined ? {} : { capability: admission.parent }),
      principal: capability.principal,
      inputDigest: admission.inputDigest,
      subject: capability.subject,
      ...(admission.resource === undefined ? {} : { resource: admission.resource }),
      ...(admission.owner === undefined ? {} : { owner: admission.owner }),
      grants: [...admission.grants],
      links: [...capability.links],
      why: admission.why,
      reservations: reservationsFrom(capability),
      ...(capability.ceiling === undefined ? {} : { ceiling: capability.ceiling }),
      ...(admission.replayKey === undefined ? {} : { replayKey: admission.replayKey }),
      release: [],
    };
    return { inv, capability };
  }

  async #run(inv: Invocation, capability: Capability): Promise<Result<unknown>> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#runOnce(inv, capability);
      } catch (cause) {
        const error = inTableWords(cause);
        const pause_ms = RETRIES[attempt];
        if (this.#closed || pause_ms === undefined || !isPassing(error)) {
          this.#parts.onError(error, `process ${capability.process}`);
          if (!this.#closed) this.#tryLater(inv, capability, 30_000);
          return failed(
            inv,
            new QError('SERVICE_UNAVAILABLE', 'The call is admitted, but not finished yet.', {
              process: capability.process,
              retryAfter_ms: 1_000,
            }),
          );
        }
        await new Promise((resolve) => setTimeout(resolve, pause_ms));
      }
    }
  }

  async #settleInBackground(inv: Invocation, capability: Capability) {
    try {
      await this.#run(inv, capability);
    } catch (error) {
      this.#parts.onError(error, `process ${capability.process}`);
    }
  }

  #tryLater(inv: Invocation, capability: Capability, after_ms: number): void {
    const timer = setTimeout(() => {
      this.#retrying.delete(timer);
      void this.#settleInBackground(inv, capability);
    }, after_ms).unref();
    this.#retrying.add(timer);
  }

  /** One run of the handler against the journal, ending in the outcome's commit. */
  async #runOnce(inv: Invocation, capability: Capability): Promise<Result<unknown>> {
    const journal = await this.#journal(capability.process);
    const begun = this.#undoBegun(capability, journal);
    if (begun !== undefined) return this.#undo(inv, capability, begun);
    const ids = new IdSource(inv.now_ms, capability.process);
    for (let run = 1; ; run++) {
      const trail: Trail = { done: [], names: new Set(), underWay: new Set(), spent_minor: 0n };
      const { work, ctx } = await this.#context(inv, capability, journal, trail, ids);
      let output: unknown;
      try {
        output = await this.#handle(inv, ctx, trail);
      } catch (error) {
        if (!(error instanceof QError)) throw error;
        if (error.code === 'PROCESS_DIVERGED')
          return this.#park(inv, capability, error.code, error.message);
        if (error.retryable) throw error;
        return this.#undo(inv, capability, await this.#beginUndo(capability, trail, error));
      }
      this.#parts.probe(`before-outcome ${inv.compiled.op.id}`);
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
          ...outboxStatements(
            inv,
            work.events,
            capability.record,
            inv.compiled.module.contract.events,
          ),
          ...this.#close(capability, 'DONE', inv, result),
          ...record.statements,
        ]);
      } catch (error) {
        if (run < FINAL_RUNS_MAX && isConflict(error)) continue;
        throw inTableWords(error);
      }
      this.#parts.probe(`after-outcome ${inv.compiled.op.id}`);
      runEffects(work.effects, this.#parts, inv.compiled.op.id);
      this.#parts.wake();
      return result;
    }
  }

  /** Runs the handler to its end, and every step that it began. */
  async #handle(inv: Invocation, ctx: ProcessContext, trail: Trail): Promise<unknown> {
    let output: unknown;
    try {
      output = await inv.compiled.handler(inv.call.input as InputOf<AnyOperation>, ctx as never);
    } finally {
      // Steps of a handler that did not wait for them end before anything is undone or told.
      await Promise.allSettled(trail.underWay);
    }
    // A handler that caught it does not know how the step ended; nothing is built on that.
    if (trail.stop !== undefined) throw trail.stop;
    checkOutput(inv, output);
    return output;
  }

  async #context(
    inv: Invocation,
    capability: Capability,
    journal: Map<string, Entry>,
    trail: Trail,
    ids: IdSource,
  ): Promise<{ work: WorkContext; ctx: ProcessContext }> {
    let asked = 0;
    const ask: Ask = async (op, input) => {
      const name = `?${asked++}:${op.id}`;
      const asking = this.#step(capability, journal, trail, name, op, input, 'caller');
      return (await asking) as OutputOf<typeof op>;
    };
    const work = await workContext(inv, this.#parts, ask, ids);
    const step = <S extends AnyOperation>(
      name: string,
      op: S,
      input: InputOf<S>,
      options: StepOptions<S> = {},
    ): Promise<OutputOf<S>> => {
      const as = options.as ?? 'caller';
      const doing = (async () => {
        if (!STEP_NAME.test(name)) throw new Error(`${name} is not a name for a step`);
        const output = await this.#step(capability, journal, trail, name, op, input, as);
        const planned = options.undo?.(output as OutputOf<S>);
        if (planned !== undefined)
          trail.done.push({ name, operation: planned.op.id, input: planned.input, as });
        return output as OutputOf<S>;
      })();
      trail.underWay.add(doing);
      return doing;
    };
    return { work, ctx: { ...work.ctx, step: step as ProcessContext['step'] } };
  }

  /** One journaled call: answered from the journal, or made under a key of its own. */
  async #step(
    capability: Capability,
    journal: Map<string, Entry>,
    trail: Trail,
    name: string,
    op: AnyOperation,
    input: unknown,
    as: 'caller' | 'module',
  ): Promise<unknown> {
    if (trail.stop !== undefined) throw trail.stop;
    if (trail.names.has(name)) throw new Error(`two steps are named ${name}`);
    trail.names.add(name);
    const asked_minor = as === 'caller' ? takeOf(capability, trail, op, input) : 0n;
    try {
      return await this.#answer(capability, journal, name, op, input, as);
    } catch (error) {
      trail.spent_minor -= asked_minor;
      const isKnownEnd =
        error instanceof QError && !error.retryable && error.code !== 'PROCESS_DIVERGED';
      if (!isKnownEnd) trail.stop ??= error;
      throw error;
    }
  }

  async #answer(
    capability: Capability,
    journal: Map<string, Entry>,
    name: string,
    op: AnyOperation,
    input: unknown,
    as: 'caller' | 'module',
  ): Promise<unknown> {
    const digest = digestOf(op, input);
    const known = journal.get(name);
    if (known !== undefined && known.digest !== digest)
      throw new QError('PROCESS_DIVERGED', `Step ${name} asks for something else than before.`, {
        process: capability.process,
        step: name,
      });
    const result =
      known?.result ?? (await this.#call(capability, journal, name, op, input, as, digest));
    if (result.status === 'ok') return result.data;
    throw new QError(result.code, result.message, { ...result.details, step: name });
  }

  async #call(
    capability: Capability,
    journal: Map<string, Entry>,
    name: string,
    op: AnyOperation,
    input: unknown,
    as: 'caller' | 'module',
    digest: string,
  ): Promise<Result<unknown>> {
    if (journal.size >= STEPS_MAX)
      throw new QError('LIMIT_EXCEEDED', `A process has at most ${STEPS_MAX} steps.`);
    const place = journal.size;
    const entry = (result: Result<unknown>): Statement[] => [
      this.#journalStatement(capability.process, name, place, op, digest, result),
    ];
    this.#parts.probe(`before-step ${capability.operation} ${name}`);
    const result = await this.#invokeStep({
      op,
      input,
      capability: as === 'module' ? this.#asModule(capability) : capability,
      ...(op.kind === 'query' ? {} : { idempotencyKey: `${capability.process}/${name}` }),
      ...(op.kind === 'command' ? { journal: entry } : {}),
    });
    if (result.status === 'error' && result.retryable)
      throw new QError(result.code, result.message, result.details);
    // A command journals in its own commit. A query has none, a nested process several, and a
    // refusal before the handler none: these are asked again after a crash, so their entry may
    // come a moment later. But once a process goes on from an answer, the answer stays.
    if (op.kind !== 'command' || result.status === 'error')
      await this.#parts.store.commit(entry(result));
    journal.set(name, { digest, result });
    this.#parts.probe(`after-step ${capability.operation} ${name}`);
    return result;
  }

  /** The module acts as itself: nobody's ceiling but its own grants bound it. */
  #asModule(capability: Capability): Capability {
    const module = capability.operation.split('.')[0]!;
    const did = this.#parts.services.node.modules[module];
    if (did === undefined) throw new Error(`${module} has no identity`);
    return {
      ...capability,
      subject: did,
      principal: {
        actor: did,
        root: did,
        tenant: capability.principal.tenant,
        kind: 'module',
        signedBy: 'capability',
      },
    };
  }

  #journalStatement(
    process: string,
    name: string,
    place: number,
    op: Pick<AnyOperation, 'id'>,
    digest: string,
    result: Result<unknown>,
  ): Statement {
    return {
      name: `journal ${name}`,
      sql: `INSERT INTO kernel_step (process, name, place, operation, input_digest, result_sealed, at_ms)
            VALUES (:process, :name, :place, :operation, :digest, :result, :at_ms)
            ON CONFLICT (process, name) DO NOTHING`,
      params: {
        process,
        name,
        place,
        operation: op.id,
        digest,
        result: this.#parts.services.sealer.seal(
          'journal',
          `${process}/${name}`,
          utf8(JSON.stringify(result)),
        ),
        at_ms: Date.now(),
      },
    };
  }

  /** What an undo that a stop of the node interrupted was about. */
  #undoBegun(capability: Capability, journal: Map<string, Entry>): Undoing | undefined {
    const result = journal.get(UNDO_ENTRY)?.result;
    if (result?.status !== 'ok') return undefined;
    return this.#open<Undoing>(capability.process, fromBase64url(result.data as string));
  }

  /** Journals that a process is undone, so that no later run of its handler goes on instead. */
  async #beginUndo(capability: Capability, trail: Trail, cause: QError): Promise<Undoing> {
    const { step: _, ...details } = cause.details ?? {};
    const undoing: Undoing = {
      done: trail.done,
      code: cause.code,
      message: cause.message,
      ...(cause.details === undefined ? {} : { details }),
    };
    if (trail.done.length === 0) return undoing;
    const sealed = toBase64url(this.#seal(capability.process, undoing));
    await this.#parts.store.commit([
      this.#journalStatement(capability.process, UNDO_ENTRY, STEPS_MAX, { id: 'undo' }, '', {
        status: 'ok',
        code: 'SUCCESS',
        message: '',
        data: sealed,
      }),
    ]);
    return undoing;
  }

  /** Undoes what was done, last first. An undo is never stopped, and is itself done once. */
  async #undo(inv: Invocation, capability: Capability, plan: Undoing): Promise<Result<unknown>> {
    const uses = [...capability.uses, ...plan.done.map(({ operation }) => operation)];
    for (const { name, operation, input, as } of plan.done.toReversed()) {
      this.#parts.probe(`before-undo ${capability.operation} ${name}`);
      const actor = as === 'module' ? this.#asModule(capability) : capability;
      const op = this.#find(operation)?.op;
      const result =
        op === undefined
          ? failed(inv, new QError('DEPENDENCY_MISSING', `${operation} is not running here.`))
          : await this.#invokeStep({
              op,
              input,
              capability: { ...actor, operation: 'undo', links: [], uses },
              idempotencyKey: `${capability.process}/undo/${name}`,
            });
      if (result.status === 'ok') continue;
      if (result.retryable) throw new QError(result.code, result.message, result.details);
      return this.#park(
        inv,
        capability,
        'NEEDS_ATTENTION',
        `${name} could not be undone: ${result.code}`,
        result.message,
      );
    }
    const told = new QError(plan.code, plan.message, plan.details);
    const record = recordOf(inv, this.#parts.services.log, {
      kind: 'outcome',
      code: told.code,
      parent: capability.record,
      note: told.message,
    });
    const result = { ...failed(inv, told), cid: capability.record };
    await this.#parts.store.commit([
      ...settle(inv.reservations, zeroOf(inv)),
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
  async #park(
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
    const result = failed(
      inv,
      new QError(code, told, { process: capability.process, record: capability.record }),
    );
    await this.#parts.store.commit([
      ...this.#close(capability, 'NEEDS_ATTENTION', inv, result, problem),
      ...record.statements,
    ]);
    this.#parts.wake();
    this.#parts.onError(new Error(told), `process ${capability.process}`);
    return result;
  }

  #close(
    capability: Capability,
    state: 'DONE' | 'UNDONE' | 'NEEDS_ATTENTION',
    inv: Invocation,
    result: Result<unknown>,
    problem?: string,
  ): Statement[] {
    return [
      {
        name: `process ${capability.process}`,
        sql: `UPDATE kernel_process SET state = :state, problem = :problem, updated_ms = :now_ms
              WHERE id = :id AND state = 'RUNNING'`,
        params: {
          id: capability.process,
          state,
          problem: problem ?? null,
          now_ms: Date.now(),
        },
        expect: { changes: 1 },
      },
      ...(inv.replayKey === undefined ? [] : [this.#parts.replay.complete(inv.replayKey, result)]),
    ];
  }

  async #journal(process: string): Promise<Map<string, Entry>> {
    const rows = await this.#parts.store.read(
      'SELECT name, input_digest, result_sealed FROM kernel_step WHERE process = :process ORDER BY place',
      { process },
    );
    return new Map(
      rows.map((row) => {
        const name = row['name'] as string;
        const plain = this.#parts.services.sealer.open(
          'journal',
          `${process}/${name}`,
          row['result_sealed'] as Uint8Array,
        );
        return [
          name,
          {
            digest: row['input_digest'] as string,
            result: JSON.parse(new TextDecoder().decode(plain)) as Result<unknown>,
          },
        ];
      }),
    );
  }

  #seal(id: string, what: Admission | Undoing): Uint8Array {
    return this.#parts.services.sealer.seal('process', id, utf8(JSON.stringify(what)));
  }

  #open<T>(id: string, sealed: Uint8Array): T {
    return JSON.parse(
      new TextDecoder().decode(this.#parts.services.sealer.open('process', id, sealed)),
    ) as T;
  }
}

const digestOf = (op: AnyOperation, input: unknown): string =>
  sha256Hex(utf8(`${op.id}\n${op.version}\n${canonicalJson(input)}`));

/**
 * What a step may spend for the caller, taken from what the caller signed: the steps of a process
 * together stay within its ceiling.
 * @returns minor units taken, to give back when the step did not happen
 */
function takeOf(capability: Capability, trail: Trail, op: AnyOperation, input: unknown): bigint {
  const signed = capability.ceiling;
  const asked = ceilingOf(op, input);
  if (signed === undefined || asked === undefined || asked.unit !== signed.unit) return 0n;
  const asked_minor = minorOf(asked.amount, asked.unit);
  if (trail.spent_minor + asked_minor > minorOf(signed.amount, signed.unit))
    throw new QError(
      'BUDGET_EXCEEDED',
      `${op.id} would spend more than is left of what the caller signed.`,
      {
        why: {
          rule: `the caller signed at most ${signed.amount} ${signed.unit}`,
          limit: { asked: asked.amount, unit: asked.unit },
        },
      },
    );
  trail.spent_minor += asked_minor;
  return asked_minor;
}

const zeroOf = (inv: Invocation) =>
  inv.ceiling === undefined ? undefined : { amount: '0', unit: inv.ceiling.unit };

/** What may pass by itself: a busy store, a dependency that is away. */
const isPassing = (error: unknown): boolean => error instanceof QError && error.retryable;
