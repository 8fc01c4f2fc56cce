export { LedgerModel, type ModelAccount, type ModelTransfer } from './model.ts';
export { accountOf, accountsBatch, transferOf, transfersBatch } from './records.ts';
export * from './simulation/index.ts';
