import {
  readRecords,
  type CertificateRecord,
  type CheckpointRecord,
  type EntryRecord,
  type StoredRecord,
} from '@anarq/chain-archive';
import { inFile } from './frames.ts';
import { recordAt } from './recordAt.ts';
import type { Segment } from './segment.ts';

/**
 * All records of segments in the order in which they are packed: entries, their checkpoint, its certificate.
 * Checkpoints without receipts that end no epoch prove nothing that a later one does not, and are left out;
 * the commits that they cover count to the next one.
 */
export async function* recordsInOrder(segments: readonly Segment[]): AsyncGenerator<StoredRecord> {
  let dropped: CheckpointRecord | undefined;
  for (const [at, segment] of segments.entries())
    for await (const { entries, checkpoint, certificate } of checkpointsOf(segment)) {
      const { receipts, endsEpoch, seq, commits } = checkpoint.checkpoint;
      if (dropped !== undefined && dropped.checkpoint.commits + 1 !== checkpoint.firstCommit) {
        yield dropped;
        dropped = undefined;
      }
      const firstCommit = dropped?.firstCommit ?? checkpoint.firstCommit;
      const isLast = at === segments.length - 1 && seq === segment.facts.lastSeq;
      if (receipts === 0 && !endsEpoch && !isLast) {
        dropped = { ...checkpoint, firstCommit };
        continue;
      }
      dropped = undefined;
      yield* entries;
      yield { ...checkpoint, firstCommit: Math.min(firstCommit, commits) };
      if (certificate !== undefined) yield certificate;
    }
}

async function* checkpointsOf(segment: Segment): AsyncGenerator<{
  readonly entries: readonly EntryRecord[];
  readonly checkpoint: CheckpointRecord;
  readonly certificate: CertificateRecord | undefined;
}> {
  const index = await segment.index();
  let entries: EntryRecord[] = [];
  for (let number = 0; number < segment.blocks; number += 1) {
    const block = await segment.block(number);
    const records = inFile(segment.path, segment.offsetOf(number), () => [...readRecords(block)]);
    for (const { record } of records) {
      if (record.kind === 'entry') entries.push(record);
      if (record.kind !== 'checkpoint') continue;
      const place = index.checkpointOf(record.checkpoint.seq)?.certificate;
      const certificate =
        place === undefined ? undefined : await recordAt(segment, place, 'certificate');
      yield { entries, checkpoint: record, certificate };
      entries = [];
    }
  }
}
