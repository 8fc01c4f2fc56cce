import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isLasting } from '@anarq/chain-archive';
import {
  encodeEntry,
  encodeProof,
  endsNeeded,
  receiptProof,
  type Certificate,
  type Checkpoint,
  type EpochEnd,
  type ExecutedCommit,
} from '@anarq/dag';
import { archiveStatus, type ArchiveStatus } from './archiveStatus.ts';
import { archiveName, coldName, tidied, type Found, type Probe } from './files.ts';
import { HotHistory } from './hot.ts';
import { Moves } from './moves.ts';
import { OpenCheckpoint, type ArchivedTransaction, type Position } from './openCheckpoint.ts';
import { PackedSegment } from './packedSegment.ts';
import { Segments } from './segments.ts';
import { DEFAULT_ARCHIVE_SETTINGS, type ArchiveSettings } from './settings.ts';
import { readTrail } from './trail.ts';
import { WarmSegment } from './warmSegment.ts';
import { ArchiveWriter } from './writer.ts';
import { WitnessFile } from './witnessFile.ts';

export interface ArchiveOptions {
  readonly chainId: Uint8Array;
  /** The validators with which the chain began: what every proof leads from. */
  readonly validators: readonly Uint8Array[];
  readonly settings?: Partial<ArchiveSettings>;
  /** What went wrong beside any call: a write, or a move between layers. */
  readonly onError?: (error: unknown) => void;
  /** Called before each step of a move; what it throws stops there. */
  readonly probe?: Probe;
}

/** So much may wait to be written; with more, the disk is slower than the chain, and history gets a gap. */
const WAITING_BYTES_MAX = 256 << 20;
const LOST_MAX = 64;
/** Certificates that are kept in memory; votes for older checkpoints do not come any more either. */
const CERTIFICATES_KEPT = 600;

/** The history of a chain: executed commits with their receipts, in four layers. */
export class ChainArchive {
  readonly folder: string;
  readonly #chainId: Uint8Array;
  readonly #validators: readonly Uint8Array[];
  readonly #onError: (error: unknown) => void;
  readonly #segments: Segments;
  readonly #moves: Moves;
  readonly #open: OpenCheckpoint;
  readonly #writer: ArchiveWriter;
  #work: Promise<void> = Promise.resolve();
  #moving: Promise<void> = Promise.resolve();
  #isMoving = false;
  #failure: { readonly error: unknown } | undefined;
  #lastCommit: number;
  #waiting_bytes = 0;
  readonly #hot: HotHistory;
  readonly #certificates = new Map<number, Certificate>();
  readonly #nextKeys = new Map<number, readonly Uint8Array[]>();
  #latest: Checkpoint | undefined;

  private constructor(
    folder: string,
    options: ArchiveOptions,
    parts: {
      readonly segments: Segments;
      readonly moves: Moves;
      readonly writer: ArchiveWriter;
      readonly settings: ArchiveSettings;
    },
  ) {
    this.folder = folder;
    this.#chainId = options.chainId;
    this.#validators = options.validators;
    this.#hot = new HotHistory(parts.settings.hotTransactions);
    this.#onError = options.onError ?? (() => undefined);
    this.#segments = parts.segments;
    this.#moves = parts.moves;
    this.#writer = parts.writer;
    this.#open = new OpenCheckpoint(options.chainId);
    this.#lastCommit =
      parts.segments.all.findLast(({ facts }) => !facts.isEmpty)?.facts.lastCommit ?? 0;
  }

  /**
   * Opens the history in a folder, or begins one. One process at a time may have it open: whoever holds the
   * chain's own folder sees to that.
   * @throws SegmentDamaged
   */
  static async open(folder: string, options: ArchiveOptions): Promise<ChainArchive> {
    const { chainId, probe = () => undefined } = options;
    const settings = { ...DEFAULT_ARCHIVE_SETTINGS, ...options.settings };
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const found = await tidied(folder);
    const segments = new Segments(chainId);
    try {
      segments.trail = await readTrail(folder, chainId);
      await openAll(folder, chainId, found, segments);
      const last = segments.all.at(-1);
      const active =
        last instanceof WarmSegment
          ? last
          : await WarmSegment.create({ folder, number: (last?.last ?? 0) + 1, chainId }, probe);
      if (active !== last) segments.add(active);
      const witnesses = [...found.witnesses, active.first];
      const moves = new Moves({ folder, chainId, settings, probe }, segments, witnesses);
      const onNew = (segment: WarmSegment): void => {
        segments.add(segment);
        moves.addWitness(segment.first);
      };
      const writer = new ArchiveWriter({ folder, chainId, settings, probe, onNew }, active);
      const archive = new ChainArchive(folder, options, { segments, moves, writer, settings });
      archive.#latest = await archive.#lastCertified();
      return archive;
    } catch (error) {
      await segments.close();
      throw error;
    }
  }

  /** Checkpoints that are written and wait for their certificates. */
  get uncertified(): number {
    return this.#writer.active.facts.uncertified.size;
  }

  /** Checkpoints that are kept without their certificates, though a later one has its own; the oldest first. */
  lost(): readonly Checkpoint[] {
    const latest = this.#latest?.seq ?? 0;
    const open = [...this.#writer.active.facts.uncertified.values()];
    // The end of an epoch needs the keys that it names as well: the engine begins nowhere behind it without these.
    return open.filter(({ seq, endsEpoch }) => seq < latest && !endsEpoch).slice(0, LOST_MAX);
  }

  /** The last commit that is here, or waits to be written. */
  get lastCommit(): number {
    return this.#lastCommit;
  }

  /**
   * Takes a commit; those that are here already change nothing.
   * @returns of one that ends with a checkpoint: resolves when all up to there is safe, rejects where it is not.
   * Of those between there is nothing to wait for: a start begins at checkpoints.
   */
  keep(executed: ExecutedCommit): void | Promise<void> {
    const { checkpoint, after } = executed;
    if (checkpoint?.endsEpoch === true && after !== undefined)
      this.#nextKeys.set(checkpoint.seq, after.state.nextValidators);
    if (this.#failure !== undefined) return this.durable();
    // Of what comes again nothing is written; it is safe when what was written before is.
    if (executed.number <= this.#lastCommit) return this.#work;
    const made = this.#open.add(executed);
    this.#hot.forget(this.#open.firstCommit);
    for (const each of made) this.#hot.add(each);
    if (checkpoint === undefined) return;
    const whole = this.#open.close(checkpoint);
    this.#lastCommit = checkpoint.commits;
    if (this.#waiting_bytes + whole.bytes > WAITING_BYTES_MAX) {
      this.#onError(new Error(`the disk under ${this.folder} is slower than the chain`));
      return this.#hot.written(whole.transactions);
    }
    this.#waiting_bytes += whole.bytes;
    this.#then(async () => {
      await this.#writer.checkpoint(whole, this.#latest?.seq ?? 0);
      this.#hot.written(whole.transactions);
      this.#waiting_bytes -= whole.bytes;
    });
    return this.durable();
  }

  /** Takes a certificate whose signatures were checked. */
  certified(certificate: Certificate): void {
    const { checkpoint } = certificate;
    if (this.#failure !== undefined) return;
    this.#certificates.set(checkpoint.seq, certificate);
    for (const seq of this.#certificates.keys()) {
      if (this.#certificates.size <= CERTIFICATES_KEPT) break;
      this.#certificates.delete(seq);
    }
    if (checkpoint.seq > (this.#latest?.seq ?? 0)) this.#latest = checkpoint;
    this.#then(async () => {
      const nextKeys = this.#nextKeys.get(checkpoint.seq) ?? [];
      if (!(await this.#writer.certificate(certificate, nextKeys))) return;
      this.#nextKeys.delete(checkpoint.seq);
      this.#move();
    });
  }

  /** Resolves when all that was taken up to now is safe. @throws what kept it from that */
  async durable(): Promise<void> {
    await this.#work;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Resolves when nothing is moved between layers any more. */
  async settled(): Promise<void> {
    await this.#work;
    await this.#moving;
  }

  /** Whether a certificate covers a checkpoint, itself or one behind it. */
  isFinal(seq: number | undefined): boolean {
    return seq !== undefined && seq <= (this.#latest?.seq ?? 0);
  }

  /** What became of a transaction, from whatever layer. @throws SegmentDamaged */
  async transaction(id: string): Promise<ArchivedTransaction | undefined> {
    const hot = this.#hot.get(id);
    if (hot !== undefined && isLasting(hot.receipt)) return hot;
    return (await this.#segments.transaction(id)) ?? hot;
  }

  /**
   * Transactions, the latest first.
   * @param account only those that it made, or that paid it
   * @param before only those before this place in the order
   * @throws SegmentDamaged
   */
  async transactions(order: {
    readonly account?: string | undefined;
    readonly before?: Position | undefined;
    readonly limit: number;
  }): Promise<readonly ArchivedTransaction[]> {
    const { account, before, limit } = order;
    const unwritten = this.#hot.page(order);
    if (unwritten.length === limit) return unwritten;
    const behind = unwritten.at(-1)?.position ?? before;
    const left = limit - unwritten.length;
    return [...unwritten, ...(await this.#segments.page({ account, before: behind, limit: left }))];
  }

  /** Transactions behind a place in the order, the earliest first. @throws SegmentDamaged */
  async since(after: Position, limit: number): Promise<readonly ArchivedTransaction[]> {
    const written = await this.#segments.since(after, limit);
    const last = written.at(-1)?.position ?? after;
    return [...written, ...this.#hot.since(last)].slice(0, limit);
  }

  /**
   * A proof of a transaction's receipt that `checkProof` of @anarq/dag checks by the first validators alone;
   * undefined where there is none, or no certificate of the very checkpoint that covers it.
   * @param trail ends of epochs that were learnt from others; default: those that are here
   * @throws SegmentDamaged
   */
  async receiptProof(id: string, trail?: readonly EpochEnd[]): Promise<Uint8Array | undefined> {
    const found = await this.transaction(id);
    if (found?.seq === undefined) return undefined;
    const checkpoint = await this.#segments.checkpoint(found.seq);
    const certificate = checkpoint?.certificate?.certificate;
    if (checkpoint === undefined || certificate === undefined) return undefined;
    const receipts = checkpoint.record.commits.flatMap((commit) => commit.receipts);
    const index = receipts.findIndex(
      (receipt) => receipt.id === id && receipt.code === found.receipt.code,
    );
    const { epoch } = certificate.checkpoint;
    return encodeProof({
      trail: trail === undefined ? await this.epochEnds(epoch) : this.#needed(trail, epoch),
      certificate,
      subject: receiptProof(receipts, index),
    });
  }

  /** A certificate that is kept: of each checkpoint with receipts, and of the last ones. @throws SegmentDamaged */
  async certificate(seq: number): Promise<Certificate | undefined> {
    const kept = this.#certificates.get(seq);
    if (kept !== undefined) return kept;
    return (await this.#segments.checkpoint(seq))?.certificate?.certificate;
  }

  /** The ends of the epochs before one that a proof needs, as far as they are here. */
  async epochEnds(before: number): Promise<readonly EpochEnd[]> {
    return this.#needed(await this.#segments.epochEnds(before), before);
  }

  #needed(trail: readonly EpochEnd[], epoch: number): readonly EpochEnd[] {
    return endsNeeded(trail, this.#validators, epoch);
  }

  /**
   * The bytes of the entry that a transaction came in, with the signature of its account.
   * @returns undefined where there is none, or its signature was pruned
   * @throws SegmentDamaged
   */
  async signedEntry(id: string): Promise<Uint8Array | undefined> {
    const found = await this.#segments.transaction(id);
    if (found?.seq === undefined) return undefined;
    const witness = await this.#segments.witnessOf(id, found.seq);
    if (witness === undefined || !this.#moves.hasWitness(witness.segment)) return undefined;
    const { folder } = this;
    const file = await WitnessFile.open({
      folder,
      number: witness.segment,
      chainId: this.#chainId,
    });
    try {
      return encodeEntry(witness.transactions, await file.at(witness.at));
    } finally {
      await file.close();
    }
  }

  status(): ArchiveStatus {
    return archiveStatus(this.#segments, {
      hotTransactions: this.#hot.size,
      witnessFiles: this.#moves.witnesses,
      certifiedSeq: this.#latest?.seq ?? 0,
    });
  }

  /**
   * Writes all transactions that are on disk and certified to one file, which `checkArchiveFile` checks without
   * this node.
   * @returns how many there are
   */
  async exportTo(folder: string, name: string): Promise<number> {
    await this.settled();
    return this.#moves.export(folder, name);
  }

  /** Writes what waits, ends what is moved, and closes the files. */
  async close(): Promise<void> {
    await this.settled();
    await this.#segments.close();
  }

  /** One after another; what fails ends writing until the next start. */
  #then(work: () => Promise<void>): void {
    const before = this.#work;
    this.#work = (async () => {
      await before;
      if (this.#failure !== undefined) return;
      try {
        await work();
      } catch (error) {
        this.#failure = { error };
        this.#onError(error);
      }
    })();
  }

  /** Moves what is due, beside whatever is written. */
  #move(): void {
    if (this.#isMoving) return;
    this.#isMoving = true;
    this.#moving = this.#moves
      .run(this.#writer.active, this.#latest)
      .catch((error: unknown) => this.#onError(error))
      .finally(() => {
        this.#isMoving = false;
      });
  }

  /** The last checkpoint in the segments that has a certificate. */
  async #lastCertified(): Promise<Checkpoint | undefined> {
    for (const segment of this.#segments.all.toReversed()) {
      const { checkpoints } = await segment.index();
      const place = checkpoints.findLast(({ certificate }) => certificate !== undefined);
      if (place === undefined) continue;
      return (await this.#segments.checkpoint(place.seq))?.certificate?.certificate.checkpoint;
    }
    return undefined;
  }
}

async function openAll(
  folder: string,
  chainId: Uint8Array,
  found: Found,
  segments: Segments,
): Promise<void> {
  for (const { first, last } of found.archives)
    segments.add(
      await PackedSegment.open('archive', join(folder, archiveName(first, last)), chainId),
    );
  for (const number of found.cold)
    segments.add(await PackedSegment.open('cold', join(folder, coldName(number)), chainId));
  for (const number of found.warm)
    segments.add(await WarmSegment.open({ folder, number, chainId }, number === found.warm.at(-1)));
}
