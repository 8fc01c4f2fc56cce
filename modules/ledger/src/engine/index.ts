export { Checkpoints, type CheckpointOptions } from './checkpoints.ts';
export { readBalanceProof, readTransferProof } from '../proofs/wire.ts';
export type { BatchAnswer } from './group.ts';
export type { WriterOptions } from './options.ts';
export { LedgerRefusal } from './refusal.ts';
export { LedgerWriter } from './writer.ts';
