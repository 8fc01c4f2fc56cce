import { randomInt } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checkpoint } from '@anarq/dag';
import { syncFolder } from '@anarq/store/folder';
import { archiveName, coldName, remove, witnessName, type Probe } from './files.ts';
import { recordsInOrder } from './inOrder.ts';
import { PackedSegment, writePacked, type Part } from './packedSegment.ts';
import type { Segment } from './segment.ts';
import type { Segments } from './segments.ts';
import { LEVELS, type ArchiveSettings } from './settings.ts';
import { writeTrail } from './trail.ts';
import { WarmSegment } from './warmSegment.ts';

const COLD_BLOCK_BYTES = 256 << 10;
const ARCHIVE_BLOCK_BYTES = 1 << 20;

export interface MovesOrder {
  readonly folder: string;
  readonly chainId: Uint8Array;
  readonly settings: ArchiveSettings;
  readonly probe: Probe;
}

/**
 * Moves segments down the layers. Each move writes the new file, syncs it, gives it its name, syncs that, and only
 * then deletes what it replaces: a crash between any two of these leaves both or one, and a start keeps one.
 */
export class Moves {
  readonly #order: MovesOrder;
  readonly #segments: Segments;
  /** Numbers of the files of witnesses that are there. */
  readonly #witnesses: Set<number>;

  constructor(order: MovesOrder, segments: Segments, witnesses: readonly number[]) {
    this.#order = order;
    this.#segments = segments;
    this.#witnesses = new Set(witnesses);
  }

  addWitness(number: number): void {
    this.#witnesses.add(number);
  }

  /** How many files of witnesses there are. */
  get witnesses(): number {
    return this.#witnesses.size;
  }

  hasWitness(number: number): boolean {
    return this.#witnesses.has(number);
  }

  /** @param active the segment that is written now @param latest the last checkpoint with a certificate */
  async run(active: Segment, latest: Checkpoint | undefined): Promise<void> {
    const { warmSegments, coldSegments } = this.#order.settings;
    const warm = this.#segments.all.filter((segment) => segment instanceof WarmSegment);
    for (const segment of warm.slice(0, -1 - warmSegments))
      if (segment !== active) await this.#toCold(segment);
    for (let run = this.#coldRun(); run.length >= coldSegments; run = this.#coldRun())
      await this.#toArchive(run.slice(0, coldSegments));
    if (latest !== undefined) await this.#prune(latest);
  }

  /** Writes all segments of which everything is certified, from the first on, to one file elsewhere. */
  async export(folder: string, name: string): Promise<number> {
    const all = this.#segments.all.filter(({ facts }) => !facts.isEmpty);
    const end = all.findIndex(({ isCertified }) => !isCertified);
    const segments = end === -1 ? all : all.slice(0, end);
    const parts = segments.map(({ first, facts: { firstSeq, lastSeq } }) => ({
      number: first,
      firstSeq,
      lastSeq,
    }));
    await this.#pack({ folder, name, segments, parts, layer: 'archive' });
    return segments.reduce((sum, { facts }) => sum + facts.transactions, 0);
  }

  /** The first row of cold segments of which all is certified. */
  #coldRun(): readonly PackedSegment[] {
    const run: PackedSegment[] = [];
    for (const segment of this.#segments.all) {
      if (segment instanceof PackedSegment && segment.layer === 'cold' && segment.isCertified)
        run.push(segment);
      else if (run.length >= this.#order.settings.coldSegments) break;
      else run.length = 0;
    }
    return run;
  }

  async #toCold(segment: WarmSegment): Promise<void> {
    const { folder, probe } = this.#order;
    const name = coldName(segment.first);
    const { firstSeq, lastSeq } = segment.facts;
    const parts = [{ number: segment.first, firstSeq, lastSeq }];
    await this.#pack({ folder, name, segments: [segment], parts, layer: 'cold' });
    const cold = await PackedSegment.open('cold', join(folder, name), this.#order.chainId);
    await this.#segments.replace([segment], cold);
    await remove(folder, [nameOf(segment)], probe);
  }

  async #toArchive(run: readonly PackedSegment[]): Promise<void> {
    const { folder, probe } = this.#order;
    const name = archiveName(run[0]?.first ?? 0, run.at(-1)?.last ?? 0);
    const parts = run.flatMap((segment) => segment.parts);
    await this.#pack({ folder, name, segments: run, parts, layer: 'archive' });
    const archive = await PackedSegment.open('archive', join(folder, name), this.#order.chainId);
    await this.#segments.replace(run, archive);
    await remove(folder, run.map(nameOf), probe);
  }

  #pack(of: {
    readonly folder: string;
    readonly name: string;
    readonly segments: readonly Segment[];
    readonly parts: readonly Part[];
    readonly layer: 'cold' | 'archive';
  }): Promise<void> {
    const { folder, name, segments, parts, layer } = of;
    const { chainId, settings, probe } = this.#order;
    return writePacked({
      folder,
      name,
      chainId,
      level: LEVELS[layer],
      blockBytes: layer === 'cold' ? COLD_BLOCK_BYTES : ARCHIVE_BLOCK_BYTES,
      parts,
      records: recordsInOrder(segments),
      bloomBitsPerKey: settings.bloomBitsPerKey,
      bloomSeed: randomInt(2 ** 32),
      probe,
    });
  }

  /** Deletes what the settings let go; never what has no certificate, and never of the last checkpoints. */
  async #prune(latest: Checkpoint): Promise<void> {
    const { settings, folder, probe } = this.#order;
    const isOver = (segment: Segment, retention_ms: number): boolean =>
      segment.isCertified &&
      segment.facts.lastSeq <= latest.seq - settings.keepCheckpoints &&
      segment.facts.last_ms + retention_ms <= latest.time_ms;
    for (const segment of this.#segments.all)
      if (segment instanceof PackedSegment && isOver(segment, settings.witnessRetention_ms))
        await this.#dropWitnesses(segment.parts);
    const { transactionRetention_ms } = settings;
    if (transactionRetention_ms === undefined) return;
    for (const segment of this.#segments.all) {
      if (!(segment instanceof PackedSegment) || !isOver(segment, transactionRetention_ms)) break;
      await this.#dropWitnesses(segment.parts);
      await this.#keepEnds(segment);
      await this.#segments.replace([segment], undefined);
      await remove(folder, [nameOf(segment)], probe);
    }
  }

  /** The ends of its epochs stay: without them nothing later could be proved. */
  async #keepEnds(segment: Segment): Promise<void> {
    if (segment.facts.epochEnds === 0) return;
    const ends = await this.#segments.epochEnds(segment.facts.lastEpoch + 1);
    await writeTrail(this.#order.folder, this.#order.chainId, ends, this.#order.probe);
    this.#segments.trail = ends;
  }

  async #dropWitnesses(parts: readonly Part[]): Promise<void> {
    const there = parts.filter(({ number }) => this.#witnesses.has(number));
    if (there.length === 0) return;
    const { folder, probe } = this.#order;
    for (const { number } of there) {
      probe(`${witnessName(number)}: before it is pruned`);
      await rm(join(folder, witnessName(number)), { force: true });
      this.#witnesses.delete(number);
    }
    await syncFolder(folder);
  }
}

const nameOf = ({ path }: Segment): string => path.slice(path.lastIndexOf('/') + 1);
