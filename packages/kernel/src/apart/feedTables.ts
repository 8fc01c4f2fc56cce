import type { Migration, Statement } from '@anarq/store';

/** What processes that run other modules of the node have to know of the one that decides it. */
export type FedKind = 'identity' | 'grant' | 'token' | 'session';

/**
 * The feed names what changed, each thing once, under the epoch of its last change; what it is now
 * stands in its own table. `kernel_fed` says up to which epoch a process has followed another.
 */
export const feedMigrations: readonly Migration[] = [
  {
    id: 1,
    sql: `
CREATE TABLE kernel_feed (
  epoch INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, expires_ms INTEGER
) STRICT;
CREATE INDEX kernel_feed_key ON kernel_feed (kind, key);
CREATE INDEX kernel_feed_expiry ON kernel_feed (expires_ms) WHERE expires_ms IS NOT NULL;
CREATE TABLE kernel_fed (source TEXT PRIMARY KEY, epoch INTEGER NOT NULL) STRICT, WITHOUT ROWID;

INSERT INTO kernel_feed (epoch, kind, key)
  SELECT row_number() OVER (ORDER BY place, created_ms, key), kind, key FROM (
    SELECT 1 AS place, created_ms, 'identity' AS kind, did AS key FROM kernel_identity
    UNION ALL SELECT 2, created_ms, 'grant', cid FROM kernel_grant
    UNION ALL SELECT 3, created_ms, 'token', id FROM kernel_token
  ) AS known;
INSERT INTO kernel_feed (epoch, kind, key, expires_ms)
  SELECT (SELECT coalesce(max(epoch), 0) FROM kernel_feed) + row_number() OVER (ORDER BY id), 'session', id, expires_ms
  FROM kernel_session;
`,
  },
];

const NEXT = '(SELECT coalesce(max(epoch), 0) + 1 FROM kernel_feed)';
/** The newest entry always stays, so that no epoch is given twice. */
const OLDER = 'epoch < (SELECT max(epoch) FROM kernel_feed)';

/** Statements, for the commit of a change, that put it into the feed. */
export const fed = (kind: FedKind, key: string, expires_ms?: number): Statement[] => [
  {
    name: 'feed',
    sql: `INSERT INTO kernel_feed (epoch, kind, key, expires_ms) VALUES (${NEXT}, :kind, :key, :expires_ms)`,
    params: { kind, key, expires_ms: expires_ms ?? null },
  },
  {
    name: 'feed',
    sql: `DELETE FROM kernel_feed WHERE kind = :kind AND key = :key AND ${OLDER}`,
    params: { kind, key },
  },
];

/** What has ended by itself needs no telling. */
export const forgetExpired = (now_ms: number): Statement => ({
  name: 'feed',
  sql: `DELETE FROM kernel_feed WHERE expires_ms < :now_ms AND ${OLDER}`,
  params: { now_ms },
});
