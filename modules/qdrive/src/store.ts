import {
  blob,
  createTable,
  int,
  json,
  nullable,
  sealed,
  table,
  text,
  type ReadContext,
  type RowOf,
} from '@anarq/kernel';
import type { Migration } from '@anarq/store';

export type UploadState = 'OPEN' | 'COMPLETED' | 'ABORTED' | 'EXPIRED';

/** Under which the content key of a file is sealed, for that file. */
export const CONTENT_KEY_PURPOSE = 'qdrive-content-key';

/** Uploads. `file_id` is chosen when one begins: the chunks are sealed for that file. */
export const uploads = table(
  'qdrive_upload',
  { resource: 'upload' },
  {
    state: text(),
    file_id: text(),
    name: sealed(text()),
    media_type: text(),
    metadata: sealed(json<Record<string, string>>()),
    bytes: int(),
    parts: int(),
    sha256_hex: nullable(text()),
    /** The content key, sealed for the file; opened only where content is sealed or opened. */
    key_sealed: blob({ purpose: CONTENT_KEY_PURPOSE, idFrom: 'file_id' }),
    expires_ms: int(),
  },
);

export const files = table(
  'qdrive_file',
  { resource: 'file' },
  {
    name: sealed(text()),
    media_type: text(),
    metadata: sealed(json<Record<string, string>>()),
    bytes: int(),
    cid: text(),
    sha256_hex: text(),
    key_sealed: blob({ purpose: CONTENT_KEY_PURPOSE }),
  },
);

export type UploadRow = RowOf<typeof uploads>;
export type FileRow = RowOf<typeof files>;

/**
 * A part stands here before its block is written (`received` 0), so that no crash leaves a block
 * that nobody knows of; it counts once its block is durable (`received` 1). One block an index
 * counts; blocks are sealed under the file's own key, so no two files ever share one.
 */
const PARTS = `CREATE TABLE qdrive_part (
  tenant TEXT NOT NULL, file TEXT NOT NULL, block TEXT NOT NULL,
  idx INTEGER NOT NULL CHECK (idx >= 0), leaf TEXT NOT NULL, bytes INTEGER NOT NULL,
  received INTEGER NOT NULL CHECK (received IN (0, 1)), created_ms INTEGER NOT NULL,
  PRIMARY KEY (tenant, file, block)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX qdrive_part_place ON qdrive_part (tenant, file, idx) WHERE received = 1;`;

/** Files whose blocks are to be deleted: of uploads that ended without a file, and of deleted files. */
const GARBAGE = `CREATE TABLE qdrive_garbage (
  tenant TEXT NOT NULL, file TEXT NOT NULL, at_ms INTEGER NOT NULL,
  PRIMARY KEY (tenant, file)
) STRICT, WITHOUT ROWID;`;

export const migrations: readonly Migration[] = [
  {
    id: 1,
    sql: [
      createTable(uploads),
      `CREATE INDEX qdrive_upload_open ON qdrive_upload (tenant, owner, expires_ms) WHERE state = 'OPEN';`,
      `CREATE INDEX qdrive_upload_expiry ON qdrive_upload (tenant, expires_ms) WHERE state = 'OPEN';`,
      `CREATE INDEX qdrive_upload_ended ON qdrive_upload (tenant, updated_ms) WHERE state <> 'OPEN';`,
      createTable(files),
      `CREATE INDEX qdrive_file_owner ON qdrive_file (tenant, owner, id);`,
      PARTS,
      GARBAGE,
    ].join('\n'),
  },
];

/** Reads of this module's tables, in a call or in a transfer. */
export type Select = ReadContext['select'];

/** A part that is stored: its place, the CID of its plain bytes, and of its sealed block. */
export interface StoredPart {
  readonly index: number;
  readonly leaf: string;
  readonly block: string;
  readonly bytes: number;
}

const PARTS_A_READ = 512;

/** Stored parts of a file from an index on, in order; at most 512. */
export async function partsFrom(
  select: Select,
  file: string,
  index: number,
): Promise<StoredPart[]> {
  const rows = await select(
    `SELECT idx, leaf, block, bytes FROM qdrive_part
     WHERE tenant = :tenant AND file = :file AND received = 1 AND idx >= :index
     ORDER BY idx LIMIT ${PARTS_A_READ}`,
    { file, index },
  );
  return rows.map((row) => ({
    index: row['idx'] as number,
    leaf: row['leaf'] as string,
    block: row['block'] as string,
    bytes: row['bytes'] as number,
  }));
}

/** All stored parts of a file in order, a page in memory at a time. */
export async function* allParts(select: Select, file: string): AsyncGenerator<StoredPart> {
  for (let next = 0; ;) {
    const page = await partsFrom(select, file, next);
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PARTS_A_READ) return;
    next = last.index + 1;
  }
}

/** The stored part at an index, or undefined. */
export async function partAt(
  select: Select,
  file: string,
  index: number,
): Promise<StoredPart | undefined> {
  const [row] = await select(
    `SELECT leaf, block, bytes FROM qdrive_part
     WHERE tenant = :tenant AND file = :file AND received = 1 AND idx = :index`,
    { file, index },
  );
  return row === undefined
    ? undefined
    : {
        index,
        leaf: row['leaf'] as string,
        block: row['block'] as string,
        bytes: row['bytes'] as number,
      };
}

export async function countParts(select: Select, file: string): Promise<number> {
  const [row] = await select(
    'SELECT count(*) AS n FROM qdrive_part WHERE tenant = :tenant AND file = :file AND received = 1',
    { file },
  );
  return row?.['n'] as number;
}

/** Indexes below `parts` that are not stored, the first `limit`. */
export async function missingParts(
  select: Select,
  file: string,
  parts: number,
  limit: number,
): Promise<number[]> {
  const missing: number[] = [];
  let next = 0;
  for await (const { index } of allParts(select, file)) {
    for (; next < index && missing.length < limit; next += 1) missing.push(next);
    if (missing.length === limit) return missing;
    next = index + 1;
  }
  for (; next < parts && missing.length < limit; next += 1) missing.push(next);
  return missing;
}
