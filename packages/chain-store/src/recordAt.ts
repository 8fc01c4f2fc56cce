import { decodeRecord, type StoredRecord } from '@anarq/chain-archive';
import { SegmentDamaged } from './damage.ts';
import { inFile } from './frames.ts';
import type { Segment } from './segment.ts';

/** The record at a place of a segment. @throws SegmentDamaged where there is none of this kind */
export async function recordAt<K extends StoredRecord['kind']>(
  segment: Segment,
  place: { readonly block: number; readonly offset: number },
  kind: K,
  read: (number: number) => Promise<Uint8Array> = (number) => segment.block(number),
): Promise<StoredRecord & { readonly kind: K }> {
  const block = await read(place.block);
  const at = segment.offsetOf(place.block);
  const record = inFile(segment.path, at, () => decodeRecord(block, place.offset));
  if (!isOf(record, kind))
    throw new SegmentDamaged(segment.path, at, `a ${record.kind} stands where a ${kind} should`);
  return record;
}

const isOf = <K extends StoredRecord['kind']>(
  record: StoredRecord,
  kind: K,
): record is StoredRecord & { readonly kind: K } => record.kind === kind;
