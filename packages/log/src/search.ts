import type { Sealer } from '@anarq/crypto';
import { fromBase64url, toBase64url, utf8 } from '@anarq/crypto';
import type { Store } from '@anarq/store';
import { LogError } from './errors.ts';
import { pseudonymOf, unwrapKey } from './parties.ts';
import type { RecordBody } from './sealedRecord.ts';
import { openRecord } from './sealedRecord.ts';
import { bytes, integer, text } from './treeStore.ts';

/** The most records of one page. */
export const SEARCH_LIMIT_MAX = 200;

/** What to look for: records of this tenant that this party may open; times are milliseconds since 1970. */
export interface SearchQuery {
  readonly party: string;
  readonly tenant: string;
  readonly op?: string;
  readonly code?: string;
  /** The id of the request. */
  readonly id?: string;
  /** From this instant on. */
  readonly from_ms?: number;
  /** Before this instant. */
  readonly to_ms?: number;
  /** 1 to 200, default 50. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly cursor?: string;
}

/** One page, newest first. `next` is there when there may be more. */
export interface SearchPage {
  readonly items: readonly {
    readonly cid: string;
    /** Null until the record has its place in the signed tree. */
    readonly leafIndex: number | null;
    readonly body: RecordBody;
  }[];
  readonly next?: string;
}

/** Finds and opens records, by their own time, newest first. Throws LogError MALFORMED or LIMIT. */
export async function search(
  store: Store,
  sealer: Sealer,
  query: SearchQuery,
): Promise<SearchPage> {
  const limit = query.limit ?? 50;
  if (!Number.isInteger(limit) || limit < 1 || limit > SEARCH_LIMIT_MAX) {
    throw new LogError('LIMIT', `a page has 1 to ${SEARCH_LIMIT_MAX} records`);
  }
  const after = readCursor(query.cursor);
  const rows = await store.read(
    `select r.cid, r.sealed, k.at_ms, k.wrapped, l.leaf_index
      from log_key k
      join log_record r on r.cid = k.cid
      left join log_leaf l on l.seq = r.seq
      where k.party = :party and r.tenant = :tenant
        and k.at_ms >= :from_ms and k.at_ms < :to_ms
        and (k.at_ms, k.cid) < (:after_ms, :after_cid)
        and (r.op = :op or :op is null) and (r.code = :code or :code is null)
        and (r.id = :id or :id is null)
      order by k.at_ms desc, k.cid desc limit :limit`,
    {
      party: pseudonymOf(sealer, query.party),
      tenant: query.tenant,
      from_ms: query.from_ms ?? 0,
      to_ms: query.to_ms ?? Number.MAX_SAFE_INTEGER,
      after_ms: after.at_ms,
      after_cid: after.cid,
      op: query.op ?? null,
      code: query.code ?? null,
      id: query.id ?? null,
      limit: limit + 1,
    },
  );
  const page = rows.slice(0, limit);
  const items = page.map((row) => {
    const cid = text(row, 'cid');
    const key = unwrapKey(sealer, cid, query.party, bytes(row, 'wrapped'));
    const leafIndex = row['leaf_index'] === null ? null : integer(row, 'leaf_index');
    return { cid, leafIndex, body: openRecord(bytes(row, 'sealed'), key) };
  });
  const last = page.at(-1);
  if (rows.length <= limit || last === undefined) return { items };
  return { items, next: toBase64url(utf8(`${integer(last, 'at_ms')} ${text(last, 'cid')}`)) };
}

function readCursor(cursor: string | undefined): { at_ms: number; cid: string } {
  if (cursor === undefined) return { at_ms: Number.MAX_SAFE_INTEGER, cid: '' };
  try {
    const parts = /^([0-9]{1,16}) ([a-z2-7]{59})$/.exec(
      new TextDecoder().decode(fromBase64url(cursor.slice(0, 200))),
    );
    const at_ms = Number(parts?.[1]);
    const cid = parts?.[2];
    if (cid !== undefined && Number.isSafeInteger(at_ms)) return { at_ms, cid };
  } catch (cause) {
    throw new LogError('MALFORMED', 'not a cursor of this search', { cause });
  }
  throw new LogError('MALFORMED', 'not a cursor of this search');
}
