import { LedgerState, type LedgerOptions } from '../../state.ts';
import { withRightChecksum } from './bugs.ts';
import { emptyBooks, replay, type BooksAt } from './recovery.ts';
import type { SimulatedSegments } from './segments.ts';
import { readSnapshot, snapshotNames } from './snapshots.ts';
import { BATCH_MAX } from './workload.ts';
import { LEDGER, type SimulatedWriterOptions } from './writing.ts';

/**
 * Makes the books from the newest snapshot that is whole and the log after it.
 * @throws LogDamaged
 */
export function openBooks(
  { disk, sealEvents, bug }: Pick<SimulatedWriterOptions, 'disk' | 'sealEvents' | 'bug'>,
  segments: SimulatedSegments,
  ports: Required<Pick<LedgerOptions, 'pages' | 'runs'>>,
): BooksAt & { readonly isFromSnapshot: boolean } {
  const options = { ...ports, sealEvents, batchEventsMax: BATCH_MAX };
  const source = {
    end: segments.end,
    read: (page: number) => {
      const found = segments.read(page);
      return bug === 'ignoresChecksums' && found !== undefined ? withRightChecksum(found) : found;
    },
  };
  for (const name of snapshotNames(disk)) {
    const snapshot = readSnapshot(disk, name);
    if (snapshot === undefined) continue;
    const { position, books } = snapshot;
    const state = LedgerState.restore(books, options);
    return { ...replay({ state, position }, source, LEDGER, bug), isFromSnapshot: true };
  }
  return { ...replay(emptyBooks(options), source, LEDGER, bug), isFromSnapshot: false };
}
