/** @anarq/ordering: who orders the batches of a ledger, and what that bears. */

export { CommitFeed } from './dagBft/feed.ts';
export { openDagBftOrdering, type DagBftOrderingOptions } from './dagBft/open.ts';
export type { OrderingAccount } from './dagBft/sender.ts';
export { FAULT_MODELS, type FaultModel, type FaultModelName } from './faultModels.ts';
export { forgetJetStreamOrder } from './jetstream/forget.ts';
export { openJetStreamOrdering, type JetStreamOrderingOptions } from './jetstream/open.ts';
export { openLocalOrdering, type LocalOptions } from './local.ts';
export type {
  AppliedHistory,
  Applier,
  Batch,
  OrderedAnswer,
  OrderedCommit,
  OrderingEngine,
  OrderingLimits,
  OrderingState,
  OrderingStatus,
  SubmitOptions,
} from './types.ts';
