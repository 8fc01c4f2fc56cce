import { fail } from '@anarq/common-schemas';
import type { Static } from '@anarq/common-schemas';
import { canonicalJson, sha256Hex, utf8 } from '@anarq/crypto';
import type { HistoryEntry, IndexEntry } from './contract.ts';
import type { RecordRow, VersionRow, Visibility } from './store.ts';

/** Type of the records that hold pointers; `put` leaves them to `setPointer`. */
export const POINTER_TYPE = 'qindex/pointer';

/** The id of the record of an owner, type and key: known without asking, and never another's. */
export const recordIdOf = (owner: string, type: string, key: string): string =>
  `rec_${sha256Hex(utf8(canonicalJson([owner, type, key]))).slice(0, 32)}`;

/**
 * Compare-and-set. A removed record still has its version, and also counts as none (0).
 * @throws VERSION_CONFLICT with the version that it has
 */
export function expect(row: RecordRow | undefined, expected: number | undefined): void {
  if (expected === undefined) return;
  const current = row === undefined || row.removed_ms !== null ? 0 : row.version;
  if (expected === current || expected === row?.version) return;
  fail(
    'VERSION_CONFLICT',
    current === 0
      ? `There is no such record, so it is not at version ${expected}.`
      : `The record is at version ${current}, not ${expected}.`,
    { expected, current },
  );
}

export const entryOf = (row: RecordRow): Static<typeof IndexEntry> => ({
  recordId: row.id,
  owner: row.owner,
  visibility: row.visibility as Visibility,
  record: {
    type: row.type,
    key: row.key,
    cid: row.cid,
    version: row.version,
    ...(row.prev_cid === null ? {} : { prevCid: row.prev_cid }),
    tags: row.tags,
    createdAt: new Date(row.updated_ms).toISOString(),
  },
});

export const historyEntryOf = (row: VersionRow): Static<typeof HistoryEntry> => ({
  change: row.change === 'REMOVED' ? 'REMOVED' : 'PUT',
  record: {
    type: row.type,
    key: row.key,
    cid: row.cid,
    version: row.number,
    ...(row.prev_cid === null ? {} : { prevCid: row.prev_cid }),
    tags: row.tags,
    createdAt: new Date(row.created_ms).toISOString(),
  },
});
