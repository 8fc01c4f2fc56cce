import type { AnyContract, AnyOperation, Result } from '@anarq/common-schemas';
import type { ReceiptBranch, StepsOf } from '@anarq/log';
import type { Call, OwnCall } from '../call.ts';
import type { Capability } from '../capability.ts';

/** The modules of this node that another process runs. */
export interface RemoteModules {
  readonly contracts: readonly AnyContract[];
  /** An operation that is done in another process. */
  operation(id: string): AnyOperation | undefined;
  /** Passes a call on as it came, its signature included. Never throws. */
  call(op: AnyOperation, call: Call): Promise<RemoteAnswer>;
  /**
   * Makes a step there, under its idempotency key. Never throws: where its end is not known, the
   * failure is retryable, and says nothing about what happened.
   */
  step(step: RemoteStep): Promise<Result<unknown>>;
  /**
   * What other processes recorded of steps of records that are here; and the modules whose process
   * could not be asked.
   */
  records(
    of: StepsOf,
    party: string,
  ): Promise<{ readonly branches: readonly ReceiptBranch[]; readonly missing: readonly string[] }>;
  /** Each process that is called, and how it answers. */
  places(): readonly RemotePlace[];
  /** Called when a process that did not answer answers again. */
  onBack: () => void;
  /** Something was committed that other processes may have to know. */
  wake(): void;
  close(): Promise<void>;
}

/** `isReached`: a process answered; else the result says why none did. */
export interface RemoteAnswer {
  readonly result: Result<unknown>;
  readonly isReached: boolean;
}

export interface RemoteStep {
  readonly op: AnyOperation;
  readonly input: unknown;
  readonly capability: Capability;
  readonly idempotencyKey?: string;
  readonly own?: OwnCall;
}

export interface RemotePlace {
  readonly url: string;
  readonly modules: readonly string[];
  /** What kept the last attempt from an answer; undefined: it answered. */
  readonly problem: () => string | undefined;
  readonly link: () => LinkState;
}

/** How patiently another process is called at the moment. */
export interface LinkState {
  /** open: it failed too often, and is not called for a while; half-open: it is tried again. */
  readonly breaker: 'closed' | 'open' | 'half-open';
  readonly running: number;
  readonly running_max: number;
  readonly waiting: number;
  readonly waiting_max: number;
  readonly retries: number;
  readonly opened: number;
  readonly refused: number;
}

/** Modules that run elsewhere, and where. Several addresses of a module lead to the same books. */
export interface Remote {
  readonly contract: AnyContract;
  readonly urls: readonly string[];
}

/**
 * How bytes get to another process. It lies below the kernel's concern: connections, patience,
 * repetition and giving up.
 */
export interface PeerLink {
  /** @throws where no whole answer came */
  post(order: {
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Uint8Array;
    readonly timeout_ms: number;
  }): Promise<{ readonly status: number; readonly body: Uint8Array }>;
  /**
   * Repeats attempts that failed with a retryable QError, within the deadline, and spares a target
   * that does not answer.
   */
  guarded<T>(
    target: string,
    within_ms: number,
    attempt: (remaining_ms: number) => Promise<T>,
  ): Promise<T>;
  /** A target that was spared answers again. */
  recovered(target: string): void;
  /** Whether a target is being spared at the moment. */
  isSpared(target: string): boolean;
  stateOf(target: string): LinkState;
}
