export type {
  AccountFilter,
  Balances,
  BalancesAt,
  ChangedAccount,
  ChangeEvent,
  ChangeFilter,
  QueryFilter,
} from './filters.ts';
export * from './layout.ts';
export * from './log/pageLayout.ts';
export {
  digestOfPage,
  isPageAt,
  isWholePage,
  logStart,
  pagesOf,
  PageWriter,
  readHeader,
  type LoggedBatch,
  type LogPosition,
  type PageHeader,
} from './log/pages.ts';
export { LimitReached } from './limitReached.ts';
export type { LedgerMemory } from './memory.ts';
export { LogDamaged, readBatches, type LogSource } from './log/recovery.ts';
export { RunDamaged, type PageReader, type RunStore } from './ports.ts';
export { Queries } from './queries.ts';
export {
  ACCOUNT_RESULTS,
  accountResultOf,
  isTransient,
  TRANSFER_RESULTS,
  transferResultOf,
  type AccountResult,
  type TransferResult,
} from './results.ts';
export type { Found } from './search.ts';
export { LedgerState, type LedgerOptions } from './state.ts';
export type { Totals } from './totals.ts';
export type { CodeTotals, TotalsByCode } from './codeTotals.ts';
export { readU128, readU64, writeU128, writeU64 } from './u128.ts';
export { AccountTree } from './proofs/accountTree.ts';
export {
  readAccountsNote,
  readTransfersNote,
  signCheckpoint,
  verifyBalanceProof,
  verifyTransferProof,
  type BalanceProof,
  type CheckpointSigner,
  type LedgerCheckpoint,
  type SignedTree,
  type TransferProof,
} from './proofs/checkpoints.ts';
export { EventTree, type LeafReader } from './proofs/eventTree.ts';
export { eventLeaf, positionLeaf, type BooksPosition } from './proofs/leaves.ts';
export { WhatIf, type AccountDifference, type ChangedTransfer } from './whatIf.ts';
