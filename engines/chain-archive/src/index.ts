export { BloomFilter, bloomFalsePositives } from './bloomFilter.ts';
export { RecordChecker, type Checked, type CheckOrder } from './checkRecords.ts';
export {
  decodeRecord,
  encodeRecord,
  readRecords,
  type CertificateRecord,
  type CheckpointRecord,
  type EntryRecord,
  type StoredCommit,
  type StoredRecord,
} from './records.ts';
export { isLasting } from './lasting.ts';
export { SegmentIndex, type CheckpointPlace, type Row } from './segmentIndex.ts';
