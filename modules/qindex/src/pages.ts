import { fail } from '@anarq/common-schemas';
import { fromBase64url, toBase64url, utf8 } from '@anarq/crypto';
import type { Row } from '@anarq/store';
import { records, type RecordRow } from './store.ts';

/** Where a page starts: after this record, and, in a search, after this rank. */
export interface Place {
  readonly id: string;
  readonly place?: number;
}

/** @throws INPUT_INVALID when the cursor is not one of ours */
export function startAfter(cursor: string): Place {
  try {
    const parsed: unknown = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(fromBase64url(cursor)),
    );
    if (Array.isArray(parsed) && typeof parsed[0] === 'string') {
      const [id, place] = parsed as [string, unknown];
      if (place === undefined) return { id };
      if (typeof place === 'number') return { id, place };
    }
  } catch {
    // Not base64url, not UTF-8 or not JSON: told below in the same words.
  }
  return fail('INPUT_INVALID', 'The cursor is not one that this list gave.', { cursor });
}

interface Cut<T> {
  /** The page in the contract's words. */
  map<U>(shape: (item: T) => U): { items: U[]; next?: string };
}

/** Cuts a page of what was read with one row more than the limit. */
export function pageOf<T>(found: readonly T[], limit: number, placeOf: (last: T) => Place): Cut<T> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const next = found.length > limit && last !== undefined ? { next: cursorOf(placeOf(last)) } : {};
  return { map: (shape) => ({ items: items.map(shape), ...next }) };
}

const cursorOf = ({ id, place }: Place): string =>
  toBase64url(utf8(JSON.stringify(place === undefined ? [id] : [id, place])));

/** A row that was read with SQL of our own, decoded by the codecs of its table. */
export function fromSql(row: Row): RecordRow {
  const { columns } = records;
  const value = (name: string) => row[name] ?? null;
  return {
    id: String(row['id']),
    owner: String(row['owner']),
    version: Number(row['version']),
    created_ms: Number(row['created_ms']),
    updated_ms: Number(row['updated_ms']),
    type: columns.type.decode(value('type')),
    key: columns.key.decode(value('key')),
    cid: columns.cid.decode(value('cid')),
    prev_cid: columns.prev_cid.decode(value('prev_cid')),
    tags: columns.tags.decode(value('tags')),
    visibility: columns.visibility.decode(value('visibility')),
    metadata: columns.metadata.decode(value('metadata')),
    removed_ms: columns.removed_ms.decode(value('removed_ms')),
  };
}
