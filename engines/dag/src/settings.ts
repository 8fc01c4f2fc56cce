import type { ExecutorSettings } from './executor.ts';
import type { PaceSettings } from './pacemaker.ts';
import type { AskSettings } from './waiting.ts';

export interface NodeSettings extends ExecutorSettings, PaceSettings, AskSettings {
  /** Public key with which this node signs; a node whose key is in no committee follows only. */
  readonly publicKey?: Uint8Array;
  /** How long after a whole state was sent to somebody it is sent again. */
  readonly snapshotAgain_ms: number;
  /** How long this node may say nothing before it asks whether it missed something. */
  readonly silence_ms: number;
  readonly mempoolEntries_max: number;
  readonly mempoolBytes_max: number;
}

export const DEFAULT_SETTINGS: Omit<NodeSettings, 'publicKey'> = {
  checkpoint_ms: 1_000,
  checkpointTransactions: 1_000,
  epoch_ms: 600_000,
  round_ms_min: 50,
  leader_ms_min: 600,
  leader_ms_max: 4_000,
  askFirst_ms: 100,
  askAgain_ms: 300,
  snapshotAgain_ms: 2_000,
  silence_ms: 700,
  mempoolEntries_max: 50_000,
  mempoolBytes_max: 64 << 20,
};
