import {
  decodeEntry,
  hexOf,
  Malformed,
  Reader,
  Writer,
  bytesOfHex,
  type Transaction,
} from '@anarq/dag';
import { readRecords, type CheckpointRecord, type EntryRecord } from './records.ts';

/** Where one receipt and its transaction lie in a segment. */
export interface Row {
  /** Block and place in it at which the record of its entry begins. */
  readonly block: number;
  readonly offset: number;
  /** Which transaction of the entry. */
  readonly transaction: number;
  /** Which checkpoint of the segment, and which receipt of that. */
  readonly checkpoint: number;
  readonly receipt: number;
}

/** Where a checkpoint lies in a segment. */
export interface CheckpointPlace {
  readonly seq: number;
  /** Number of the last commit that it covers. */
  readonly lastCommit: number;
  readonly endsEpoch: boolean;
  readonly block: number;
  readonly offset: number;
  /** Number of its first row, and how many it has. */
  readonly firstRow: number;
  readonly rows: number;
  /** Where its certificate lies; undefined where there is none in the segment. */
  certificate: { readonly block: number; readonly offset: number } | undefined;
}

/** So much of an id finds it: two ids that begin alike are told apart where they lie. */
const PREFIX_DIGITS = 16;
const ROWS_MAX = 1 << 22;

/** What finds things in a segment: transactions by id and account, checkpoints by number. */
export class SegmentIndex {
  readonly #chainId: Uint8Array;
  readonly #rows: Row[] = [];
  readonly #checkpoints: CheckpointPlace[] = [];
  readonly #bySeq = new Map<number, CheckpointPlace>();
  readonly #byId = new Map<string, number[]>();
  readonly #byAccount = new Map<string, number[]>();
  /** Entries since the last checkpoint, by the ids of their transactions. */
  #open = new Map<string, Omit<Row, 'checkpoint' | 'receipt'> & { readonly of: Transaction }>();

  constructor(chainId: Uint8Array) {
    this.#chainId = chainId;
  }

  get rows(): number {
    return this.#rows.length;
  }

  get checkpoints(): readonly CheckpointPlace[] {
    return this.#checkpoints;
  }

  /** Prefixes of the ids, and the accounts: what a filter is made over. */
  get ids(): Iterable<string> {
    return this.#byId.keys();
  }

  get accounts(): Iterable<string> {
    return this.#byAccount.keys();
  }

  /** How many keys `ids` and `accounts` have. */
  get keys(): number {
    return this.#byId.size + this.#byAccount.size;
  }

  /** Takes what a block holds. @throws Malformed where receipts are of transactions that are not there */
  add(block: number, bytes: Uint8Array): void {
    for (const { offset, record } of readRecords(bytes))
      switch (record.kind) {
        case 'entry':
          this.#entry(record, block, offset);
          break;
        case 'checkpoint':
          this.#checkpoint(record, block, offset);
          break;
        case 'certificate': {
          const place = this.#bySeq.get(record.certificate.checkpoint.seq);
          if (place === undefined)
            throw new Malformed('a certificate stands before its checkpoint, or without it');
          place.certificate ??= { block, offset };
        }
      }
  }

  /** Forgets entries that no checkpoint followed: what came after them was cut off. */
  forgetOpen(): void {
    this.#open = new Map();
  }

  row(number: number): Row | undefined {
    return this.#rows[number];
  }

  /** Rows whose transactions may have an id, the earliest first. */
  rowsOfId(id: string): readonly number[] {
    return this.#byId.get(id.slice(0, PREFIX_DIGITS)) ?? [];
  }

  /** Rows of transactions that an account made, or that paid it, the earliest first. */
  rowsOfAccount(account: string): readonly number[] {
    return this.#byAccount.get(account) ?? [];
  }

  checkpointOf(seq: number): CheckpointPlace | undefined {
    return this.#bySeq.get(seq);
  }

  #entry({ entry }: EntryRecord, block: number, offset: number): void {
    const { transactions, ids } = decodeEntry(this.#chainId, entry);
    for (const [transaction, id] of ids.entries()) {
      const of = transactions[transaction];
      if (of !== undefined && !this.#open.has(id))
        this.#open.set(id, { block, offset, transaction, of });
    }
  }

  #checkpoint({ checkpoint, commits }: CheckpointRecord, block: number, offset: number): void {
    const firstRow = this.#rows.length;
    const number = this.#checkpoints.length;
    for (const { id } of commits.flatMap(({ receipts }) => receipts)) {
      const found = this.#open.get(id);
      if (found === undefined) throw new Malformed(`transaction ${id} has a receipt and no bytes`);
      const { of, ...place } = found;
      const row = this.#rows.length;
      this.#rows.push({ ...place, checkpoint: number, receipt: row - firstRow });
      noted(this.#byId, id.slice(0, PREFIX_DIGITS), row);
      for (const account of accountsOf(of)) noted(this.#byAccount, account, row);
    }
    this.#open = new Map();
    this.#note({
      seq: checkpoint.seq,
      lastCommit: checkpoint.commits,
      endsEpoch: checkpoint.endsEpoch,
      block,
      offset,
      firstRow,
      rows: this.#rows.length - firstRow,
      certificate: undefined,
    });
  }

  #note(place: CheckpointPlace): void {
    this.#checkpoints.push(place);
    this.#bySeq.set(place.seq, place);
  }

  encode(): Uint8Array {
    const writer = new Writer().u32(this.#checkpoints.length);
    for (const place of this.#checkpoints) {
      const { seq, lastCommit, endsEpoch, block, offset, firstRow, rows, certificate } = place;
      writer
        .u32(seq)
        .u64(BigInt(lastCommit))
        .u8(endsEpoch ? 1 : 0);
      writer.u32(block).u32(offset).u32(firstRow).u32(rows);
      writer.u8(certificate === undefined ? 0 : 1);
      if (certificate !== undefined) writer.u32(certificate.block).u32(certificate.offset);
    }
    writer.u32(this.#rows.length);
    for (const { block, offset, transaction, checkpoint, receipt } of this.#rows)
      writer.u32(block).u32(offset).u16(transaction).u32(checkpoint).u32(receipt);
    for (const map of [this.#byId, this.#byAccount]) {
      writer.u32(map.size);
      for (const [key, rows] of map) {
        writer.raw(bytesOfHex(key)).u32(rows.length);
        for (const row of rows) writer.u32(row);
      }
    }
    return writer.done();
  }

  /** What `encode` wrote. @throws Malformed */
  static decode(chainId: Uint8Array, bytes: Uint8Array): SegmentIndex {
    const reader = new Reader(bytes);
    const index = new SegmentIndex(chainId);
    for (let left = reader.count(ROWS_MAX); left > 0; left -= 1)
      index.#note({
        seq: reader.u32(),
        lastCommit: Number(reader.u64()),
        endsEpoch: reader.u8() === 1,
        block: reader.u32(),
        offset: reader.u32(),
        firstRow: reader.u32(),
        rows: reader.u32(),
        certificate: reader.u8() === 1 ? { block: reader.u32(), offset: reader.u32() } : undefined,
      });
    for (let left = reader.count(ROWS_MAX); left > 0; left -= 1)
      index.#rows.push({
        block: reader.u32(),
        offset: reader.u32(),
        transaction: reader.u16(),
        checkpoint: reader.u32(),
        receipt: reader.u32(),
      });
    readMap(reader, PREFIX_DIGITS / 2, index.#byId);
    readMap(reader, 32, index.#byAccount);
    reader.end();
    return index;
  }
}

function noted(map: Map<string, number[]>, key: string, row: number): void {
  const rows = map.get(key);
  if (rows === undefined) map.set(key, [row]);
  else rows.push(row);
}

function readMap(reader: Reader, keyBytes: number, into: Map<string, number[]>): void {
  for (let left = reader.count(ROWS_MAX); left > 0; left -= 1) {
    const key = hexOf(reader.raw(keyBytes));
    into.set(
      key,
      Array.from({ length: reader.count(ROWS_MAX) }, () => reader.u32()),
    );
  }
}

/** Whose list a transaction stands in: of who made it, and of whom it pays. Fees stand in nobody's. */
function accountsOf({ account, action }: Transaction): readonly string[] {
  const isPaid = action.kind === 'transfer' || action.kind === 'mint';
  return isPaid && action.to !== account ? [account, action.to] : [account];
}
