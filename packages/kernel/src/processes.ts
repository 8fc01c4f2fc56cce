import { QError, type Result } from '@anarq/common-schemas';
import { utf8 } from '@anarq/crypto';
import type { Row, Statement } from '@anarq/store';
import { readTraceparent } from '@anarq/telemetry';
import { reserve } from './budget.ts';
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
import { traceOf } from './invocation.ts';
import { decideAgain, failed, guards, inTableWords, isConflict } from './commands.ts';
import { IdSource } from './contexts.ts';
import { ProcessEnds } from './ends.ts';
import type { CompiledOperation, Invocation, ReplayKey } from './invocation.ts';
import { Journal } from './journal.ts';
import type { KernelParts } from './parts.ts';
import { recordOf } from './record.ts';
import { ProcessRun, type InvokeStep } from './steps.ts';

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

const RERUNS_MAX = 5;
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
  readonly #journal: Journal;
  readonly #ends: ProcessEnds;
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
    this.#journal = new Journal(parts.store, parts.services.sealer);
    this.#ends = new ProcessEnds(parts, invokeStep, this.#journal, find);
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
        if (run >= RERUNS_MAX) throw inTableWords(error);
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
      // A step that needs a full signature finds it at the root of all processes around it.
      signature: inv.capability?.signature === 'full' ? 'full' : op.signature,
      ...(inv.ceiling === undefined ? {} : { ceiling: inv.ceiling }),
      uses: op.uses,
      links: [...new Set(inv.links)],
      reservations: reservationsOf(inv.reservations),
      held: [...(inv.capability?.held ?? []), ...inv.reservations.map((r) => r.grant)],
      expires_ms: inv.now_ms + CAPABILITY_LIFE_MS,
      ...traceOf(inv),
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
    const revived = rows.map((row) => this.#tryRevive(row)).filter((one) => one !== undefined);
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

  /** One that cannot be read waits for a person; it does not keep the node from starting. */
  #tryRevive(row: Row): Revived | undefined {
    try {
      return this.#revive(row);
    } catch (error) {
      this.#parts.onError(error, `process ${String(row['id'])}`);
      return undefined;
    }
  }

  #revive(row: Row): Revived | undefined {
    const id = row['id'] as string;
    const admission = this.#open(id, row['admission_sealed'] as Uint8Array);
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
      trace: readTraceparent(capability.traceparent),
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

  /** One run of the handler against the journal; run again while it is overtaken. */
  async #runOnce(inv: Invocation, capability: Capability): Promise<Result<unknown>> {
    const asked = await this.#journal.read(capability.process);
    const { cause } = asked;
    if (cause !== undefined) return this.#ends.undone(inv, capability, { ...asked, cause });
    const ids = new IdSource(inv.now_ms, capability.process);
    for (let runs = 1; runs <= RERUNS_MAX; runs++) {
      const run = new ProcessRun(this.#parts, this.#invokeStep, this.#journal, capability, asked);
      let handled;
      try {
        handled = await run.handle(inv, ids);
      } catch (error) {
        if (!(error instanceof QError)) throw error;
        if (error.code === 'PROCESS_DIVERGED')
          return this.#ends.parked(inv, capability, error.code, error.message);
        if (error.retryable) throw error;
        return this.#ends.refused(inv, capability, asked, error);
      }
      const result = await this.#ends.done(inv, capability, handled.work, handled.output);
      if (result !== undefined) return result;
    }
    throw new QError('SERVICE_UNAVAILABLE', 'Too many calls change the same thing.');
  }

  #seal(id: string, admission: Admission): Uint8Array {
    return this.#parts.services.sealer.seal('process', id, utf8(JSON.stringify(admission)));
  }

  #open(id: string, sealed: Uint8Array): Admission {
    const plain = this.#parts.services.sealer.open('process', id, sealed);
    return JSON.parse(new TextDecoder().decode(plain)) as Admission;
  }
}

/** What may pass by itself: a busy store, a dependency that is away. */
const isPassing = (error: unknown): boolean => error instanceof QError && error.retryable;
