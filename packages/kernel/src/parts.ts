import type { Store } from '@anarq/store';
import type { Follower } from './apart/follower.ts';
import type { RemoteModules } from './apart/remote.ts';
import type { Correlation, Telemetry } from '@anarq/telemetry';
import type { EventTickets } from './eventTickets.ts';
import type { Fence } from './fence.ts';
import type { BatchRecords } from './record.ts';
import type { OwnLogs } from './ownLog.ts';
import type { Replay } from './replay.ts';
import type { Services } from './services.ts';
import type { Shedding } from './shedding.ts';

/** A place where a test may stop the node, to show that it starts again rightly. */
export type Probe = (point: string) => void;

/** What the parts of the kernel share. */
export interface KernelParts {
  readonly store: Store;
  readonly now_ms: () => number;
  /** By how much the clock jumped since the start. */
  readonly stepped_ms: () => number;
  readonly services: Services;
  /** The same as modules get them: what these prepare, a module may carry into its commit. */
  readonly forModules: Services;
  /** Logs that modules keep beside the store. */
  readonly ownLogs: OwnLogs;
  readonly replay: Replay;
  /** Tickets by which events are read, once each. */
  readonly eventTickets: EventTickets;
  readonly batch: BatchRecords;
  /** A restored copy only reads. */
  readonly fence: Fence;
  /** What the node does without under pressure. */
  readonly shedding: Shedding;
  readonly probe: Probe;
  /** Counters of the node, and who else watches its calls. */
  readonly telemetry: Telemetry;
  readonly onError: (error: unknown, where: string, about?: Correlation) => void;
  /** After a commit: the log takes its record in, and the bus its events, where it had any. */
  readonly wake: (withEvents?: boolean) => void;
  /** Modules that another process of this node runs. */
  readonly remote?: RemoteModules;
  /** Present where another process decides who exists and who may what. */
  readonly follower?: Follower;
}
