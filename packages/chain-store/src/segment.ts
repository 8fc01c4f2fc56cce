import type { SegmentIndex } from '@anarq/chain-archive';
import type { SegmentFacts } from './facts.ts';

export type Layer = 'hot' | 'warm' | 'cold' | 'archive';

/** A part of a chain's history on disk, in whatever layer. */
export interface Segment {
  readonly layer: Layer;
  /** Numbers of the first and the last segment that it was made of. */
  readonly first: number;
  readonly last: number;
  readonly path: string;
  readonly facts: SegmentFacts;
  /** Whether every checkpoint of it that matters has its certificate. */
  readonly isCertified: boolean;
  readonly bytes: number;
  /** False: a transaction of this id, or of this account, is certainly not in it. */
  mayHave(key: string): boolean;
  index(): Promise<SegmentIndex>;
  /** One block, unpacked. @throws SegmentDamaged */
  block(number: number): Promise<Uint8Array>;
  /** The number of the segment whose file of witnesses has those of a checkpoint. */
  partOf(seq: number): number;
  readonly blocks: number;
  /** Where a block begins in the file: for who finds that what is in it does not read. */
  offsetOf(block: number): number;
  close(): Promise<void>;
}
