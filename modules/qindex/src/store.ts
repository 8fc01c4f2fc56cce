import { createTable, int, json, nullable, table, text } from '@anarq/kernel';
import type { RowOf } from '@anarq/kernel';
import type { Migration } from '@anarq/store';

export type Visibility = 'owner' | 'tenant';

/**
 * One row for an owner, type and key, for good: a removal leaves the row as a tombstone, so that
 * versions only ever grow and a compare-and-set never meets an older record under the same version.
 */
export const records = table(
  'qindex_record',
  { resource: 'record' },
  {
    type: text(),
    key: text(),
    cid: text(),
    prev_cid: nullable(text()),
    tags: json<string[]>(),
    visibility: text(),
    metadata: json<Record<string, string>>(),
    removed_ms: nullable(int()),
  },
);
export type RecordRow = RowOf<typeof records>;

/** Append-only: a row for every version that a record ever had. */
export const versions = table(
  'qindex_history',
  {},
  {
    record_id: text(),
    change: text(),
    number: int(),
    type: text(),
    key: text(),
    cid: text(),
    prev_cid: nullable(text()),
    tags: json<string[]>(),
    visibility: text(),
  },
);
export type VersionRow = RowOf<typeof versions>;

/**
 * The words of each record stand in `qindex_document`; FTS5 keeps the index of them as an external
 * content table, and triggers keep the two in step within the commit
 * (https://www.sqlite.org/fts5.html#external_content_tables). `secure-delete` takes removed words
 * out of the index at once, where FTS5 would otherwise keep them until a later merge.
 */
const fullText = `
CREATE TABLE qindex_document (
  docid INTEGER PRIMARY KEY, tenant TEXT NOT NULL, record_id TEXT NOT NULL,
  key TEXT NOT NULL, tags TEXT NOT NULL, body TEXT NOT NULL,
  UNIQUE (tenant, record_id)
) STRICT;
CREATE VIRTUAL TABLE qindex_text USING fts5(
  key, tags, body, content = 'qindex_document', content_rowid = 'docid',
  tokenize = "unicode61 remove_diacritics 2", prefix = '2 3'
);
INSERT INTO qindex_text (qindex_text, rank) VALUES ('secure-delete', 1);
CREATE TRIGGER qindex_document_in AFTER INSERT ON qindex_document BEGIN
  INSERT INTO qindex_text (rowid, key, tags, body) VALUES (new.docid, new.key, new.tags, new.body);
END;
CREATE TRIGGER qindex_document_out AFTER DELETE ON qindex_document BEGIN
  INSERT INTO qindex_text (qindex_text, rowid, key, tags, body)
  VALUES ('delete', old.docid, old.key, old.tags, old.body);
END;
CREATE TRIGGER qindex_document_change AFTER UPDATE ON qindex_document BEGIN
  INSERT INTO qindex_text (qindex_text, rowid, key, tags, body)
  VALUES ('delete', old.docid, old.key, old.tags, old.body);
  INSERT INTO qindex_text (rowid, key, tags, body) VALUES (new.docid, new.key, new.tags, new.body);
END;`;

/**
 * In PostgreSQL the words are a tsvector, made from the same three columns by the database: each word
 * with its place, marked as of the key (A), the tags (B) or the text (C). What a word is was decided
 * before (`fold`), so no dictionary and no locale of the server takes part. A query comes as FTS5 has
 * it, each word in quotes, the last perhaps with a star.
 */
const fullTextPostgres = `
CREATE FUNCTION qindex_words(words text, weight text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(string_agg(
    quote_literal(word) || ':' || least(place, 16383) || weight, ' ' ORDER BY place), '')::tsvector
  FROM unnest(string_to_array(words, ' ')) WITH ORDINALITY AS each (word, place) WHERE word <> ''
$$;
CREATE FUNCTION qindex_query(words text) RETURNS tsquery
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT replace(replace(replace(words, '" "', '" & "'), '" *', '":*'), '"', chr(39))::tsquery
$$;
CREATE TABLE qindex_document (
  docid INTEGER PRIMARY KEY, tenant TEXT NOT NULL, record_id TEXT NOT NULL,
  key TEXT NOT NULL, tags TEXT NOT NULL, body TEXT NOT NULL,
  words tsvector NOT NULL GENERATED ALWAYS AS (
    qindex_words(key, 'A') || qindex_words(tags, 'B') || qindex_words(body, 'C')) STORED,
  UNIQUE (tenant, record_id)
) STRICT;
CREATE INDEX qindex_document_words ON qindex_document USING gin (words);`;

const TABLES = `${createTable(records)}
CREATE UNIQUE INDEX qindex_record_key ON qindex_record (tenant, type, key, owner);
${createTable(versions)}
CREATE INDEX qindex_history_record ON qindex_history (tenant, record_id, id);
`;

export const migrations: readonly Migration[] = [
  { id: 1, sql: `${TABLES}${fullText}`, postgres: `${TABLES}${fullTextPostgres}` },
];
