import {
  isLasting,
  type CertificateRecord,
  type CheckpointPlace,
  type CheckpointRecord,
  type SegmentIndex,
} from '@anarq/chain-archive';
import { decodeEntry, type Certificate, type EpochEnd, type Transaction } from '@anarq/dag';
import { Kept } from './caches.ts';
import { SegmentDamaged } from './damage.ts';
import { inFile } from './frames.ts';
import type { ArchivedTransaction, Position } from './openCheckpoint.ts';
import { recordAt } from './recordAt.ts';
import type { Segment } from './segment.ts';

const BLOCKS_BYTES_MAX = 32 << 20;
const INDEX_ROWS_MAX = 1 << 19;
const CHECKPOINTS_MAX = 32;

/** A checkpoint where it lies. */
interface FoundCheckpoint {
  readonly segment: Segment;
  readonly place: CheckpointPlace;
}

/** The segments of a chain on disk, the oldest first, and what reads them. */
export class Segments {
  readonly #chainId: Uint8Array;
  #all: readonly Segment[] = [];
  readonly #blocks = new Kept<Uint8Array>(BLOCKS_BYTES_MAX, ({ length }) => length);
  readonly #indexes = new Kept<SegmentIndex>(INDEX_ROWS_MAX, ({ rows }) => rows + 1);
  readonly #checkpoints = new Kept<CheckpointRecord>(CHECKPOINTS_MAX, () => 1);
  #reading = 0;
  #retired: Segment[] = [];
  /** Ends of epochs whose segments are pruned. */
  #trail: readonly EpochEnd[] = [];
  /** How often a segment was asked although its filter, where it has one, did not say no. */
  asked = 0;
  /** How often a filter said no. */
  spared = 0;

  constructor(chainId: Uint8Array) {
    this.#chainId = chainId;
  }

  get all(): readonly Segment[] {
    return this.#all;
  }

  get trail(): readonly EpochEnd[] {
    return this.#trail;
  }

  set trail(ends: readonly EpochEnd[]) {
    this.#trail = ends;
  }

  add(segment: Segment): void {
    this.#all = [...this.#all, segment];
  }

  /** Puts one segment in the place of others, which are closed when nobody reads them any more. */
  async replace(old: readonly Segment[], by: Segment | undefined): Promise<void> {
    const at = this.#all.findIndex((segment) => old.includes(segment));
    const left = this.#all.filter((segment) => !old.includes(segment));
    this.#all = by === undefined ? left : left.toSpliced(at, 0, by);
    this.#retired.push(...old);
    await this.#closeRetired();
  }

  async close(): Promise<void> {
    await this.#closeRetired();
    for (const segment of this.#all) await segment.close();
  }

  /** What became of a transaction; of several receipts, the one of the time when it used its nonce. */
  transaction(id: string): Promise<ArchivedTransaction | undefined> {
    return this.#read(async () => {
      let found: ArchivedTransaction | undefined;
      for (const segment of this.#all.toReversed()) {
        if (!this.#mayHave(segment, id)) continue;
        const index = await this.#indexOf(segment);
        const rows = await Promise.all(
          index.rowsOfId(id).map((row) => this.#row(segment, index, row)),
        );
        const own = rows.filter((each) => each.id === id);
        const lasting = own.find(({ receipt }) => isLasting(receipt));
        if (lasting !== undefined) return lasting;
        found = own[0] ?? found;
      }
      return found;
    });
  }

  /**
   * Transactions before a place in the order, the latest first.
   * @param account only those that it made, or that paid it
   */
  page(order: {
    readonly account: string | undefined;
    readonly before: Position | undefined;
    readonly limit: number;
  }): Promise<readonly ArchivedTransaction[]> {
    const { account, before, limit } = order;
    return this.#read(async () => {
      const found: ArchivedTransaction[] = [];
      for (const segment of this.#all.toReversed()) {
        if (found.length >= limit) break;
        if (before !== undefined && segment.facts.firstCommit > before.commit) continue;
        if (account !== undefined && !this.#mayHave(segment, account)) continue;
        const index = await this.#indexOf(segment);
        for (const row of rowsBefore(index, account, before)) {
          if (found.length >= limit) break;
          const each = await this.#row(segment, index, row);
          if (before === undefined || isBefore(each.position, before)) found.push(each);
        }
      }
      return found;
    });
  }

  /** Transactions behind a place in the order, the earliest first. */
  since(after: Position, limit: number): Promise<readonly ArchivedTransaction[]> {
    return this.#read(async () => {
      const found: ArchivedTransaction[] = [];
      for (const segment of this.#all) {
        if (found.length >= limit) break;
        if (segment.facts.lastCommit < after.commit) continue;
        const index = await this.#indexOf(segment);
        for (const place of index.checkpoints) {
          if (place.lastCommit < after.commit) continue;
          for (let row = place.firstRow; row < place.firstRow + place.rows; row += 1) {
            if (found.length >= limit) break;
            const each = await this.#row(segment, index, row);
            if (isBefore(after, each.position)) found.push(each);
          }
        }
      }
      return found;
    });
  }

  /** A checkpoint and, where there is one, its certificate. */
  checkpoint(seq: number): Promise<
    | {
        readonly record: CheckpointRecord;
        readonly certificate: CertificateRecord | undefined;
      }
    | undefined
  > {
    return this.#read(async () => {
      const found = await this.#find(seq);
      if (found === undefined) return undefined;
      const { segment, place } = found;
      const record = await this.#checkpointAt(segment, place);
      return { record, certificate: await this.#certificateAt(segment, place) };
    });
  }

  /** The ends of all epochs before one, the oldest first. */
  epochEnds(before: number): Promise<readonly EpochEnd[]> {
    return this.#read(async () => {
      const ends = this.#trail.filter(({ certificate }) => epochOf(certificate) < before);
      const known =
        ends.length === 0 ? -1 : Math.max(...ends.map((end) => epochOf(end.certificate)));
      for (const segment of this.#all) {
        if (segment.facts.epochEnds === 0) continue;
        const { checkpoints } = await this.#indexOf(segment);
        for (const place of checkpoints.filter(({ endsEpoch }) => endsEpoch)) {
          const end = await this.#certificateAt(segment, place);
          if (end === undefined || epochOf(end.certificate) >= before) return ends;
          if (epochOf(end.certificate) <= known) continue;
          ends.push({ certificate: end.certificate, nextKeys: end.nextKeys });
        }
      }
      return ends;
    });
  }

  /** Where the signature of a transaction's entry lies: which segment's witnesses, and where in that file. */
  witnessOf(
    id: string,
    seq: number,
  ): Promise<
    | {
        readonly segment: number;
        readonly at: number;
        /** All transactions of the entry. */
        readonly transactions: readonly Transaction[];
      }
    | undefined
  > {
    return this.#read(async () => {
      const found = await this.#find(seq);
      if (found === undefined) return undefined;
      const { segment, place } = found;
      const index = await this.#indexOf(segment);
      for (const number of index.rowsOfId(id)) {
        const row = index.row(number);
        if (row === undefined || index.checkpoints[row.checkpoint] !== place) continue;
        const entry = await recordAt(segment, row, 'entry', (at) => this.#block(segment, at));
        const { transactions } = decodeEntry(this.#chainId, entry.entry);
        return { segment: segment.partOf(seq), at: entry.witnessAt, transactions };
      }
      return undefined;
    });
  }

  async #find(seq: number): Promise<FoundCheckpoint | undefined> {
    const segment = this.#all.find(({ facts }) => seq >= facts.firstSeq && seq <= facts.lastSeq);
    if (segment === undefined) return undefined;
    const place = (await this.#indexOf(segment)).checkpointOf(seq);
    return place === undefined ? undefined : { segment, place };
  }

  async #row(segment: Segment, index: SegmentIndex, number: number): Promise<ArchivedTransaction> {
    const row = index.row(number);
    const place = row === undefined ? undefined : index.checkpoints[row.checkpoint];
    if (row === undefined || place === undefined)
      throw new SegmentDamaged(segment.path, segment.bytes, `its index has no row ${number}`);
    const block = segment.offsetOf(row.block);
    const { entry } = await recordAt(segment, row, 'entry', (at) => this.#block(segment, at));
    const { ids, transactions } = inFile(segment.path, block, () =>
      decodeEntry(this.#chainId, entry),
    );
    const id = ids[row.transaction];
    const transaction = transactions[row.transaction];
    const { commits } = await this.#checkpointAt(segment, place);
    let left = row.receipt;
    for (const { number: commit, round, receipts } of commits) {
      const receipt = receipts[left];
      if (receipt === undefined) {
        left -= receipts.length;
        continue;
      }
      if (id === undefined || transaction === undefined || receipt.id !== id) break;
      const { layer } = segment;
      const position = { commit, index: left };
      return { id, transaction, receipt, position, round, seq: place.seq, layer };
    }
    throw new SegmentDamaged(segment.path, block, 'a receipt is not of the transaction it names');
  }

  #checkpointAt(segment: Segment, place: CheckpointPlace): Promise<CheckpointRecord> {
    return this.#checkpoints.get(`${segment.path} ${place.seq}`, () =>
      recordAt(segment, place, 'checkpoint', (at) => this.#block(segment, at)),
    );
  }

  async #certificateAt(
    segment: Segment,
    { certificate }: CheckpointPlace,
  ): Promise<CertificateRecord | undefined> {
    if (certificate === undefined) return undefined;
    return recordAt(segment, certificate, 'certificate', (at) => this.#block(segment, at));
  }

  #block(segment: Segment, number: number): Promise<Uint8Array> {
    return this.#blocks.get(`${segment.path} ${number}`, () => segment.block(number));
  }

  #indexOf(segment: Segment): Promise<SegmentIndex> {
    if (segment.layer === 'warm') return segment.index();
    return this.#indexes.get(segment.path, () => segment.index());
  }

  #mayHave(segment: Segment, key: string): boolean {
    const may = segment.mayHave(key);
    if (may) this.asked += 1;
    else this.spared += 1;
    return may;
  }

  async #read<T>(work: () => Promise<T>): Promise<T> {
    this.#reading += 1;
    try {
      return await work();
    } finally {
      this.#reading -= 1;
      await this.#closeRetired();
    }
  }

  async #closeRetired(): Promise<void> {
    if (this.#reading > 0) return;
    const retired = this.#retired;
    this.#retired = [];
    for (const segment of retired) await segment.close();
  }
}

const epochOf = ({ checkpoint }: Certificate): number => checkpoint.epoch;

export const isBefore = (a: Position, b: Position): boolean =>
  a.commit < b.commit || (a.commit === b.commit && a.index < b.index);

/** Rows of an index, the latest first; those of checkpoints that begin behind a place are left out unread. */
function* rowsBefore(
  index: SegmentIndex,
  account: string | undefined,
  before: Position | undefined,
): Generator<number> {
  const own = account === undefined ? undefined : index.rowsOfAccount(account);
  for (let at = (own?.length ?? index.rows) - 1; at >= 0; at -= 1) {
    const number = own === undefined ? at : own[at];
    const row = number === undefined ? undefined : index.row(number);
    if (number === undefined || row === undefined) continue;
    const previous = index.checkpoints[row.checkpoint - 1]?.lastCommit ?? 0;
    if (before === undefined || previous < before.commit) yield number;
  }
}
