import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * A program in a process of its own that answers orders, one at a time. What it costs is then its
 * own, and not that of who measures.
 */
export class Child {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #waiting: { resolve: (value: unknown) => void; reject: (error: Error) => void } | undefined;

  constructor(script: URL, argument: unknown) {
    this.#child = fork(fileURLToPath(script), [JSON.stringify(argument)], {
      execArgv: ['--disable-warning=ExperimentalWarning', '--expose-gc'],
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child.on('message', (message: { value?: unknown; problem?: string }) => {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (message.problem === undefined) waiting?.resolve(message.value);
      else waiting?.reject(new Error(message.problem));
    });
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', (code) => {
        this.#waiting?.reject(new Error(`the process ended with code ${code}`));
        resolve();
      });
    });
  }

  /** Sends an order and waits for its answer. */
  ask<T>(order: unknown): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting = { resolve: (value) => resolve(value as T), reject };
      this.#child.send(order as object);
    });
  }

  /** Microseconds of CPU, user and system, all threads, since the process began. */
  cpu_us(): Promise<number> {
    return this.ask<number>({ kind: 'cpu' });
  }

  /** Bytes of memory that the process keeps, after a garbage collection. */
  memory_bytes(): Promise<number> {
    return this.ask<number>({ kind: 'memory' });
  }

  /** Ends it as a kill does: it has no time for anything. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.#exited;
  }
}

/** The other end: answers orders until the parent lets go. */
export function answerOrders<Order extends { readonly kind: string }>(
  answer: (order: Order) => Promise<unknown>,
  close: () => Promise<void>,
): void {
  const reply = (message: unknown) => process.send?.(message);
  process.on('message', (order: Order) => {
    void (async () => {
      try {
        reply({ value: await (measured(order) ?? answer(order)) });
      } catch (error) {
        reply({ problem: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      }
    })();
  });
  process.once('disconnect', () => {
    void close().finally(() => process.exit(0));
  });
}

function measured({ kind }: { readonly kind: string }): Promise<number> | undefined {
  if (kind === 'cpu') {
    const { user, system } = process.cpuUsage();
    return Promise.resolve(user + system);
  }
  if (kind !== 'memory') return undefined;
  globalThis.gc?.();
  return Promise.resolve(process.memoryUsage().rss);
}

/** The argument that a child was started with. */
export const argumentOf = <T>(): T => JSON.parse(process.argv[2] ?? 'null') as T;
