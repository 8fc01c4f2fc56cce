import type { LinkState } from './apart/remote.ts';
import type { Alert, Health, HotFunction } from '@anarq/telemetry';

/** What was measured of one operation since the node started. Nothing here is a promise. */
interface MeasuredObjective {
  readonly operation: string;
  readonly calls: number;
  /** Share of calls that the node did not fail itself, 0 to 1. */
  readonly availability: number;
  readonly availabilityTarget: number;
  /** Share of the successful calls within each objective, 0 to 1. */
  readonly within: { readonly p50: number; readonly p95: number; readonly p99: number };
  readonly objectives_ms: { readonly p50: number; readonly p95: number; readonly p99: number };
}

/** How another process of the node is called; see `LinkState`. */
interface RemoteStatus extends LinkState {
  readonly target: string;
  readonly modules: readonly string[];
  /** What kept the last attempt from an answer. */
  readonly problem?: string;
}

export interface NodeStatus {
  readonly health: Health;
  readonly alerts: readonly Alert[];
  readonly objectives: readonly MeasuredObjective[];
  readonly remotes: readonly RemoteStatus[];
}

/** Health, alerts and objectives, for the modules that show them or found something. */
export interface NodeWatching {
  status(): Promise<NodeStatus>;
  /** Takes a profile of this process, and keeps it as a file. */
  profile(
    seconds: number,
  ): Promise<{ readonly file: string; readonly hot: readonly HotFunction[] }>;
  raise(about: Pick<Alert, 'id' | 'severity' | 'summary'>, isFiring: boolean): void;
}
