import {
  QError,
  type AnyOperation,
  type InputOf,
  type OutputOf,
  type Result,
} from '@anarq/common-schemas';
import { canonicalJson, sha256Hex, utf8 } from '@anarq/crypto';
import type { Row, Statement } from '@anarq/store';
import { reserve, settle } from './budget.ts';
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
  failed,
  guards,
  inTableWords,
  isConflict,
  recheckGrants,
  success,
  usedOf,
} from './commands.ts';
import type { Planned, ProcessContext, StepOptions } from './context.ts';
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

interface Entry {
  readonly digest: string;
  readonly result: Result<unknown>;
}

/** A step that was done, and how to undo it. */
interface Done {
  readonly name: string;
  readonly planned: Planned;
  readonly as: 'caller' | 'module';
}

const STEPS_MAX = 64;
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
    const { services, store, replay } = this.#parts;
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
    this.#parts.probe(`before-admission ${op.id}`);
    try {
      await store.commit([
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
      ]);
    } catch (error) {
      if (!isConflict(error)) throw inTableWords(error);
      await replay.recheck(inv);
      if (inv.answer !== undefined) return inv.answer;
      await recheckGrants(inv, this.#parts);
      throw inTableWords(error);
    }
    this.#parts.wake();
    this.#parts.probe(`after-admission ${op.id}`);
    return this.#run(inv, capability, admission);
  }

  /** Takes up every process that a stop of the node interrupted. */
  async resume(): Promise<{ resumed: number }> {
    const rows = await this.#parts.store.read(
      `SELECT id, operation, version, admission_sealed FROM kernel_process WHERE state = 'RUNNING' ORDER BY created_ms DESC, id DESC`,
    );
    let resumed = 0;
    for (const row of rows) {
      const revived = this.#revive(row);
      if (revived === undefined) continue;
      resumed += 1;
      // Youngest first: a nested process has ended when its parent asks for it again by its key.
      await this.#settleInBackground(revived.inv, revived.capability, revived.admission);
    }
    return { resumed };
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#retrying) clearTimeout(timer);
  }

  #revive(row: Row) {
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
    return { inv, capability, admission };
  }

  async #run(
    inv: Invocation,
    capability: Capability,
    admission: Admission,
  ): Promise<Result<unknown>> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#runOnce(inv, capability, admission);
      } catch (error) {
        const pause_ms = RETRIES[attempt];
        if (this.#closed || pause_ms === undefined || !isPassing(error)) {
          this.#parts.onError(error, `process ${capability.process}`);
          if (!this.#closed) this.#tryLater(inv, capability, admission, 30_000);
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

  async #settleInBackground(inv: Invocation, capability: Capability, admission: Admission) {
    try {
      await this.#run(inv, capability, admission);
    } catch (error) {
      this.#parts.onError(error, `process ${capability.process}`);
    }
  }

  #tryLater(inv: Invocation, capability: Capability, admission: Admission, after_ms: number): void {
    const timer = setTimeout(() => {
      this.#retrying.delete(timer);
      void this.#settleInBackground(inv, capability, admission);
    }, after_ms).unref();
    this.#retrying.add(timer);
  }

  /** One run of the handler against the journal, ending in the outcome's commit. */
  async #runOnce(
    inv: Invocation,
    capability: Capability,
    admission: Admission,
  ): Promise<Result<unknown>> {
    const journal = await this.#journal(capability.process);
    const ids = new IdSource(inv.now_ms, capability.process);
    for (let run = 1; ; run++) {
      const done: Done[] = [];
      const { work, ctx } = await this.#context(inv, capability, journal, done, ids);
      let output: unknown;
      try {
        output = await inv.compiled.handler(inv.call.input as InputOf<AnyOperation>, ctx as never);
        checkOutput(inv, output);
      } catch (error) {
        if (!(error instanceof QError)) throw error;
        if (error.code === 'PROCESS_DIVERGED')
          return this.#park(inv, capability, admission, error.code, error.message);
        if (error.retryable) throw error;
        return this.#undo(inv, capability, admission, journal, done, error);
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
          ...outboxStatements(inv, work.events, capability.record, inv.compiled.module.contract.events),
          ...this.#close(capability, 'DONE', inv, result),
          ...record.statements,
        ]);
      } catch (error) {
        if (run < FINAL_RUNS_MAX && isConflict(error)) continue;
        throw inTableWords(error);
      }
      this.#parts.probe(`after-outcome ${inv.compiled.op.id}`);
      for (const effect of work.effects) effect();
      this.#parts.wake();
      return result;
    }
  }

  async #context(
    inv: Invocation,
    capability: Capability,
    journal: Map<string, Entry>,
    done: Done[],
    ids: IdSource,
  ): Promise<{ work: WorkContext; ctx: ProcessContext }> {
    let asked = 0;
    const ask: Ask = async (op, input) => {
      const name = `?${asked++}:${op.id}`;
      return (await this.#step(capability, journal, name, op, input, 'caller')) as OutputOf<
        typeof op
      >;
    };
    const work = await workContext(inv, this.#parts, ask, ids);
    const step = async <S extends AnyOperation>(
      name: string,
      op: S,
      input: InputOf<S>,
      options: StepOptions<S> = {},
    ): Promise<OutputOf<S>> => {
      const as = options.as ?? 'caller';
      const output = (await this.#step(capability, journal, name, op, input, as)) as OutputOf<S>;
      if (options.undo !== undefined) done.push({ name, planned: options.undo(output), as });
      return output;
    };
    return { work, ctx: { ...work.ctx, step: step as ProcessContext['step'] } };
  }

  /** One journaled call: answered from the journal, or made under a key of its own. */
  async #step(
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
    const result = known?.result ?? (await this.#call(capability, journal, name, op, input, as, digest));
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
    // A command journals in its own commit. A query has none, and a nested process several; both
    // are asked again by key after a crash, so their entry may come a moment later.
    if (op.kind !== 'command') await this.#parts.store.commit(entry(result));
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
      principal: { ...capability.principal, actor: did, root: did, kind: 'module', signedBy: 'capability' },
    };
  }

  #journalStatement(
    process: string,
    name: string,
    place: number,
    op: AnyOperation,
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

  /** Undoes what was done, last first. An undo is never stopped, and is itself done once. */
  async #undo(
    inv: Invocation,
    capability: Capability,
    admission: Admission,
    journal: Map<string, Entry>,
    done: readonly Done[],
    cause: QError,
  ): Promise<Result<unknown>> {
    const undoing: Capability = {
      ...capability,
      operation: 'undo',
      links: [],
      uses: [...capability.uses, ...done.map(({ planned }) => planned.op.id)],
    };
    for (const { name, planned, as } of done.toReversed()) {
      this.#parts.probe(`before-undo ${capability.operation} ${name}`);
      const result = await this.#invokeStep({
        op: planned.op,
        input: planned.input,
        capability: as === 'module' ? { ...this.#asModule(capability), operation: 'undo', links: [], uses: undoing.uses } : undoing,
        idempotencyKey: `${capability.process}/undo/${name}`,
      });
      if (result.status === 'ok') continue;
      if (result.retryable) throw new QError(result.code, result.message, result.details);
      return this.#park(
        inv,
        capability,
        admission,
        'NEEDS_ATTENTION',
        `${name} could not be undone: ${result.code}: ${result.message}`,
      );
    }
    const { step: _, ...details } = cause.details ?? {};
    const told = new QError(cause.code, cause.message, cause.details === undefined ? undefined : details);
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

  /** A process that cannot go on waits for a person; its budget stays held until then. */
  async #park(
    inv: Invocation,
    capability: Capability,
    _admission: Admission,
    code: 'PROCESS_DIVERGED' | 'NEEDS_ATTENTION',
    problem: string,
  ): Promise<Result<unknown>> {
    const record = recordOf(inv, this.#parts.services.log, {
      kind: 'outcome',
      code,
      parent: capability.record,
      note: problem,
    });
    const result = failed(
      inv,
      new QError(code, problem, { process: capability.process, record: capability.record }),
    );
    await this.#parts.store.commit([
      ...this.#close(capability, 'NEEDS_ATTENTION', inv, result, problem),
      ...record.statements,
    ]);
    this.#parts.onError(new Error(problem), `process ${capability.process}`);
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

  #seal(id: string, admission: Admission): Uint8Array {
    return this.#parts.services.sealer.seal('process', id, utf8(JSON.stringify(admission)));
  }

  #open<T>(id: string, sealed: Uint8Array): T {
    return JSON.parse(
      new TextDecoder().decode(this.#parts.services.sealer.open('process', id, sealed)),
    ) as T;
  }
}

const digestOf = (op: AnyOperation, input: unknown): string =>
  sha256Hex(utf8(`${op.id}\n${op.version}\n${canonicalJson(input)}`));

const zeroOf = (inv: Invocation) =>
  inv.ceiling === undefined ? undefined : { amount: '0', unit: inv.ceiling.unit };

/** What may pass by itself: a busy store, a dependency that is away. */
const isPassing = (error: unknown): boolean => error instanceof QError && error.retryable;
