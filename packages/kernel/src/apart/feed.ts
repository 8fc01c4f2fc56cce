import { fromBase64url, toBase64url } from '@anarq/crypto';
import type { Row, SqlValue, Statement, Store } from '@anarq/store';
import { identityStatement, type IdentityRow } from '../identities.ts';
import type { Services } from '../services.ts';
import type { FedKind } from './feedTables.ts';

type Texts = Readonly<Record<string, string | number | null>>;

/** One change, with what the thing is now: a row of its table, its bytes as base64url. */
type FeedEntry = { readonly epoch: number; readonly key: string } & (
  | { readonly kind: 'identity'; readonly row: IdentityRow }
  | { readonly kind: Exclude<FedKind, 'identity'>; readonly row: Texts }
);

export interface FeedPage {
  /** The epoch that it goes on from. */
  readonly after: number;
  readonly entries: readonly FeedEntry[];
  /** The last epoch that the page reaches, also where nothing is left of it. */
  readonly upTo: number;
  /** The newest epoch there is. */
  readonly head: number;
}

/** Entries of one message; a grant is a few kilobytes. */
const PAGE_MAX = 100;

const COLUMNS = {
  grant: {
    table: 'kernel_grant',
    key: 'cid',
    names:
      'cid tenant token proof issuer audience subject command purpose exp_s created_ms revoked_ms',
    changes: 'revoked_ms',
  },
  token: {
    table: 'kernel_token',
    key: 'id',
    names: 'digest id tenant agent grant_cid expires_ms created_ms revoked_ms',
    changes: 'revoked_ms',
  },
  session: {
    table: 'kernel_session',
    key: 'id',
    names: 'id tenant identity sub_id key_sealed expires_ms',
    changes: 'expires_ms',
  },
} as const;

const BYTES = new Set(['token', 'key_sealed']);

/** As much of a store as is read here. */
type Readable = Pick<Store, 'read'>;

export async function feedHead(store: Readable): Promise<number> {
  const [row] = await store.read('SELECT coalesce(max(epoch), 0) AS head FROM kernel_feed');
  return row?.['head'] as number;
}

/** What changed after an epoch, oldest first. */
export async function readFeed(
  services: Services,
  store: Readable,
  after: number,
): Promise<FeedPage> {
  // Before the entries: what comes between the two is in them, and never passed over.
  const head = await feedHead(store);
  const rows = await store.read(
    'SELECT epoch, kind, key FROM kernel_feed WHERE epoch > :after ORDER BY epoch LIMIT :limit',
    { after, limit: PAGE_MAX },
  );
  const entries: FeedEntry[] = [];
  for (const { epoch, kind, key } of rows) {
    const entry = await entryOf(services, store, epoch as number, kind as FedKind, key as string);
    if (entry !== undefined) entries.push(entry);
  }
  const last = rows.at(-1)?.['epoch'] as number | undefined;
  return { after, entries, upTo: last ?? Math.max(after, head), head: Math.max(head, last ?? 0) };
}

async function entryOf(
  services: Services,
  store: Readable,
  epoch: number,
  kind: FedKind,
  key: string,
): Promise<FeedEntry | undefined> {
  if (kind === 'identity') {
    const row = await services.identities.row(key);
    return row === undefined ? undefined : { epoch, kind, key, row };
  }
  const { table, names, key: column } = COLUMNS[kind];
  const [row] = await store.read(
    `SELECT ${names.replaceAll(' ', ', ')} FROM ${table} WHERE ${column} = :key`,
    { key },
  );
  return row === undefined ? undefined : { epoch, kind, key, row: asTexts(row) };
}

const asTexts = (row: Row): Texts =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      value instanceof Uint8Array ? toBase64url(value) : (value as string | number | null),
    ]),
  );

/** The statements that take a page over, up to its end. */
export function followStatements(source: string, page: FeedPage): Statement[] {
  return [
    ...page.entries.map((entry) =>
      entry.kind === 'identity'
        ? identityStatement(entry.row, true)
        : upsert(COLUMNS[entry.kind], entry.row),
    ),
    {
      name: 'fed',
      sql: `INSERT INTO kernel_fed (source, epoch) VALUES (:source, :epoch)
            ON CONFLICT (source) DO UPDATE SET epoch = excluded.epoch`,
      params: { source, epoch: page.upTo },
    },
  ];
}

function upsert(
  { table, key, names, changes }: (typeof COLUMNS)[keyof typeof COLUMNS],
  row: Texts,
): Statement {
  const columns = names.split(' ');
  return {
    name: `fed ${table}`,
    sql: `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map((name) => `:${name}`).join(', ')})
          ON CONFLICT (${key}) DO UPDATE SET ${changes} = excluded.${changes}`,
    params: Object.fromEntries(columns.map((name) => [name, valueOf(name, row[name] ?? null)])),
  };
}

const valueOf = (name: string, value: string | number | null): SqlValue =>
  BYTES.has(name) && typeof value === 'string' ? fromBase64url(value) : value;

/** Up to which epoch this process has followed a source. */
export async function followedUpTo(store: Store, source: string): Promise<number> {
  const [row] = await store.read('SELECT epoch FROM kernel_fed WHERE source = :source', { source });
  return (row?.['epoch'] as number | undefined) ?? 0;
}
