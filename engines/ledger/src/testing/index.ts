export { collidingIds } from './collidingIds.ts';
export { LedgerModel } from './model.ts';
export type { ModelAccount, ModelTransfer } from './modelState.ts';
export {
  accountOf,
  accountsBatch,
  plainAccount,
  plainTransfer,
  transferOf,
  transfersBatch,
} from './records.ts';
export * from './simulation/index.ts';
