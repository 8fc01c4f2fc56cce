import { Worker } from 'node:worker_threads';
import type { BalanceProof, LedgerCheckpoint, TransferProof } from '@anarq/ledger-engine';
import type { FollowerOptions } from './follower.ts';
import type { FollowerOrder } from './followerThread.ts';
import type { LedgerWriter } from './writer.ts';

const INTERVAL_MS = 1_000;

export interface CheckpointOptions extends FollowerOptions {
  /** How often a checkpoint is signed where something is new. */
  readonly interval_ms?: number;
  /** The thread found damage, or failed: no checkpoints come any more. */
  readonly onFailure?: (error: Error) => void;
}

type Told =
  | { readonly kind: 'checkpoint'; readonly checkpoint: LedgerCheckpoint }
  | { readonly kind: 'answer'; readonly request: number; readonly value: unknown };

/**
 * Signed checkpoints of a ledger, and proofs that lead to them; made on a thread of its own, behind the
 * writer, which never waits for it.
 */
export class Checkpoints {
  readonly #thread: Worker;
  readonly #waiting = new Map<
    number,
    { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void }
  >();
  readonly #listeners = new Set<{
    readonly events: number;
    readonly resolve: (checkpoint: LedgerCheckpoint) => void;
    readonly reject: (error: Error) => void;
  }>();
  readonly #exited: Promise<void>;
  #next = 1;
  #latest: LedgerCheckpoint | undefined;
  /** Why nothing is answered any more. */
  #failure: Error | undefined;

  constructor(folder: string, writer: LedgerWriter, options: CheckpointOptions) {
    const { interval_ms = INTERVAL_MS, onFailure, ...follower } = options;
    this.#thread = new Worker(new URL('./followerThread.ts', import.meta.url), {
      workerData: { folder, options: follower, interval_ms },
    });
    this.#thread.on('message', (told: Told) => {
      this.#hear(told);
    });
    this.#thread.on('error', (error: Error) => {
      this.#fail(error);
      onFailure?.(error);
    });
    this.#exited = new Promise((resolve) => {
      this.#thread.once('exit', () => {
        this.#fail(new Error('the checkpoints of the ledger have ended'));
        resolve();
      });
    });
    writer.onSafe((page) => {
      this.#tell({ kind: 'safe', page });
    });
  }

  /** The checkpoint that was signed last. */
  get latest(): LedgerCheckpoint | undefined {
    return this.#latest;
  }

  /**
   * The next checkpoint that has at least so many events.
   * @throws Error where the thread ended before
   */
  covering(events: number): Promise<LedgerCheckpoint> {
    if (this.#latest !== undefined && this.#latest.position.events >= events)
      return Promise.resolve(this.#latest);
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) throw this.#failure;
      this.#listeners.add({ events, resolve, reject });
    });
  }

  /** That a transfer is in the last checkpoint; undefined where it is not, or not yet. */
  proveTransfer = (id: bigint): Promise<TransferProof | undefined> => this.#ask('transfer', id);

  /** The balances of an account in the last checkpoint; undefined where they changed since. */
  proveBalance = (id: bigint): Promise<BalanceProof | undefined> => this.#ask('balance', id);

  async close(): Promise<void> {
    this.#tell({ kind: 'close' });
    await this.#exited;
  }

  #tell(order: FollowerOrder): void {
    this.#thread.postMessage(order);
  }

  #ask<T>(kind: 'transfer' | 'balance', id: bigint): Promise<T | undefined> {
    const request = this.#next++;
    return new Promise<T | undefined>((resolve, reject) => {
      if (this.#failure !== undefined) throw this.#failure;
      this.#waiting.set(request, {
        resolve: (value) => {
          resolve(value as T | undefined);
        },
        reject,
      });
      this.#tell({ kind, request, id });
    });
  }

  #hear(told: Told): void {
    if (told.kind === 'answer') {
      this.#waiting.get(told.request)?.resolve(told.value);
      this.#waiting.delete(told.request);
      return;
    }
    this.#latest = told.checkpoint;
    for (const listener of this.#listeners) {
      if (told.checkpoint.position.events < listener.events) continue;
      this.#listeners.delete(listener);
      listener.resolve(told.checkpoint);
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of [...this.#waiting.values(), ...this.#listeners]) reject(error);
    this.#waiting.clear();
    this.#listeners.clear();
  }
}
