/** How much of what happened in simulated runs: a run in which nothing goes wrong tests nothing. */
export interface SimulationCounts {
  /** Batches that were applied, those included that a crash undid. */
  batches: number;
  events: number;
  answers: number;
  /** Batches that were sent again with the same ids, because no answer came. */
  retries: number;
  /** Batches that a crash undid before anybody was answered. */
  undone: number;
  expiries: number;
  /** Times the power went. */
  crashes: number;
  /** Times the process ended, and what the disk had not been told to keep stayed in memory. */
  kills: number;
  /** Crashes while a writer was still recovering from the one before. */
  crashesInRecovery: number;
  /** Writes of a page that a crash cut at some byte. */
  tornWrites: number;
  /** Writes of a page that a crash lost. */
  lostWrites: number;
  /** Writes of a page that reached the disk although an earlier one of the same sync did not. */
  reorderedWrites: number;
  failedSyncs: number;
  /** Bits that were flipped in pages of the log whose batches had been acknowledged. */
  flips: number;
  /** Those of them that were refused as damage. */
  flipsFound: number;
  /** Bits that were flipped in snapshots. */
  snapshotFlips: number;
  /** Bits that were flipped in indexes. */
  indexFlips: number;
  /** Those of them that were refused when the index was read. */
  indexFlipsFound: number;
  /** Batches that were refused because the disk was full. */
  fullRefusals: number;
  clockJumpsForward: number;
  clockJumpsBack: number;
  snapshots: number;
  /** Recoveries that began with a snapshot. */
  recoveriesFromSnapshot: number;
}

/** All at 0. */
export const noCounts = (): SimulationCounts => ({
  batches: 0,
  events: 0,
  answers: 0,
  retries: 0,
  undone: 0,
  expiries: 0,
  crashes: 0,
  kills: 0,
  crashesInRecovery: 0,
  tornWrites: 0,
  lostWrites: 0,
  reorderedWrites: 0,
  failedSyncs: 0,
  flips: 0,
  flipsFound: 0,
  snapshotFlips: 0,
  indexFlips: 0,
  indexFlipsFound: 0,
  fullRefusals: 0,
  clockJumpsForward: 0,
  clockJumpsBack: 0,
  snapshots: 0,
  recoveriesFromSnapshot: 0,
});

/** Adds one run's counts to those of others. */
export function addCounts(sum: SimulationCounts, more: SimulationCounts): void {
  for (const name of Object.keys(sum) as (keyof SimulationCounts)[]) sum[name] += more[name];
}
