import type { Applier, OrderingLimits } from '../types.ts';

/** What the stream may hold. */
export interface StreamLimits {
  /** What is older is dropped: a node that was away for longer needs a copy of another's books. */
  readonly age_ms_max: number;
  /** Likewise, of what is oldest. */
  readonly bytes_max: number;
  /** Servers of a cluster that keep it. */
  readonly replicas: number;
}

export const DEFAULT_STREAM_LIMITS: StreamLimits = {
  age_ms_max: 7 * 86_400_000,
  bytes_max: 4 * 2 ** 30,
  replicas: 1,
};

export interface JetStreamOptions {
  /** `nats://host:port`, or several with commas. */
  readonly url: string;
  /** Names the ledger: lower-case letters, digits and underscores; the same at each of its nodes. */
  readonly space: string;
  /** Key of the ledger's nodes, 32 bytes. What another key sealed is passed over. */
  readonly key32: Uint8Array;
  readonly applier: Applier;
  /** Where there is no stream, make one that goes on from these books, although others may have come further. */
  readonly beginsAnew?: boolean;
  readonly stream: StreamLimits;
  readonly limits: OrderingLimits;
  /** The connection was lost, or the order stopped. */
  readonly onError: (error: unknown) => void;
}
