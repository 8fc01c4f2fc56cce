import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TellProgress } from '@anarq/quantum-engine';
import {
  OutOfTime,
  Refused,
  WorkerLost,
  type Answers,
  type WorkNews,
  type WorkOrder,
} from './orders.ts';

/** How long a process may take to start. */
const START_MS_MAX = 120_000;
const ENTRY = fileURLToPath(new URL('./processMain.ts', import.meta.url));

export interface PerformOptions {
  /** Ends the process where it aborts, in the middle of whatever it computes. */
  readonly signal?: AbortSignal;
  /** Wall clock from when the worker has started: how busy the machine is with that is not the order's. */
  readonly limit_ms?: number;
  /** Hears how far a run is, ten times a second at most. */
  readonly onProgress?: TellProgress;
}

/** A process of its own that computes, one order at a time. Once it is lost it stays so. */
export class WorkProcess {
  readonly #child: ChildProcess;
  #orders = 0;
  #reject: ((error: Error) => void) | undefined;
  #lost: WorkerLost | undefined;

  constructor() {
    // No flags and no secrets of the node: only what a process needs to start.
    this.#child = fork(ENTRY, {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      env: environment(),
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    let complaint = '';
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-2_000);
    });
    this.#child.on('error', (error) => this.#end(new WorkerLost(error.message)));
    this.#child.on('exit', (code, signal) => {
      this.#end(new WorkerLost(`the worker ended with ${signal ?? code} ${complaint}`.trim()));
    });
    this.#unref();
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * @throws Refused for what the circuit or its limits do not allow
   * @throws WorkerLost where the process ended before its answer
   * @throws OutOfTime
   */
  async perform<W extends WorkOrder>(
    order: W,
    { signal, limit_ms, onProgress }: PerformOptions = {},
  ): Promise<Answers[W['kind']]> {
    if (this.#lost !== undefined) throw this.#lost;
    if (this.#reject !== undefined) throw new Error('a worker computes one order at a time');
    signal?.throwIfAborted();
    const id = (this.#orders += 1);
    const { promise, resolve, reject } = Promise.withResolvers<Answers[W['kind']]>();
    this.#reject = reject;
    const endAfter = (ms: number, error: Error): NodeJS.Timeout =>
      setTimeout(() => {
        reject(error);
        this.kill();
      }, ms);
    let timer = endAfter(START_MS_MAX, new WorkerLost('the worker did not start in time'));
    const begin = (): void => {
      clearTimeout(timer);
      if (limit_ms !== undefined) timer = endAfter(limit_ms, new OutOfTime(`${limit_ms} ms`));
    };
    const hear = (news: WorkNews): void => {
      if (news.id !== id) return;
      if (news.kind === 'begun') return begin();
      if (news.kind === 'progress') return onProgress?.(news.progress);
      if (news.kind === 'refused') reject(new Refused(news.refusal));
      else if (news.kind === 'failed') reject(new WorkerLost(news.message));
      // The worker answers an order of a kind with the answer of that kind.
      else resolve(news.answer as Answers[W['kind']]);
    };
    const abort = (): void => this.kill();
    this.#child.on('message', hear);
    signal?.addEventListener('abort', abort);
    this.#child.ref();
    this.#child.channel?.ref();
    try {
      this.#child.send({ id, order }, (error) => {
        if (error !== null) this.#end(new WorkerLost(error.message));
      });
      return await promise;
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      clearTimeout(timer);
      this.#reject = undefined;
      this.#child.off('message', hear);
      signal?.removeEventListener('abort', abort);
      this.#unref();
    }
  }

  /** Ends it at once. */
  kill(): void {
    this.#child.kill('SIGKILL');
    this.#end(new WorkerLost('the worker was stopped'));
  }

  #end(error: WorkerLost): void {
    this.#lost ??= error;
    this.#reject?.(error);
  }

  /** One that has nothing to do keeps nobody from ending. */
  #unref(): void {
    this.#child.unref();
    this.#child.channel?.unref();
    // A pipe is a socket; its type says only that it can be read.
    const { stderr } = this.#child;
    if (stderr !== null && 'unref' in stderr && typeof stderr.unref === 'function') stderr.unref();
  }
}

function environment(): NodeJS.ProcessEnv {
  const kept = ['PATH', 'TMPDIR', 'TEMP', 'TMP', 'SYSTEMROOT', 'NODE_COMPILE_CACHE', 'LANG'];
  return Object.fromEntries(
    kept.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
