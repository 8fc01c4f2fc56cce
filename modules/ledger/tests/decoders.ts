/** What the ledger reads of bytes from outside, for the fuzzer of the whole project. */
export { decodeBatch, encodeBatch, type BatchForOrder } from '../src/ordered/batchBytes.ts';
export * from '../src/socket/frames.ts';
