import type { StoredRecord } from '@anarq/chain-archive';
import { Malformed, type Checkpoint, type Reader, type Writer } from '@anarq/dag';

/** Commits that are missing: this node was away, and went on from a state that others certified. */
export interface Gap {
  readonly fromCommit: number;
  readonly toCommit: number;
}

const GAPS_MAX = 1_000;

/** What is known of a segment without reading it. */
export class SegmentFacts {
  firstSeq = 0;
  lastSeq = 0;
  firstCommit = 0;
  lastCommit = 0;
  lastEpoch = 0;
  /** Ends of epochs in it. */
  epochEnds = 0;
  last_ms = 0;
  transactions = 0;
  gaps: Gap[] = [];
  /** Checkpoints with receipts, or that end an epoch, of which there is no certificate yet. */
  readonly uncertified = new Map<number, Checkpoint>();

  get isEmpty(): boolean {
    return this.lastSeq === 0;
  }

  take(record: StoredRecord): void {
    if (record.kind === 'certificate') {
      this.uncertified.delete(record.certificate.checkpoint.seq);
      return;
    }
    if (record.kind === 'entry') return;
    const { checkpoint, firstCommit } = record;
    if (this.isEmpty) {
      this.firstSeq = checkpoint.seq;
      this.firstCommit = firstCommit;
    } else if (firstCommit > this.lastCommit + 1) this.#gap(this.lastCommit + 1, firstCommit - 1);
    this.lastSeq = checkpoint.seq;
    this.lastCommit = checkpoint.commits;
    this.lastEpoch = checkpoint.epoch;
    this.last_ms = checkpoint.time_ms;
    this.transactions += checkpoint.receipts;
    if (checkpoint.endsEpoch) this.epochEnds += 1;
    if (checkpoint.receipts > 0 || checkpoint.endsEpoch)
      this.uncertified.set(checkpoint.seq, checkpoint);
  }

  #gap(fromCommit: number, toCommit: number): void {
    if (this.gaps.length < GAPS_MAX) this.gaps.push({ fromCommit, toCommit });
  }

  write(writer: Writer): void {
    writer
      .u32(this.firstSeq)
      .u32(this.lastSeq)
      .u64(BigInt(this.firstCommit))
      .u64(BigInt(this.lastCommit))
      .u32(this.lastEpoch)
      .u32(this.epochEnds)
      .time_ms(this.last_ms)
      .u64(BigInt(this.transactions))
      .u32(this.gaps.length);
    for (const { fromCommit, toCommit } of this.gaps)
      writer.u64(BigInt(fromCommit)).u64(BigInt(toCommit));
    writer.u8(this.uncertified.size === 0 ? 0 : 1);
  }

  /** @returns the facts, and whether a certificate was missing */
  static read(reader: Reader): { readonly facts: SegmentFacts; readonly isCertified: boolean } {
    const facts = new SegmentFacts();
    facts.firstSeq = reader.u32();
    facts.lastSeq = reader.u32();
    facts.firstCommit = Number(reader.u64());
    facts.lastCommit = Number(reader.u64());
    facts.lastEpoch = reader.u32();
    facts.epochEnds = reader.u32();
    facts.last_ms = reader.time_ms();
    facts.transactions = Number(reader.u64());
    facts.gaps = Array.from({ length: reader.count(GAPS_MAX) }, () => ({
      fromCommit: Number(reader.u64()),
      toCommit: Number(reader.u64()),
    }));
    const isCertified = reader.u8() === 0;
    if (facts.lastSeq < facts.firstSeq) throw new Malformed('a segment ends before it begins');
    return { facts, isCertified };
  }
}
