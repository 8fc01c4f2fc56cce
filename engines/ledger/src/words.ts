/** Names and numbers of flags, results and limits, without the engine. */
export { AccountFlag, BATCH_EVENTS_MAX, TransferFlag } from './layout.ts';
export { ACCOUNT_RESULTS, accountResultOf, TRANSFER_RESULTS, transferResultOf } from './results.ts';
