/** @anarq/log: the node's transparency log over its store, and receipts that verify without it. */
export type { AuditResult } from './audit.ts';
export { LogError } from './errors.ts';
export type { LogErrorCode } from './errors.ts';
export { openLog } from './log.ts';
export type { Inclusion, Log, SignedTree } from './log.ts';
export type { LogOptions } from './logOptions.ts';
export { vkeysOf, type LogVkeys } from './logKeys.ts';
export { RETENTION_HOLDER } from './parties.ts';
export type { Receipt, ReceiptRecord } from './receiptFormat.ts';
export { RECEIPT_RECORDS_MAX } from './receiptFormat.ts';
export type { Recorder } from './recorder.ts';
export { BODY_BYTES_MAX } from './sealedRecord.ts';
export type { RecordBody } from './sealedRecord.ts';
export { SEARCH_LIMIT_MAX } from './search.ts';
export type { SearchPage, SearchQuery } from './search.ts';
export { auditStored, compareStored } from './stored.ts';
export { verifyReceipt } from './verifyReceipt.ts';
export type { OpenedRecord, ReceiptVerdict } from './receiptVerdict.ts';
