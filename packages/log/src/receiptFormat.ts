import { fromBase64url } from '@anarq/crypto';
import { HASH_BYTES, NOTE_LENGTH_MAX, PROOF_HASHES_MAX } from '@anarq/tlog';
import { LogError } from './errors.ts';
import { HANDOVERS_MAX, type Handover } from './handover.ts';
import type { LogVkeys } from './logKeys.ts';
import { cidBytes, isObject, SEALED_BYTES_MAX } from './sealedRecord.ts';

/** The most records that one receipt holds. */
export const RECEIPT_RECORDS_MAX = 256;

/** One record of a receipt: sealed and key are base64url, proof is base64 hashes from the leaf's side up. */
export interface ReceiptRecord {
  readonly cid: string;
  readonly sealed: string;
  /** Absent where the party the receipt is for may not open the record. */
  readonly key?: string;
  readonly leafIndex: number;
  readonly proof: readonly string[];
}

/** Records of one log, and the signed tree that they are in. */
export interface ReceiptBranch {
  readonly records: readonly ReceiptRecord[];
  /** The signed note (C2SP tlog-checkpoint) that all proofs lead to. */
  readonly checkpoint: string;
  readonly log: { readonly origin: string } & LogVkeys;
  /** How keys that were pinned earlier handed the log over to these; absent where none did. */
  readonly handovers?: readonly Handover[];
}

/** A receipt that anyone verifies offline: a record, its steps, and the signed trees that they are in. */
export interface Receipt extends ReceiptBranch {
  readonly type: 'q.receipt.v1';
  /** CID of the record it is about, the first of `records`. */
  readonly root: string;
  /** Steps that other processes of the node made, each in its own log; absent where there are none. */
  readonly others?: readonly ReceiptBranch[];
}

/** A branch of a receipt, decoded. */
export interface ParsedBranch {
  readonly branch: ReceiptBranch;
  readonly records: readonly ParsedRecord[];
}

/** A record of a receipt, decoded; nothing in it is verified yet. */
export interface ParsedRecord {
  readonly cid: string;
  readonly sealed: Uint8Array;
  readonly key?: Uint8Array;
  readonly leafIndex: number;
  readonly proof: readonly Uint8Array[];
}

const VKEY_LENGTH_MAX = 4096;
/** Logs of other processes of the node. */
const OTHERS_MAX = 16;
const BRANCH = ['records', 'checkpoint', 'log'];

/**
 * Reads a receipt strictly: exactly these fields, canonical encodings, limits on everything. One receipt has one
 * spelling, so that a changed byte is never a matter of taste. Throws LogError MALFORMED or LIMIT.
 */
export function parseReceipt(value: unknown): {
  readonly main: ParsedBranch;
  readonly others: readonly ParsedBranch[];
} {
  const receipt = fields(value, ['type', 'root', ...BRANCH], 'receipt', ['handovers', 'others']);
  if (receipt['type'] !== 'q.receipt.v1') malformed('type is not q.receipt.v1');
  const main = parseBranch(receipt);
  const [first] = main.records;
  if (first?.cid !== string(receipt['root'], 100, 'root'))
    malformed('the first record is not the root');
  if (first?.key === undefined) malformed('the root record has no key');
  const others = receipt['others'] === undefined ? [] : parseOthers(receipt['others']);
  const all = [main, ...others].flatMap(({ records }) => records);
  if (all.length > RECEIPT_RECORDS_MAX)
    throw new LogError('LIMIT', `a receipt has ${RECEIPT_RECORDS_MAX} records at most`);
  if (new Set(all.map(({ cid }) => cid)).size < all.length) malformed('a record is twice');
  return { main, others };
}

function parseOthers(value: unknown): ParsedBranch[] {
  if (!Array.isArray(value) || value.length === 0) return malformed('others is no list');
  if (value.length > OTHERS_MAX)
    throw new LogError('LIMIT', `a receipt has records of ${OTHERS_MAX} other logs at most`);
  return value.map((one: unknown) => parseBranch(fields(one, BRANCH, 'branch', ['handovers'])));
}

function parseBranch(value: Readonly<Record<string, unknown>>): ParsedBranch {
  const log = fields(value['log'], ['origin', 'ed25519', 'mldsa44'], 'log');
  const raw = value['records'];
  if (!Array.isArray(raw) || raw.length === 0) return malformed('there are no records');
  if (raw.length > RECEIPT_RECORDS_MAX) {
    throw new LogError('LIMIT', `a receipt has ${RECEIPT_RECORDS_MAX} records at most`);
  }
  const branch: ReceiptBranch = {
    records: raw,
    checkpoint: string(value['checkpoint'], NOTE_LENGTH_MAX, 'checkpoint'),
    log: {
      origin: string(log['origin'], 255, 'log.origin'),
      ed25519: string(log['ed25519'], VKEY_LENGTH_MAX, 'log.ed25519'),
      mldsa44: string(log['mldsa44'], VKEY_LENGTH_MAX, 'log.mldsa44'),
    },
    ...(value['handovers'] === undefined ? {} : { handovers: parseHandovers(value['handovers']) }),
  };
  return { branch, records: raw.map(parseRecord) };
}

function parseHandovers(value: unknown): Handover[] {
  if (!Array.isArray(value) || value.length === 0) return malformed('handovers is no list');
  if (value.length > HANDOVERS_MAX)
    throw new LogError('LIMIT', `a receipt has ${HANDOVERS_MAX} handovers at most`);
  return value.map((one: unknown): Handover => {
    const members = ['type', 'origin', 'size', 'rootHashHex', 'at', 'from', 'to', 'signatures'];
    const handover = fields(one, members, 'handover');
    if (handover['type'] !== 'q.log-handover.v1') malformed('a handover is of another type');
    const { size } = handover;
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
      return malformed('handover.size is no count');
    const signatures = fields(handover['signatures'], ['from', 'to'], 'handover.signatures');
    return {
      type: 'q.log-handover.v1',
      origin: string(handover['origin'], 255, 'handover.origin'),
      size,
      rootHashHex: string(handover['rootHashHex'], 2 * HASH_BYTES, 'handover.rootHashHex'),
      at: string(handover['at'], 64, 'handover.at'),
      from: pair(handover['from'], 'handover.from'),
      to: pair(handover['to'], 'handover.to'),
      signatures: {
        from: pair(signatures['from'], 'handover.signatures.from'),
        to: pair(signatures['to'], 'handover.signatures.to'),
      },
    };
  });
}

/** One text for each of the two algorithms of a log. */
function pair(value: unknown, name: string): { ed25519: string; mldsa44: string } {
  const both = fields(value, ['ed25519', 'mldsa44'], name);
  return {
    ed25519: string(both['ed25519'], VKEY_LENGTH_MAX, `${name}.ed25519`),
    mldsa44: string(both['mldsa44'], VKEY_LENGTH_MAX, `${name}.mldsa44`),
  };
}

function parseRecord(value: unknown): ParsedRecord {
  const record = fields(value, ['cid', 'sealed', 'leafIndex', 'proof'], 'record', ['key']);
  const cid = string(record['cid'], 100, 'cid');
  cidBytes(cid);
  const { leafIndex, proof } = record;
  if (typeof leafIndex !== 'number' || !Number.isSafeInteger(leafIndex) || leafIndex < 0) {
    return malformed('leafIndex is no index');
  }
  if (!Array.isArray(proof) || proof.length > PROOF_HASHES_MAX)
    return malformed('proof is no list');
  const parsed = {
    cid,
    sealed: base64url(record['sealed'], SEALED_BYTES_MAX, 'sealed'),
    leafIndex,
    proof: proof.map(hash),
  };
  if (record['key'] === undefined) return parsed;
  return { ...parsed, key: base64url(record['key'], HASH_BYTES, 'key') };
}

function hash(value: unknown): Uint8Array {
  const encoded = string(value, 44, 'a hash');
  const bytes = new Uint8Array(Buffer.from(encoded, 'base64'));
  if (bytes.length !== HASH_BYTES || bytes.toBase64() !== encoded)
    malformed('a hash is not base64');
  return bytes;
}

function base64url(value: unknown, bytes_max: number, name: string): Uint8Array {
  try {
    return fromBase64url(string(value, Math.ceil(bytes_max / 3) * 4, name));
  } catch {
    return malformed(`${name} is not base64url`);
  }
}

function fields(
  value: unknown,
  required: readonly string[],
  name: string,
  optional: readonly string[] = [],
): Record<string, unknown> {
  if (!isObject(value)) return malformed(`${name} is not an object`);
  const missing = required.find((field) => !Object.hasOwn(value, field));
  if (missing !== undefined) malformed(`${name} has no ${missing}`);
  const extra = Object.keys(value).find(
    (key) => !required.includes(key) && !optional.includes(key),
  );
  if (extra !== undefined) malformed(`${name} has a field that is not known`);
  return value;
}

function string(value: unknown, length_max: number, name: string): string {
  if (typeof value !== 'string' || value.length === 0) return malformed(`${name} is no text`);
  if (value.length > length_max) throw new LogError('LIMIT', `${name} is too long`);
  return value;
}

function malformed(message: string): never {
  throw new LogError('MALFORMED', `not a receipt: ${message}`);
}
