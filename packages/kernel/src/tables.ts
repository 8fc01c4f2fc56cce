import type { Migration } from '@anarq/store';

/** The kernel's own tables: who exists, who may what, what was spent, answered, begun and told. */
export const kernelMigrations: readonly Migration[] = [
  {
    id: 1,
    sql: `
CREATE TABLE kernel_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE kernel_identity (
  did TEXT PRIMARY KEY, tenant TEXT NOT NULL, kind TEXT NOT NULL, parent TEXT, controller TEXT NOT NULL,
  custody TEXT NOT NULL CHECK (custody IN ('self', 'node')), document TEXT NOT NULL, sealed_seed BLOB,
  name_sealed BLOB NOT NULL, name_key BLOB, status TEXT NOT NULL, created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX kernel_identity_tenant ON kernel_identity (tenant, controller, did);
CREATE UNIQUE INDEX kernel_identity_name ON kernel_identity (tenant, name_key) WHERE name_key IS NOT NULL;

CREATE TABLE kernel_resource (
  tenant TEXT NOT NULL, resource TEXT NOT NULL, owner TEXT NOT NULL,
  PRIMARY KEY (tenant, resource)
) STRICT, WITHOUT ROWID;

CREATE TABLE kernel_grant (
  cid TEXT PRIMARY KEY, tenant TEXT NOT NULL, token BLOB NOT NULL, proof TEXT, issuer TEXT NOT NULL,
  audience TEXT NOT NULL, subject TEXT NOT NULL, command TEXT NOT NULL, purpose TEXT NOT NULL,
  exp_s INTEGER, created_ms INTEGER NOT NULL, revoked_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX kernel_grant_audience ON kernel_grant (audience, created_ms);
CREATE INDEX kernel_grant_subject ON kernel_grant (tenant, subject, created_ms);
CREATE INDEX kernel_grant_proof ON kernel_grant (proof);

CREATE TABLE kernel_budget (
  grant_cid TEXT PRIMARY KEY, unit TEXT NOT NULL, total_minor INTEGER, per_call_minor INTEGER,
  spent_minor INTEGER NOT NULL DEFAULT 0, reserved_minor INTEGER NOT NULL DEFAULT 0,
  CHECK (spent_minor >= 0 AND reserved_minor >= 0),
  CHECK (total_minor IS NULL OR spent_minor + reserved_minor <= total_minor)
) STRICT, WITHOUT ROWID;

CREATE TABLE kernel_token (
  digest TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, tenant TEXT NOT NULL, agent TEXT NOT NULL,
  grant_cid TEXT NOT NULL, expires_ms INTEGER NOT NULL, created_ms INTEGER NOT NULL, revoked_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE kernel_session (
  id TEXT PRIMARY KEY, tenant TEXT NOT NULL, identity TEXT NOT NULL, sub_id TEXT, key_sealed BLOB NOT NULL,
  expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE kernel_replay (
  tenant TEXT NOT NULL, identity TEXT NOT NULL, operation TEXT NOT NULL, key TEXT NOT NULL,
  fingerprint TEXT NOT NULL, process TEXT, result_sealed BLOB, created_ms INTEGER NOT NULL, expires_ms INTEGER,
  PRIMARY KEY (tenant, identity, operation, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX kernel_replay_expiry ON kernel_replay (expires_ms) WHERE expires_ms IS NOT NULL;

CREATE TABLE kernel_process (
  id TEXT PRIMARY KEY, tenant TEXT NOT NULL, operation TEXT NOT NULL, version TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('RUNNING', 'DONE', 'UNDONE', 'NEEDS_ATTENTION')),
  admission_sealed BLOB NOT NULL, record TEXT NOT NULL, problem TEXT,
  created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX kernel_process_open ON kernel_process (state) WHERE state IN ('RUNNING', 'NEEDS_ATTENTION');

CREATE TABLE kernel_step (
  process TEXT NOT NULL, name TEXT NOT NULL, place INTEGER NOT NULL, operation TEXT NOT NULL,
  input_digest TEXT NOT NULL, result_sealed BLOB NOT NULL, at_ms INTEGER NOT NULL,
  PRIMARY KEY (process, name)
) STRICT, WITHOUT ROWID;
`,
  },
  {
    id: 2,
    // A table is made anew where its checks change: neither store changes them in place.
    sql: `
CREATE TABLE kernel_process_new (
  id TEXT PRIMARY KEY, tenant TEXT NOT NULL, operation TEXT NOT NULL, version TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('process', 'job', 'event', 'schedule')),
  subject TEXT NOT NULL, actor TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('RUNNING', 'DONE', 'UNDONE', 'NEEDS_ATTENTION', 'ABANDONED')),
  admission_sealed BLOB NOT NULL, record TEXT NOT NULL, problem TEXT,
  attempts INTEGER NOT NULL DEFAULT 0, retries INTEGER NOT NULL DEFAULT 0,
  wakes INTEGER NOT NULL DEFAULT 0, slept INTEGER NOT NULL DEFAULT -1,
  stop_code TEXT, deadline_ms INTEGER, progress_sealed BLOB, outcome_sealed BLOB,
  created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO kernel_process_new (id, tenant, operation, version, kind, subject, actor, state, admission_sealed, record, problem, created_ms, updated_ms)
SELECT id, tenant, operation, version, 'process', '', '', state, admission_sealed, record, problem, created_ms, updated_ms FROM kernel_process;
DROP TABLE kernel_process;
ALTER TABLE kernel_process_new RENAME TO kernel_process;
CREATE INDEX kernel_process_open ON kernel_process (state) WHERE state IN ('RUNNING', 'NEEDS_ATTENTION');
CREATE INDEX kernel_process_job ON kernel_process (tenant, subject, id) WHERE kind = 'job';

CREATE TABLE kernel_wait (
  process TEXT NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN ('sleep', 'signal', 'approval')),
  place INTEGER NOT NULL, input_digest TEXT NOT NULL, due_ms INTEGER, approver TEXT, tenant TEXT NOT NULL,
  asked_sealed BLOB NOT NULL, created_ms INTEGER NOT NULL,
  PRIMARY KEY (process, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX kernel_wait_approver ON kernel_wait (tenant, approver, id) WHERE approver IS NOT NULL;

CREATE TABLE kernel_timer (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, ref TEXT NOT NULL, due_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX kernel_timer_due ON kernel_timer (due_ms);

CREATE TABLE kernel_authority (
  module TEXT PRIMARY KEY, grant_cid TEXT NOT NULL, covers TEXT NOT NULL, created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`,
  },
  {
    id: 3,
    sql: `
DROP INDEX kernel_grant_audience;
CREATE INDEX kernel_grant_held ON kernel_grant (audience, subject, cid);
CREATE INDEX kernel_identity_suspended ON kernel_identity (did) WHERE status = 'suspended';
`,
  },
  {
    id: 4,
    sql: `
CREATE TABLE kernel_budget_period (
  grant_cid TEXT NOT NULL, period TEXT NOT NULL CHECK (period IN ('minute', 'hour', 'day', 'month')),
  start_ms INTEGER NOT NULL, spent_minor INTEGER NOT NULL DEFAULT 0, reserved_minor INTEGER NOT NULL DEFAULT 0,
  CHECK (spent_minor >= 0 AND reserved_minor >= 0), PRIMARY KEY (grant_cid, period, start_ms)
) STRICT, WITHOUT ROWID;
`,
  },
  {
    id: 5,
    sql: `
CREATE TABLE kernel_allotment_given (
  id TEXT PRIMARY KEY, grant_cid TEXT NOT NULL, node TEXT NOT NULL, unit TEXT NOT NULL, amount_minor INTEGER NOT NULL,
  reservations TEXT NOT NULL, expires_ms INTEGER NOT NULL, state TEXT NOT NULL CHECK (state IN ('OPEN', 'CLOSED')),
  spent_minor INTEGER NOT NULL, created_ms INTEGER NOT NULL,
  CHECK (spent_minor >= 0 AND spent_minor <= amount_minor)
) STRICT, WITHOUT ROWID;
CREATE INDEX kernel_allotment_given_grant ON kernel_allotment_given (grant_cid, created_ms);

CREATE TABLE kernel_allotment_taken (
  issuer TEXT NOT NULL, id TEXT NOT NULL, grant_cid TEXT NOT NULL, unit TEXT NOT NULL, amount_minor INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL, state TEXT NOT NULL CHECK (state IN ('OPEN', 'CLOSED', 'LOST')),
  spent_minor INTEGER NOT NULL, reserved_minor INTEGER NOT NULL, report TEXT, created_ms INTEGER NOT NULL,
  PRIMARY KEY (issuer, id),
  CHECK (spent_minor >= 0 AND reserved_minor >= 0 AND spent_minor + reserved_minor <= amount_minor)
) STRICT, WITHOUT ROWID;
CREATE INDEX kernel_allotment_taken_grant ON kernel_allotment_taken (grant_cid, issuer, expires_ms);
`,
  },
  {
    id: 6,
    sql: `
CREATE TABLE kernel_drawn (
  record TEXT NOT NULL, grant_cid TEXT NOT NULL, counts TEXT NOT NULL, unit TEXT NOT NULL,
  spent_minor INTEGER NOT NULL, reserved_minor INTEGER NOT NULL,
  spent_after_minor INTEGER NOT NULL, reserved_after_minor INTEGER NOT NULL, total_minor INTEGER,
  at_ms INTEGER NOT NULL, PRIMARY KEY (record, grant_cid, counts)
) STRICT, WITHOUT ROWID;
CREATE INDEX kernel_drawn_age ON kernel_drawn (grant_cid, at_ms);
`,
  },
  {
    id: 7,
    // In SQLite, rows of this size that lie in the order of their keys split a page at every other insert. Now each is
    // put behind the last, and the keys are in an index: so it always was in PostgreSQL.
    postgres: 'SELECT 1',
    sql: `
CREATE TABLE kernel_replay_new (
  tenant TEXT NOT NULL, identity TEXT NOT NULL, operation TEXT NOT NULL, key TEXT NOT NULL,
  fingerprint TEXT NOT NULL, process TEXT, result_sealed BLOB, created_ms INTEGER NOT NULL, expires_ms INTEGER,
  PRIMARY KEY (tenant, identity, operation, key)
) STRICT;
INSERT INTO kernel_replay_new (tenant, identity, operation, key, fingerprint, process, result_sealed, created_ms, expires_ms)
SELECT tenant, identity, operation, key, fingerprint, process, result_sealed, created_ms, expires_ms FROM kernel_replay;
DROP TABLE kernel_replay;
ALTER TABLE kernel_replay_new RENAME TO kernel_replay;
CREATE INDEX kernel_replay_expiry ON kernel_replay (expires_ms) WHERE expires_ms IS NOT NULL;
`,
  },
];
