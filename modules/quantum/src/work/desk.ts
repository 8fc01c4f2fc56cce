import { availableParallelism } from 'node:os';
import type { Speeds, TellProgress } from '@anarq/quantum-engine';
import { fail, QError } from '@anarq/common-schemas';
import { refuse } from '../refuse.ts';
import { memoryOfMachine } from './memory.ts';
import {
  OutOfTime,
  WorkerLost,
  type Answers,
  type Asked,
  type Measured,
  type Plan,
  type WorkOrder,
} from './orders.ts';
import { Turns, type Waiting } from './turns.ts';
import { planned, type PlanOrder } from './planned.ts';
import { WorkProcess, type PerformOptions } from './workProcess.ts';

/** What a worker takes beside the state of its run; counted with each run. */
const WORKER_BYTES = 128 * 2 ** 20;
/** Runs that wait in memory, all together and of one owner; those beyond them try again later. */
const QUEUE_MAX = 48;
const QUEUE_OF_OWNER_MAX = 16;
/** Questions about circuits at once, those that wait, and how long one may take. */
const QUESTIONS_AT_ONCE = 2;
const QUESTIONS_MAX = 64;
const QUESTION_MS = 10_000;
/** A worker that is lost is replaced so often before a run fails. */
const ATTEMPTS_MAX = 3;
const LOOK_EVERY_MS = 50;
const IDLE_MAX = 2;
const IDLE_MS = 60_000;
/** A worker keeps the memory that it took once; after a run of more it is not used again. */
const REUSE_BYTES_MAX = 256 * 2 ** 20;

type RunOrder = WorkOrder & { readonly kind: 'run' };
type Question = Exclude<WorkOrder, RunOrder>;

export interface RunControl extends Waiting {
  /** Wall clock that it may compute. */
  readonly limit_ms: number;
  readonly isStopped: () => boolean;
  /** It waits no longer, and computes from now on. */
  readonly onBegin: (waited_ms: number) => void;
  /** Hears how far it is, ten times a second at most. */
  readonly onProgress?: TellProgress;
}

interface Place extends Waiting {
  readonly bytes: number;
  readonly enter: () => void;
}

/** The workers of one node: a queue in which owners take turns, admission by memory, and a warm worker. */
export class Desk {
  readonly memory_bytes: number;
  readonly #slots: number;
  readonly #idle = new Map<WorkProcess, NodeJS.Timeout>();
  readonly #workers = new Set<WorkProcess>();
  readonly #queue = new Turns<Place>();
  readonly #running = new Set<string>();
  readonly #waiting = new Set<string>();
  /** Results that are computed and not kept yet. */
  readonly #done = new Map<string, Measured>();
  /** Of what runs state vectors, by precision and threads. */
  readonly #speeds = new Map<string, Promise<Speeds>>();
  readonly #closing = new AbortController();
  #usedBytes = 0;
  #usedSlots = 0;
  #questions = 0;
  readonly #askers: (() => void)[] = [];

  constructor({
    memory_bytes = memoryOfRuns(),
    slots = availableParallelism(),
  }: { readonly memory_bytes?: number; readonly slots?: number } = {}) {
    this.memory_bytes = memory_bytes;
    this.#slots = slots;
  }

  /** What the state of one run may take. */
  get runBytesMax(): number {
    return Math.max(0, this.memory_bytes - WORKER_BYTES);
  }

  /** Whether a run of so many bytes can be admitted at all. */
  admits(memory_bytes: number): boolean {
    return memory_bytes + WORKER_BYTES <= this.memory_bytes;
  }

  stateOf(runId: string): 'QUEUED' | 'RUNNING' | undefined {
    if (this.#running.has(runId)) return 'RUNNING';
    return this.#waiting.has(runId) ? 'QUEUED' : undefined;
  }

  /** Ids of the runs that compute now. */
  running(): string[] {
    return [...this.#running];
  }

  result(runId: string): Measured | undefined {
    return this.#done.get(runId);
  }

  forget(runId: string): void {
    this.#done.delete(runId);
  }

  /** Process ids of all workers, idle ones too. */
  workers(): number[] {
    return [...this.#workers].flatMap(({ isLost, pid }) =>
      isLost || pid === undefined ? [] : [pid],
    );
  }

  /** Plans a run. What is measured for that is measured once: the same circuit has the same estimate. */
  plan(order: PlanOrder): Promise<Plan> {
    return planned(
      order,
      (asked) => this.ask(asked),
      (asked) => this.#speedsFor(asked),
    );
  }

  #speedsFor(asked: Asked): Promise<Speeds> {
    const key = speedsKey(asked);
    let speeds = this.#speeds.get(key);
    if (speeds === undefined) {
      speeds = this.ask({ kind: 'speeds', asked });
      this.#speeds.set(key, speeds);
      // Who comes next tries again.
      speeds.catch(() => this.#speeds.delete(key));
    }
    return speeds;
  }

  /** Asks about a circuit: a plan, a drawing, another format. */
  async ask<Q extends Question>(question: Q): Promise<Answers[Q['kind']]> {
    if (this.#questions >= QUESTIONS_MAX)
      fail('SERVICE_UNAVAILABLE', `${QUESTIONS_MAX} questions about circuits wait already.`, {
        retryAfter_ms: 1_000,
      });
    this.#questions += 1;
    if (this.#questions > QUESTIONS_AT_ONCE)
      await new Promise<void>((resolve) => this.#askers.push(resolve));
    try {
      return await this.#perform(question, {
        signal: this.#closing.signal,
        limit_ms: QUESTION_MS,
      });
    } catch (error) {
      if (error instanceof OutOfTime)
        fail('LIMIT_EXCEEDED', `The circuit takes longer than ${QUESTION_MS} ms to read.`, {
          limit_ms: QUESTION_MS,
        });
      throw refuse(error);
    } finally {
      this.#questions -= 1;
      this.#askers.shift()?.();
    }
  }

  /**
   * Runs a circuit as soon as there is room, and holds its result until it is forgotten.
   * @throws QError SERVICE_UNAVAILABLE where it is to be tried again later, because the queue is full
   * or the node stops; CANCELLED, DEADLINE_EXCEEDED, and what the worker refuses
   */
  async run(runId: string, order: RunOrder, control: RunControl): Promise<void> {
    if (this.#done.has(runId)) return;
    const stop = new AbortController();
    const look = setInterval(() => {
      if (control.isStopped()) stop.abort();
    }, LOOK_EVERY_MS);
    const signal = AbortSignal.any([stop.signal, this.#closing.signal]);
    const bytes = order.memory_bytes + WORKER_BYTES;
    let isIn = false;
    const asked_ms = performance.now();
    try {
      this.#waiting.add(runId);
      await this.#enter(bytes, control, signal);
      isIn = true;
      this.#waiting.delete(runId);
      this.#running.add(runId);
      control.onBegin(performance.now() - asked_ms);
      this.#done.set(runId, await this.#within(order, control, signal));
    } catch (error) {
      if (this.#closing.signal.aborted)
        fail('SERVICE_UNAVAILABLE', 'The node stops; the run begins again when it is back.');
      if (stop.signal.aborted) fail('CANCELLED', 'The run was stopped.');
      throw refuse(error);
    } finally {
      clearInterval(look);
      this.#waiting.delete(runId);
      this.#running.delete(runId);
      if (isIn) this.#leave(bytes);
    }
  }

  /** Ends all workers; runs that are under way are to be tried again. */
  close(): void {
    this.#closing.abort();
    for (const [worker, timer] of this.#idle) {
      clearTimeout(timer);
      worker.kill();
    }
    this.#idle.clear();
  }

  async #within(order: RunOrder, control: RunControl, signal: AbortSignal): Promise<Measured> {
    try {
      const speeds = await this.#speeds.get(speedsKey(order.asked));
      return await this.#perform(
        { ...order, speeds },
        {
          signal,
          limit_ms: control.limit_ms,
          ...(control.onProgress === undefined ? {} : { onProgress: control.onProgress }),
        },
      );
    } catch (error) {
      if (error instanceof OutOfTime)
        fail('DEADLINE_EXCEEDED', `The run was not done within ${control.limit_ms} ms.`, {
          limit_ms: control.limit_ms,
        });
      throw error;
    }
  }

  async #perform<W extends WorkOrder>(
    order: W,
    options: PerformOptions & { readonly signal: AbortSignal },
  ): Promise<Answers[W['kind']]> {
    for (let attempt = 1; ; attempt += 1) {
      options.signal.throwIfAborted();
      const worker = this.#take();
      try {
        const answer = await worker.perform(order, options);
        this.#giveBack(worker, order);
        return answer;
      } catch (error) {
        if (!worker.isLost) this.#giveBack(worker, order);
        if (!(error instanceof WorkerLost) || options.signal.aborted) throw error;
        if (attempt >= ATTEMPTS_MAX)
          throw new QError(
            'STATE_CONFLICT',
            `The worker ended ${ATTEMPTS_MAX} times before its answer: ${error.message.slice(0, 500)}`,
            { state: 'WORKER_LOST' },
            { cause: error },
          );
      }
    }
  }

  #take(): WorkProcess {
    for (const [worker, timer] of this.#idle) {
      clearTimeout(timer);
      this.#idle.delete(worker);
      if (!worker.isLost) return worker;
    }
    const worker = new WorkProcess();
    for (const known of this.#workers) if (known.isLost) this.#workers.delete(known);
    this.#workers.add(worker);
    return worker;
  }

  #giveBack(worker: WorkProcess, order: WorkOrder): void {
    const isLarge = order.kind === 'run' && order.memory_bytes > REUSE_BYTES_MAX;
    if (worker.isLost || isLarge || this.#idle.size >= IDLE_MAX || this.#closing.signal.aborted)
      return worker.kill();
    const timer = setTimeout(() => {
      this.#idle.delete(worker);
      worker.kill();
    }, IDLE_MS).unref();
    this.#idle.set(worker, timer);
  }

  /** Waits for its turn; whose it is waits for memory, so that a large run is not passed for ever. */
  async #enter(bytes: number, { owner, priority }: Waiting, signal: AbortSignal): Promise<void> {
    if (bytes > this.memory_bytes)
      fail(
        'LIMIT_EXCEEDED',
        `The run takes ${bytes} bytes, and the node gives runs ${this.memory_bytes}.`,
        {
          limit: this.memory_bytes,
          memory_bytes: bytes,
        },
      );
    const [waiting, max] = [this.#queue.waitingOf(owner), QUEUE_OF_OWNER_MAX];
    if (this.#queue.size >= QUEUE_MAX || waiting >= max)
      fail(
        'SERVICE_UNAVAILABLE',
        `${waiting >= max ? `${max} runs of yours` : `${QUEUE_MAX} runs`} wait already.`,
        { retryAfter_ms: 30_000 },
      );
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const place: Place = { owner, priority, bytes, enter: resolve };
    const abort = (): void => {
      this.#queue.remove(place);
      this.#admit();
      reject(new Error('the run was stopped while it waited'));
    };
    signal.throwIfAborted();
    signal.addEventListener('abort', abort);
    this.#queue.add(place);
    this.#admit();
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  #leave(bytes: number): void {
    this.#usedBytes -= bytes;
    this.#usedSlots -= 1;
    this.#admit();
  }

  #admit(): void {
    for (;;) {
      const next = this.#queue.next();
      if (next === undefined || this.#usedSlots >= this.#slots) return;
      if (this.#usedBytes + next.bytes > this.memory_bytes) return;
      this.#queue.take();
      this.#usedBytes += next.bytes;
      this.#usedSlots += 1;
      next.enter();
    }
  }
}

const speedsKey = ({ precision, threads, strict = false }: Asked): string =>
  `${precision} ${threads} ${strict}`;

/** Half of the memory of the machine, or as many MiB as Q_QUANTUM_MEMORY_MIB says. */
function memoryOfRuns(): number {
  const told = Number(process.env['Q_QUANTUM_MEMORY_MIB']);
  if (Number.isSafeInteger(told) && told > 0) return told * 2 ** 20;
  return Math.floor(memoryOfMachine() / 2);
}
