import type { Bus } from '@anarq/bus';
import {
  errorEntry,
  fail,
  QError,
  type AnyOperation,
  type Failure,
  type InputOf,
  type OutputOf,
  type Result,
} from '@anarq/common-schemas';
import { randomBytes, toBase64url } from '@anarq/crypto';
import { contextOf, type CallWatch } from '@anarq/telemetry';
import { Fallbacks, type Prepared } from './apart/fallbacks.ts';
import type { RemoteModules, RemoteStep } from './apart/remote.ts';
import { Authorities } from './authorities.ts';
import { namedIn, type Call } from './call.ts';
import { CallLimits } from './callLimits.ts';
import type { Capability } from './capability.ts';
import { openedBy } from './connections.ts';
import type { OpenConnection } from './openConnection.ts';
import { checkUses } from './checkUses.ts';
import { failed, inTableWords, runCommand, runQuery } from './commands.ts';
import type { Ask } from './contexts.ts';
import { refusedByFence } from './fence.ts';
import { correlationOf, traceOf, type Invocation, type Step } from './invocation.ts';
import type { Admission } from './eventStreams.ts';
import type { ModuleDefinition } from './module.ts';
import { compileOperation, newInvocation, requestIdOf } from './newInvocation.ts';
import type { KernelParts } from './parts.ts';
import { compilePipeline, compileStepPipeline } from './pipeline.ts';
import { Processes } from './processes.ts';
import { Reactions } from './reactions.ts';
import { asModule, type InvokeStep } from './steps.ts';
import { Transfers } from './transfers.ts';

/** What `connect` answers. */
export type Connected =
  | { readonly ok: true; readonly connection: OpenConnection; readonly data: unknown }
  | { readonly ok: false; readonly failure: Failure };

interface Ready extends Prepared {
  readonly stepSteps: readonly Step[];
  readonly watch: CallWatch;
  readonly stepWatch: CallWatch;
}

/** The one way in: every surface turns what it received into a `Call`, and calls `invoke`. */
export class Invoker {
  readonly processes: Processes;
  readonly reactions: Reactions;
  readonly authorities: Authorities;
  readonly transfers: Transfers;
  readonly fallbacks: Fallbacks;
  readonly #parts: KernelParts;
  readonly #now_ms: () => number;
  readonly #operations: ReadonlyMap<string, Ready>;
  readonly #limits: CallLimits;
  readonly #running = new Set<Promise<unknown>>();
  #closing = false;

  constructor(parts: KernelParts, modules: readonly ModuleDefinition[], now_ms: () => number) {
    this.#parts = parts;
    this.#now_ms = now_ms;
    // Limits count by the time that passed, not by what the clock jumped.
    this.#limits = new CallLimits(() => now_ms() - parts.stepped_ms());
    this.#operations = new Map(
      modules.flatMap((module) =>
        Object.values(module.contract.operations).map((op) => {
          const compiled = compileOperation(op, module);
          return [
            op.id,
            {
              compiled,
              steps: compilePipeline(op, parts, this.#limits),
              stepSteps: compileStepPipeline(op, parts),
              watch: parts.telemetry.watch(op, 'call'),
              stepWatch: parts.telemetry.watch(op, 'step'),
            },
          ];
        }),
      ),
    );
    checkUses(this.#operations, modules);
    this.fallbacks = new Fallbacks({
      parts,
      modules,
      limits: this.#limits,
      admit: (prepared, call) => this.#admitTo(prepared, call),
      answer: (prepared, call) => this.#answer(prepared, call),
      now_ms,
    });
    this.processes = new Processes(
      parts,
      (step) => this.#invokeStep(step),
      (id) =>
        this.#operations.get(id)?.compiled ?? this.reactions.find(id) ?? this.fallbacks.find(id),
      now_ms,
    );
    this.reactions = new Reactions(parts, modules, now_ms);
    this.authorities = new Authorities(parts, modules, now_ms);
    this.transfers = new Transfers(parts, modules, now_ms);
  }

  /**
   * Authenticates, authorises, runs and records one call.
   * @returns the envelope; never throws
   */
  async invoke(call: Call): Promise<Result<unknown>> {
    const now_ms = this.#now_ms();
    const requestId = requestIdOf(call);
    const ready = this.#operations.get(call.operation);
    const elsewhere =
      ready === undefined ? this.#parts.remote?.operation(call.operation) : undefined;
    const refused = this.#refusedAtOnce(call, ready ?? elsewhere);
    if (refused !== undefined) return failed({ requestId, now_ms }, refused);
    // Counted, and followed, where it is done.
    if (ready === undefined) return this.#callElsewhere(elsewhere, { ...call, requestId });
    return (await this.#invokeHere(ready, call, requestId, now_ms)).result;
  }

  async #invokeHere(
    ready: Ready,
    call: Call,
    requestId: string,
    now_ms: number,
  ): Promise<{ readonly inv: Invocation; readonly result: Result<unknown> }> {
    const begun_ms = performance.now();
    const watched = ready.watch.begin(call.traceparent);
    const inv = newInvocation(call, ready.compiled, requestId, now_ms, contextOf(watched));
    const answer = this.#through(inv, ready.steps);
    this.#running.add(answer);
    void answer.finally(() => this.#running.delete(answer));
    const result = await inTime(inv, answer);
    ready.watch.end(watched, begun_ms, result, inv);
    return { inv, result };
  }

  /**
   * Opens a connection: a call of a command here, over which further calls of its module may come. The
   * same proof opens one once. Never throws.
   */
  async connect(call: Call): Promise<Connected> {
    const now_ms = this.#now_ms();
    const requestId = requestIdOf(call);
    const ready = this.#operations.get(call.operation);
    const refused = this.#refusedAtOnce(call, ready);
    if (refused !== undefined || ready === undefined)
      return {
        ok: false,
        failure: failed({ requestId, now_ms }, refused ?? new QError('INTERNAL')),
      };
    const { inv, result } = await this.#invokeHere(ready, call, requestId, now_ms);
    if (result.status === 'error') return { ok: false, failure: result };
    if (result.replayed === true) {
      const again = new QError('QLOCK_AUTH_FAIL', 'This proof has opened a connection before.');
      return { ok: false, failure: failed(inv, again) };
    }
    return { ok: true, connection: openedBy(inv), data: result.data };
  }

  #refusedAtOnce(call: Call, op: unknown): QError | undefined {
    if (op === undefined)
      return new QError(
        'OPERATION_UNKNOWN',
        `There is no operation ${call.operation.slice(0, 80)}.`,
      );
    if (!this.#closing) return undefined;
    return new QError('SERVICE_UNAVAILABLE', 'The node is shutting down.', {
      retryAfter_ms: 2_000,
    });
  }

  /** A call of an operation that another process does goes there as it came, to be judged there. */
  async #callElsewhere(op: AnyOperation | undefined, call: Call): Promise<Result<unknown>> {
    const { remote } = this.#parts;
    if (op === undefined || remote === undefined) throw new Error('nothing to call elsewhere');
    return this.fallbacks.after(op, call, await remote.call(op, call));
  }

  /** A call that is admitted here for another process. */
  async #answer({ compiled, steps }: Prepared, call: Call): Promise<Result<unknown>> {
    const inv = newInvocation(call, compiled, requestIdOf(call), this.#now_ms(), undefined);
    const answer = this.#through(inv, steps);
    this.#running.add(answer);
    void answer.finally(() => this.#running.delete(answer));
    return inTime(inv, answer);
  }

  /** A step of a process that runs in another process of this node. */
  step(step: Omit<RemoteStep, 'op'> & { readonly operation: string }): Promise<Result<unknown>> {
    const { operation, ...rest } = step;
    const ready = this.#operations.get(operation);
    if (ready !== undefined) return this.#invokeStep({ ...rest, op: ready.compiled.op });
    const missing = new QError('SERVICE_UNAVAILABLE', `${operation} is not running here.`);
    return Promise.resolve(
      failed({ requestId: `req_${toBase64url(randomBytes(12))}`, now_ms: this.#now_ms() }, missing),
    );
  }

  /** Takes up what is open, and begins what is done without a call. */
  async begin(bus: Bus): Promise<void> {
    await this.authorities.load();
    if (this.#parts.fence.since !== undefined) return;
    if (this.#parts.remote !== undefined) this.#parts.remote.onBack = () => this.processes.goOn();
    await this.processes.resume();
    await this.reactions.start({ processes: this.processes, authorities: this.authorities, bus });
    this.processes.timers.start();
  }

  /**
   * Takes a call through every step but its handler, for what goes on after the call. Never throws.
   */
  async admit(call: Call): Promise<Admission> {
    const ready = this.#operations.get(call.operation);
    if (ready !== undefined) return this.#admitTo(ready, call);
    const asked = { requestId: requestIdOf(call), now_ms: this.#now_ms() };
    return { ok: false, failure: failed(asked, new QError('OPERATION_UNKNOWN')) };
  }

  async #admitTo({ compiled, steps }: Prepared, call: Call): Promise<Admission> {
    const inv = newInvocation(call, compiled, requestIdOf(call), this.#now_ms(), undefined);
    try {
      const problem = this.#parts.follower?.problem();
      if (problem !== undefined) throw problem;
      for (const step of steps) await step(inv);
      return { ok: true, inv };
    } catch (error) {
      return { ok: false, failure: this.#refusal(inv, inTableWords(error)) };
    } finally {
      for (const release of inv.release) release();
    }
  }

  /** Takes no new call, and waits for those under way. */
  async drain(deadline_ms: number): Promise<void> {
    this.#closing = true;
    this.processes.close();
    const deaf = this.reactions.close();
    const deadline = new Promise((resolve) => setTimeout(resolve, deadline_ms).unref());
    const ended = Promise.all([Promise.allSettled(this.#running), this.processes.settled(), deaf]);
    await Promise.race([ended, deadline]);
  }

  async #through(inv: Invocation, steps: readonly Step[]): Promise<Result<unknown>> {
    try {
      const fenced = refusedByFence(this.#parts.fence, inv.compiled.op);
      if (fenced !== undefined) throw fenced;
      // What is already decided may be undone, whatever became known since.
      const problem =
        inv.capability?.operation === 'undo' ? undefined : this.#parts.follower?.problem();
      if (problem !== undefined) throw problem;
      for (const step of steps) {
        const waiting = step(inv);
        if (waiting !== undefined) await waiting;
        if (inv.answer !== undefined) return inv.answer;
      }
      inv.admitted_ms = performance.now();
      return await this.#run(inv);
    } catch (error) {
      return this.#refusal(inv, inTableWords(error));
    } finally {
      for (const release of inv.release) release();
    }
  }

  #run(inv: Invocation): Promise<Result<unknown>> {
    switch (inv.compiled.op.kind) {
      case 'query':
        return runQuery(inv, this.#parts, this.#askUnder(inv));
      case 'command':
        return runCommand(inv, this.#parts, this.#askUnder(inv));
      case 'process':
        return this.processes.start(inv);
    }
  }

  #refusal(inv: Invocation, error: unknown): Failure {
    if (error instanceof QError) {
      this.#count(inv, error);
      if (error.code === 'INTERNAL')
        this.#parts.onError(error, inv.compiled.op.id, correlationOf(inv));
      // Refusals before the handler leave no commit of their own; they are counted instead.
      if (inv.inputDigest !== '' && !error.retryable && inv.capability === undefined)
        this.#parts.batch.denied(inv, error.code);
      return failed(inv, error);
    }
    this.#parts.onError(error, inv.compiled.op.id, correlationOf(inv));
    return failed(inv, new QError('INTERNAL', undefined, { requestId: inv.requestId }));
  }

  /** What a refusal says of who called: a wrong proof of its address, a denial of itself. */
  #count(inv: Invocation, error: QError): void {
    if (inv.capability !== undefined) return;
    const isProved = inv.principal.signedBy !== 'nobody';
    const { http } = errorEntry(error.code);
    if (!isProved && http === 401) this.#limits.failed(inv);
    else if (isProved && http === 403) this.#limits.denied(inv);
  }

  /** Queries that a query or command asks of other modules: named in `uses`, under its authority. */
  #askUnder(inv: Invocation): Ask {
    const { op } = inv.compiled;
    const capability: Capability = {
      process: '',
      operation: op.id,
      record: '',
      principal: inv.principal,
      subject: inv.subject,
      inputDigest: inv.inputDigest,
      signature: op.signature,
      uses: op.uses,
      links: inv.links,
      reservations: [],
      held: [],
      expires_ms: inv.now_ms + op.limits.timeout_ms,
      ...traceOf(inv),
    };
    return async <Op extends AnyOperation>(
      asked: Op,
      input: InputOf<Op>,
      as: 'caller' | 'module',
    ) => {
      if (asked.kind !== 'query') throw new Error(`${op.id} may ask queries only`);
      const result = await this.#invokeStep({
        op: asked,
        input,
        capability: as === 'module' ? asModule(capability, this.#parts) : capability,
      });
      if (result.status === 'ok') return result.data as OutputOf<Op>;
      return fail(result.code, result.message, result.details);
    };
  }

  /** The answer is journaled in a commit of its own; until then, it is asked for again by its key. */
  async #stepElsewhere(
    remote: RemoteModules,
    { journal, ...step }: Parameters<InvokeStep>[0],
  ): Promise<Result<unknown>> {
    const result = await remote.step(step);
    const isEnd = result.status === 'ok' || !result.retryable;
    if (journal !== undefined && isEnd) await this.#parts.store.commit(journal(result));
    return result;
  }

  async #invokeStep(step: Parameters<InvokeStep>[0]): Promise<Result<unknown>> {
    const now_ms = this.#now_ms();
    const requestId = `req_${toBase64url(randomBytes(12))}`;
    const ready = this.#operations.get(step.op.id);
    if (ready === undefined && this.#parts.remote?.operation(step.op.id) !== undefined)
      return this.#stepElsewhere(this.#parts.remote, step);
    if (ready === undefined)
      return failed(
        { requestId, now_ms },
        new QError('DEPENDENCY_MISSING', `${step.op.id} is not running here.`, {
          module: step.op.module,
        }),
      );
    const begun_ms = performance.now();
    const watched = ready.stepWatch.begin(step.capability.traceparent);
    const inv: Invocation = {
      ...newInvocation(
        {
          operation: step.op.id,
          input: step.input,
          surface: 'process',
          credential: { kind: 'anonymous' },
          ...(step.idempotencyKey === undefined ? {} : { idempotencyKey: step.idempotencyKey }),
          ...(step.own === undefined ? {} : { ...namedIn(step.own), idempotencyKey: step.own.key }),
        },
        ready.compiled,
        requestId,
        now_ms,
        contextOf(watched),
      ),
      capability: step.capability,
      ...(step.own === undefined ? {} : { isOwnCall: true }),
      ...(step.journal === undefined ? {} : { journal: step.journal }),
    };
    const result = await this.#through(inv, ready.stepSteps);
    ready.stepWatch.end(watched, begun_ms, result, inv);
    return result;
  }
}

/** Answers in time, also for work that takes longer: that goes on, and is found under its key. */
function inTime(inv: Invocation, answer: Promise<Result<unknown>>): Promise<Result<unknown>> {
  const timeout_ms = Math.min(
    inv.compiled.op.limits.timeout_ms,
    Math.max(1, inv.call.timeout_ms ?? Infinity),
  );
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      resolve(failed(inv, new QError('TIMEOUT_ERROR', undefined, { timeout_ms })));
    }, timeout_ms);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
