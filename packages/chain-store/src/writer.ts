import { encodeRecord } from '@anarq/chain-archive';
import type { Certificate } from '@anarq/dag';
import type { Probe } from './files.ts';
import type { WholeCheckpoint } from './openCheckpoint.ts';
import type { ArchiveSettings } from './settings.ts';
import { WarmSegment } from './warmSegment.ts';
import { witnessBytes } from './witnessFile.ts';

interface WriterOrder {
  readonly folder: string;
  readonly chainId: Uint8Array;
  readonly settings: ArchiveSettings;
  readonly probe: Probe;
  /** Told of each segment that is begun. */
  readonly onNew: (segment: WarmSegment) => void;
}

const CHUNK_BYTES = 1 << 20;
/** A certificate that comes so many checkpoints late was lost in a crash, or on the way. */
const LOST_BEHIND = 64;

/** Writes what is new to the last segment, and begins another one where that is full. */
export class ArchiveWriter {
  readonly #order: WriterOrder;
  #active: WarmSegment;

  constructor(order: WriterOrder, active: WarmSegment) {
    this.#order = order;
    this.#active = active;
  }

  get active(): WarmSegment {
    return this.#active;
  }

  /** Safe when it answers. @param certifiedSeq the last checkpoint that has a certificate */
  async checkpoint({ record, entries }: WholeCheckpoint, certifiedSeq: number): Promise<void> {
    await this.#roll(certifiedSeq);
    let at = this.#active.witnesses.end;
    const witnesses: Buffer[] = [];
    const records: Uint8Array[] = [];
    for (const { commit, entry, signature } of entries) {
      records.push(encodeRecord({ kind: 'entry', commit, witnessAt: at, entry }));
      const witness = witnessBytes(signature);
      witnesses.push(witness);
      at += witness.length;
    }
    records.push(encodeRecord(record));
    await this.#active.append(chunked(records), Buffer.concat(witnesses), this.#order.probe);
  }

  /** @returns whether it is kept: its checkpoint waited for it, and it says what it must */
  async certificate(certificate: Certificate, nextKeys: readonly Uint8Array[]): Promise<boolean> {
    const { seq, endsEpoch } = certificate.checkpoint;
    if (!this.#active.facts.uncertified.has(seq)) return false;
    // Without the keys that it names, the end of an epoch leads nowhere.
    if (endsEpoch && nextKeys.length === 0) return false;
    const record = encodeRecord({ kind: 'certificate', certificate, nextKeys });
    await this.#active.append([record], new Uint8Array(), this.#order.probe);
    return true;
  }

  /** Ends the segment that is written where it is full, and nothing of it waits for a certificate. */
  async #roll(certifiedSeq: number): Promise<void> {
    const { rawBytes, witnesses, facts, first } = this.#active;
    const { settings, folder, chainId, probe, onNew } = this.#order;
    if (rawBytes < settings.segmentBytes && witnesses.bytes < settings.witnessBytes) return;
    if ([...facts.uncertified.keys()].some((seq) => seq > certifiedSeq - LOST_BEHIND)) return;
    this.#active = await WarmSegment.create({ folder, number: first + 1, chainId }, probe);
    onNew(this.#active);
  }
}

/** Records in blocks of about a megabyte. */
function chunked(records: readonly Uint8Array[]): Buffer[] {
  const chunks: Buffer[] = [];
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  for (const record of records) {
    waiting.push(record);
    bytes += record.length;
    if (bytes < CHUNK_BYTES) continue;
    chunks.push(Buffer.concat(waiting));
    waiting = [];
    bytes = 0;
  }
  if (waiting.length > 0) chunks.push(Buffer.concat(waiting));
  return chunks;
}
