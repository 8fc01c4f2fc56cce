import { LedgerState, type LedgerOptions } from '../../state.ts';
import { withRightChecksum } from './bugs.ts';
import { checkMark } from './mark.ts';
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
  const snapshot = snapshotNames(disk)
    .map((name) => readSnapshot(disk, name))
    .find((found) => found !== undefined);
  const from =
    snapshot === undefined
      ? emptyBooks(options)
      : {
          state: LedgerState.restore(snapshot.books, options),
          position: snapshot.position,
        };
  const books = replay(from, source, LEDGER, bug);
  checkMark(disk, books.position.page);
  return { ...books, isFromSnapshot: snapshot !== undefined };
}
