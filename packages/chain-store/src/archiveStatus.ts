import type { Gap } from './facts.ts';
import type { Layer } from './segment.ts';
import type { Segments } from './segments.ts';

interface LayerStatus {
  readonly segments: number;
  readonly transactions: number;
  readonly bytes: number;
}

/** What lies where. */
export interface ArchiveStatus {
  readonly layers: Readonly<
    Record<
      Layer,
      { readonly segments: number; readonly transactions: number; readonly bytes: number }
    >
  >;
  readonly witnessFiles: number;
  readonly lastCommit: number;
  readonly lastSeq: number;
  readonly certifiedSeq: number;
  /** Commits that this node does not have, at most 1,000 rows. */
  readonly gaps: readonly Gap[];
  /** Segments that were asked for a key, and those that a filter spared. */
  readonly asked: number;
  readonly spared: number;
}

const GAPS_MAX = 1_000;

export function archiveStatus(
  segments: Segments,
  known: {
    readonly hotTransactions: number;
    readonly witnessFiles: number;
    readonly certifiedSeq: number;
  },
): ArchiveStatus {
  const gaps: Gap[] = [];
  let next: number | undefined;
  for (const { facts } of segments.all) {
    if (facts.isEmpty) continue;
    if (next !== undefined && facts.firstCommit > next)
      gaps.push({ fromCommit: next, toCommit: facts.firstCommit - 1 });
    gaps.push(...facts.gaps);
    next = facts.lastCommit + 1;
  }
  const sumOf = (layer: Layer): LayerStatus => {
    const all = segments.all.filter((segment) => segment.layer === layer);
    return {
      segments: all.length,
      transactions: all.reduce((sum, { facts }) => sum + facts.transactions, 0),
      bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  };
  const last = segments.all.findLast(({ facts }) => !facts.isEmpty)?.facts;
  return {
    layers: {
      hot: { segments: 0, transactions: known.hotTransactions, bytes: 0 },
      warm: sumOf('warm'),
      cold: sumOf('cold'),
      archive: sumOf('archive'),
    },
    witnessFiles: known.witnessFiles,
    lastCommit: last?.lastCommit ?? 0,
    lastSeq: last?.lastSeq ?? 0,
    certifiedSeq: known.certifiedSeq,
    gaps: gaps.slice(-GAPS_MAX),
    asked: segments.asked,
    spared: segments.spared,
  };
}
