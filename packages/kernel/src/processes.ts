import { QError, type Result } from '@anarq/common-schemas';
import { admit, type Admitted } from './admission.ts';
import { callAlerts } from './budgetAlerts.ts';
import { toSettle } from './budgetCounters.ts';
import type { Capability } from './capability.ts';
import { decideAgain, failed, inTableWords, isConflict, success } from './commands.ts';
import { IdSource } from './contexts.ts';
import { ProcessEnds } from './ends.ts';
import { Failures, isPassing } from './failures.ts';
import type { CompiledOperation, Invocation } from './invocation.ts';
import { Jobs } from './jobs.ts';
import { Journal, nothingAsked, type Asked } from './journal.ts';
import type { KernelParts } from './parts.ts';
import { stoppedBy, stopStatement, type RunControl, type StopCode } from './runControl.ts';
import { ProcessRun, type InvokeStep } from './steps.ts';
import { takeTimer, Timers } from './timers.ts';
import { Versions } from './versions.ts';
import { Suspended, waiting, Waits } from './waits.ts';

const RERUNS_MAX = 5;
const RETRIES = [50, 200, 800];
/** Processes that run at once without a caller who waits. */
const BACKGROUND_MAX = 64;
const OPEN_JOBS_MAX = 1_000;

/** A process that is being run here. */
interface Active {
  running: Promise<Result<unknown>>;
  /** It was woken while it ran. */
  again: boolean;
  /** A process that it asked for has ended; that matters to a run that waits. */
  childEnded: boolean;
  stop: StopCode | undefined;
}

/** What a run needs of its row. */
interface Standing {
  readonly wakes: number;
  readonly retries: number;
  readonly stop: StopCode | undefined;
}

const AT_FIRST: Standing = { wakes: 0, retries: 0, stop: undefined };
/**
 * Work that needs several modules. Its admission, each of its steps and its outcome are commits of
 * their own; what a step answered is journaled in the step's commit. After a crash, or when what it
 * waits for is there, the handler runs again and is answered from the journal up to where it was.
 */
export class Processes {
  readonly timers: Timers;
  readonly waits: Waits;
  readonly jobs: Jobs;
  readonly versions: Versions;
  readonly #parts: KernelParts;
  readonly #invokeStep: InvokeStep;
  readonly #journal: Journal;
  readonly #ends: ProcessEnds;
  readonly #failures: Failures;
  readonly #active = new Map<string, Active>();
  readonly #queue = new Set<string>();
  #background = 0;
  #closed = false;

  constructor(
    parts: KernelParts,
    invokeStep: InvokeStep,
    find: (id: string) => CompiledOperation | undefined,
    now_ms: () => number,
  ) {
    this.#parts = parts;
    this.#invokeStep = invokeStep;
    this.#journal = new Journal(parts.store, parts.services.sealer, now_ms);
    this.timers = new Timers(parts.store, now_ms, parts.onError);
    this.waits = new Waits(parts, this.#journal, this.timers, now_ms);
    this.jobs = new Jobs(parts, now_ms);
    this.#ends = new ProcessEnds(parts, invokeStep, this.#journal, find, (inv, { process }) => {
      this.jobs.ended(process);
      // Whoever asked for it may go on, also where it has given up waiting here.
      const parent = inv.capability?.process;
      const active = this.#active.get(parent ?? '');
      if (active !== undefined) active.childEnded = true;
      else if (parent) this.wake(parent);
    });
    this.versions = new Versions(parts, find);
    this.#failures = new Failures(parts, this.#ends, this.timers, now_ms, (id) => this.wake(id));
    this.#listen();
  }

  #listen(): void {
    this.timers.on('wait', async (timer) => {
      const process = await this.waits.due(timer);
      if (process !== undefined) this.wake(process);
    });
    this.timers.on('retry', async (timer) => {
      await this.#parts.store.commit([takeTimer(timer)]);
      this.wake(timer.ref);
    });
    this.timers.on('deadline', async (timer) => {
      await this.#parts.store.commit([
        takeTimer(timer),
        stopStatement(timer.ref, 'DEADLINE_EXCEEDED'),
      ]);
      this.stop(timer.ref, 'DEADLINE_EXCEEDED');
    });
  }

  /** Admits a call: from here on it ends exactly once, or is wholly undone. */
  async start(inv: Invocation): Promise<Result<unknown>> {
    const { op } = inv.compiled;
    const kind = op.job === undefined ? 'process' : 'job';
    if (kind === 'job') await this.#checkOpenJobs(inv);
    for (let run = 1; ; run++) {
      const { capability, commit } = admit(inv, this.#parts, { kind });
      const started = success(inv, { jobId: capability.process, state: 'RUNNING' });
      const answer = { ...started, cid: capability.record };
      this.#parts.probe(`before-admission ${op.id}`);
      try {
        await this.#parts.store.commit([
          ...commit,
          ...(await callAlerts(inv, this.#parts, capability.record)),
          ...this.#parts.replay.record(
            inv,
            kind === 'job' ? answer : { process: capability.process },
          ),
        ]);
      } catch (error) {
        if (!isConflict(error)) throw inTableWords(error);
        await this.#parts.replay.recheck(inv);
        if (inv.answer !== undefined) return inv.answer;
        await decideAgain(inv, this.#parts);
        if (run >= RERUNS_MAX) throw inTableWords(error);
        continue;
      }
      inv.reservations = toSettle(inv.reservations);
      this.#parts.wake();
      this.#parts.probe(`after-admission ${op.id}`);
      if (kind === 'process') return this.drive({ inv, capability }, true);
      if (op.job !== undefined) this.timers.arm(inv.now_ms + op.job.deadline_ms);
      this.wake(capability.process);
      return answer;
    }
  }

  /**
   * Takes up every process that a stop of the node interrupted; those that wait for something stay
   * as they are. Says which the code of this node cannot go on with.
   */
  async resume(): Promise<{ resumed: number }> {
    await this.versions.tellOfMissing();
    const rows = await this.#parts.store.read(
      `SELECT id, kind, operation, version, stop_code, admission_sealed FROM kernel_process
       WHERE state = 'RUNNING' AND wakes <> slept ORDER BY created_ms DESC, id DESC`,
    );
    const revived = rows.flatMap((row) => {
      const one = this.versions.revive(row);
      return one === undefined ? [] : [{ ...one, kind: row['kind'] as string }];
    });
    const byId = new Map(revived.map((one) => [one.capability.process, one]));
    const depthOf = (one: Admitted | undefined): number => {
      const parent = one?.inv.capability?.process;
      return parent === undefined ? 0 : 1 + depthOf(byId.get(parent));
    };
    // Innermost first: a nested process has ended when its parent asks for it again by its key.
    for (const one of revived.toSorted((a, b) => depthOf(b) - depthOf(a)))
      if (one.kind === 'process') await this.drive(one);
      else this.wake(one.capability.process);
    return { resumed: revived.length };
  }

  close(): void {
    this.#closed = true;
    this.#failures.close();
    this.#queue.clear();
  }

  /** Waits until what runs without a caller has come to a stop. */
  async settled(): Promise<void> {
    await this.timers.close();
    await Promise.allSettled([...this.#active.values()].map(({ running }) => running));
  }

  /** Has a process go on, if it is open: what it waits for may be there. */
  wake(id: string): void {
    const active = this.#active.get(id);
    if (active !== undefined) active.again = true;
    else if (!this.#closed) {
      this.#queue.add(id);
      this.#pump();
    }
  }

  /** Something that was away is back: what failed for that is tried again now. */
  goOn(): void {
    for (const id of this.#failures.passing()) this.wake(id);
  }

  /** Tells a process that it is to stop, once that is durable. */
  stop(id: string, code: StopCode): void {
    const active = this.#active.get(id);
    if (active) active.stop = code;
    this.wake(id);
  }

  #pump(): void {
    for (const id of this.#queue) {
      if (this.#background >= BACKGROUND_MAX || this.#closed) return;
      this.#queue.delete(id);
      this.#background += 1;
      void this.#takeUp(id)
        .catch((error: unknown) => this.#parts.onError(error, `process ${id}`))
        .finally(() => {
          this.#background -= 1;
          this.#pump();
        });
    }
  }

  async #takeUp(id: string): Promise<void> {
    const [row] = await this.#parts.store.read(
      `SELECT id, operation, version, stop_code, admission_sealed FROM kernel_process
       WHERE id = :id AND state = 'RUNNING'`,
      { id },
    );
    const admitted = row === undefined ? undefined : this.versions.revive(row);
    if (admitted !== undefined) await this.drive(admitted);
  }

  async #checkOpenJobs(inv: Invocation): Promise<void> {
    const [row] = await this.#parts.store.read(
      `SELECT COUNT(*) AS count FROM kernel_process WHERE kind = 'job' AND tenant = :tenant
         AND subject = :subject AND state = 'RUNNING'`,
      { tenant: inv.principal.tenant, subject: inv.subject },
    );
    if (Number(row?.['count']) >= OPEN_JOBS_MAX)
      throw new QError('LIMIT_EXCEEDED', `You have ${OPEN_JOBS_MAX} jobs under way.`, {
        limit: OPEN_JOBS_MAX,
      });
  }

  /** Runs a process to its end, or to where it waits; at most once at a time. */
  drive(admitted: Admitted, isFresh = false): Promise<Result<unknown>> {
    const id = admitted.capability.process;
    const known = this.#active.get(id);
    if (known !== undefined) {
      known.again = true;
      return known.running;
    }
    const { promise, resolve } = Promise.withResolvers<Result<unknown>>();
    const active: Active = { running: promise, again: false, childEnded: false, stop: undefined };
    this.#active.set(id, active);
    resolve(this.#untilItStops(admitted, active, isFresh));
    return promise;
  }

  async #untilItStops(
    { inv, capability }: Admitted,
    active: Active,
    isFresh: boolean,
  ): Promise<Result<unknown>> {
    try {
      for (let isFirst = isFresh; ; isFirst = false) {
        active.again = false;
        active.childEnded = false;
        const { result, ended } = await this.#run(inv, capability, active, isFirst);
        const goesOn = active.again || (ended === 'waits' && active.childEnded);
        if (ended === true || !goesOn || this.#closed) return result;
      }
    } finally {
      this.#active.delete(capability.process);
    }
  }

  async #run(
    inv: Invocation,
    capability: Capability,
    active: Active,
    isFresh: boolean,
  ): Promise<{ result: Result<unknown>; ended: true | 'waits' | 'failed' }> {
    const { process } = capability;
    for (let attempt = 0; ; attempt++) {
      try {
        const result = await this.#runOnce(inv, capability, active, isFresh && attempt === 0);
        return { result, ended: true };
      } catch (cause) {
        if (cause instanceof Suspended)
          return { result: waiting(inv, process, cause.waitingFor), ended: 'waits' };
        const error = inTableWords(cause);
        const pause_ms = RETRIES[attempt];
        if (!this.#closed && pause_ms !== undefined && isPassing(error)) {
          await new Promise((resolve) => setTimeout(resolve, pause_ms));
          continue;
        }
        this.#parts.onError(error, `process ${process}`);
        const parked = this.#closed
          ? undefined
          : await this.#failures.later(inv, capability, error);
        if (parked !== undefined) return { result: parked, ended: true };
        const told = new QError(
          'SERVICE_UNAVAILABLE',
          'The call is admitted, but not finished yet.',
          { process, retryAfter_ms: 1_000 },
        );
        return { result: failed(inv, told), ended: 'failed' };
      } finally {
        await this.jobs.keep(capability).catch(() => undefined);
      }
    }
  }

  /** One run of the handler against the journal; run again while it is overtaken. */
  async #runOnce(
    inv: Invocation,
    capability: Capability,
    active: Active,
    isFresh: boolean,
  ): Promise<Result<unknown>> {
    const { process } = capability;
    // Before the journal: what wakes it after that is not in what this run reads.
    let standing = isFresh ? AT_FIRST : await this.#standing(process);
    const { wakes } = standing;
    const asked = isFresh ? nothingAsked() : await this.#journal.read(process);
    const ids = new IdSource(inv.now_ms, process);
    for (let runs = 1; runs <= RERUNS_MAX; runs++) {
      if (runs > 1) standing = await this.#standing(process);
      active.stop ??= standing.stop;
      // What is in a log of its module's own is done: only the handler knows whether it is.
      const keepsLog = inv.compiled.module.ownLog !== undefined;
      const stop = keepsLog ? undefined : active.stop;
      const ended = await this.#endInstead(inv, capability, asked, standing, stop);
      if (ended !== undefined) return ended;
      const control = this.#control(capability, active, wakes);
      const run = new ProcessRun(
        this.#parts,
        this.#invokeStep,
        this.#journal,
        capability,
        asked,
        control,
      );
      let handled;
      try {
        handled = await run.handle(inv, ids);
        await this.jobs.keep(capability);
      } catch (error) {
        if (!(error instanceof QError)) throw error;
        if (active.stop !== undefined && !keepsLog) continue;
        if (error.code === 'PROCESS_DIVERGED')
          return this.#ends.parked(inv, capability, error.code, error.message);
        if (error.retryable) throw error;
        const cause = active.stop === undefined ? error : stoppedBy(active.stop);
        return this.#ends.refused(inv, capability, asked, cause, standing.retries);
      }
      const result = await this.#ends.done(inv, capability, handled.work, handled.output);
      if (result !== undefined) return result;
    }
    throw new QError('SERVICE_UNAVAILABLE', 'Too many calls change the same thing.');
  }

  /** The end of a process whose handler is not to run again: it is being undone, or was stopped. */
  async #endInstead(
    inv: Invocation,
    capability: Capability,
    asked: Asked,
    { retries }: Standing,
    stop: StopCode | undefined,
  ): Promise<Result<unknown> | undefined> {
    const { cause } = asked;
    if (stop === 'ABANDONED') return this.#ends.abandoned(inv, capability, asked, retries);
    if (cause !== undefined)
      return this.#ends.undone(inv, capability, { ...asked, cause }, retries);
    if (stop === undefined) return undefined;
    return this.#ends.refused(inv, capability, asked, stoppedBy(stop), retries);
  }

  #control(capability: Capability, active: Active, wakes: number): RunControl {
    return {
      stop: () => active.stop,
      progress: (done, total, note) => this.jobs.report(capability, done, total, note),
      wait: (at, order) => this.waits.begin(capability, at, order, wakes),
    };
  }

  async #standing(id: string): Promise<Standing> {
    const [row] = await this.#parts.store.read(
      `SELECT wakes, retries, stop_code FROM kernel_process WHERE id = :id AND state = 'RUNNING'`,
      { id },
    );
    if (row === undefined) throw new QError('STATE_CONFLICT', 'The process has ended.');
    return {
      wakes: Number(row['wakes']),
      retries: Number(row['retries']),
      stop: (row['stop_code'] as StopCode | null) ?? undefined,
    };
  }
}
