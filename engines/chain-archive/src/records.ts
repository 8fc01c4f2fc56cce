import {
  decodeCertificate,
  decodeReceipt,
  encodeCertificate,
  encodeReceipt,
  ENTRY_BYTES_MAX,
  Malformed,
  Reader,
  VALIDATORS_MAX,
  Writer,
  type Certificate,
  type Checkpoint,
  type Receipt,
} from '@anarq/dag';

/** An entry of a commit without its signature, which lies elsewhere and goes sooner. */
export interface EntryRecord {
  readonly kind: 'entry';
  readonly commit: number;
  /** Where its signature begins in the file of witnesses of its segment. */
  readonly witnessAt: number;
  /** As `encodeEntry` makes it, with a signature of no bytes. */
  readonly entry: Uint8Array;
}

/** A commit that has receipts. */
export interface StoredCommit {
  readonly number: number;
  readonly time_ms: number;
  readonly round: number;
  readonly receipts: readonly Receipt[];
}

/** What a checkpoint covers: all receipts since the one before, in order. Its entries come before it. */
export interface CheckpointRecord {
  readonly kind: 'checkpoint';
  readonly checkpoint: Checkpoint;
  /** Number of the first commit that it covers. */
  readonly firstCommit: number;
  /** Those of its commits that have receipts. */
  readonly commits: readonly StoredCommit[];
}

/** A quorum's signatures over a checkpoint that was recorded before. */
export interface CertificateRecord {
  readonly kind: 'certificate';
  readonly certificate: Certificate;
  /** Keys of the next epoch's validators where the checkpoint ends its epoch; else none. */
  readonly nextKeys: readonly Uint8Array[];
}

/** What a segment is a list of. */
export type StoredRecord = EntryRecord | CheckpointRecord | CertificateRecord;

const KINDS = ['entry', 'checkpoint', 'certificate'] as const;
const CERTIFICATE_BYTES_MAX = 1 << 19;
const PUBLIC_KEY_BYTES_MAX = 2_592;
const RECEIPT_BYTES = 81;
/** Receipts of one checkpoint: a commit reaches back 50 rounds, and blocks bring 512 entries of 256 each. */
const RECEIPTS_MAX = 1 << 19;
const COMMITS_MAX = 1 << 16;
const RECORD_BYTES_MAX = 1 << 26;

/** One record behind its kind and length, as it stands in a segment. */
export function encodeRecord(record: StoredRecord): Uint8Array {
  return new Writer().u8(KINDS.indexOf(record.kind)).bytes(bodyOf(record)).done();
}

function bodyOf(record: StoredRecord): Uint8Array {
  switch (record.kind) {
    case 'entry':
      return new Writer()
        .u64(BigInt(record.commit))
        .u64(BigInt(record.witnessAt))
        .bytes(record.entry)
        .done();
    case 'checkpoint': {
      const { checkpoint, firstCommit, commits } = record;
      const writer = new Writer()
        .bytes(encodeCertificate({ checkpoint, signatures: [] }))
        .u64(BigInt(firstCommit))
        .u32(commits.length);
      for (const { number, time_ms, round, receipts } of commits) {
        writer.u64(BigInt(number)).time_ms(time_ms).u32(round).u32(receipts.length);
        for (const receipt of receipts) writer.raw(encodeReceipt(receipt));
      }
      return writer.done();
    }
    case 'certificate': {
      const writer = new Writer()
        .bytes(encodeCertificate(record.certificate))
        .u32(record.nextKeys.length);
      for (const key of record.nextKeys) writer.bytes(key);
      return writer.done();
    }
  }
}

/** The record that begins at a place of a block. @throws Malformed */
export function decodeRecord(block: Uint8Array, offset = 0): StoredRecord {
  const reader = new Reader(block.subarray(offset));
  const kind = KINDS[reader.u8()];
  return readBody(kind, reader.bytes(RECORD_BYTES_MAX));
}

/** All records of a block, with the places at which they begin. @throws Malformed */
export function* readRecords(
  block: Uint8Array,
): Generator<{ readonly offset: number; readonly record: StoredRecord }> {
  let offset = 0;
  while (offset < block.length) {
    const reader = new Reader(block.subarray(offset));
    const kind = KINDS[reader.u8()];
    const body = reader.bytes(RECORD_BYTES_MAX);
    yield { offset, record: readBody(kind, body) };
    offset += 1 + 4 + body.length;
  }
}

function readBody(kind: (typeof KINDS)[number] | undefined, body: Uint8Array): StoredRecord {
  const reader = new Reader(body);
  const record = readerOf(kind)(reader);
  reader.end();
  return record;
}

function readerOf(kind: (typeof KINDS)[number] | undefined): (reader: Reader) => StoredRecord {
  switch (kind) {
    case 'entry':
      return (reader) => ({
        kind,
        commit: numberIn(reader),
        witnessAt: numberIn(reader),
        entry: reader.bytes(ENTRY_BYTES_MAX),
      });
    case 'checkpoint':
      return readCheckpoint;
    case 'certificate':
      return (reader) => ({
        kind,
        certificate: decodeCertificate(reader.bytes(CERTIFICATE_BYTES_MAX)),
        nextKeys: Array.from({ length: reader.count(VALIDATORS_MAX) }, () =>
          Uint8Array.from(reader.bytes(PUBLIC_KEY_BYTES_MAX)),
        ),
      });
    default:
      throw new Malformed('there is no such kind of record');
  }
}

function readCheckpoint(reader: Reader): CheckpointRecord {
  const { checkpoint } = decodeCertificate(reader.bytes(CERTIFICATE_BYTES_MAX));
  const firstCommit = numberIn(reader);
  const commits = Array.from({ length: reader.count(COMMITS_MAX) }, () => ({
    number: numberIn(reader),
    time_ms: reader.time_ms(),
    round: reader.u32(),
    receipts: Array.from({ length: reader.count(RECEIPTS_MAX) }, () =>
      decodeReceipt(reader.raw(RECEIPT_BYTES)),
    ),
  }));
  return { kind: 'checkpoint', checkpoint, firstCommit, commits };
}

function numberIn(reader: Reader): number {
  const value = reader.u64();
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new Malformed('a number is out of range');
  return Number(value);
}
