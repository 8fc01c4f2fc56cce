import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';

/** Where the index stands: what it has follows from the log up to there. */
export interface IndexPlace {
  /** All batches that begin before this page are in it. */
  readonly page: number;
  /** Of the last of them. */
  readonly sequence: bigint;
  /** Everything up to here was applied, also what left nothing behind. */
  readonly applied: bigint;
  /** Digest of the history up to there. */
  readonly digest: Uint8Array;
  /** Key of the last of them; undefined where there is none. */
  readonly key: string | undefined;
}

/**
 * Which batch is in which page of the log, by its key. It follows from the log alone: what of it is not on
 * the disk is read from there at the next start, and so is all of it where the file is gone.
 */
export class KeyIndex {
  readonly #database: DatabaseSync;
  readonly #find: StatementSync;
  readonly #add: StatementSync;
  readonly #keep: StatementSync;
  /** Those that are not in the file yet, by page. */
  readonly #recent = new Map<string, { readonly key: Uint8Array; readonly page: number }>();

  constructor(folder: string) {
    this.#database = new DatabaseSync(join(folder, 'order.sqlite'));
    this.#database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
      CREATE TABLE IF NOT EXISTS batch (key BLOB PRIMARY KEY, page INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS place (one INTEGER PRIMARY KEY CHECK (one = 1), page INTEGER NOT NULL,
        sequence TEXT NOT NULL, applied TEXT NOT NULL, digest BLOB NOT NULL, key TEXT) STRICT`);
    this.#find = this.#database.prepare('SELECT page FROM batch WHERE key = ?');
    this.#add = this.#database.prepare('INSERT OR REPLACE INTO batch (key, page) VALUES (?, ?)');
    this.#keep = this.#database.prepare(
      `INSERT OR REPLACE INTO place (one, page, sequence, applied, digest, key)
       VALUES (1, ?, ?, ?, ?, ?)`,
    );
  }

  /** How far the file has come; undefined where it is empty. */
  get place(): IndexPlace | undefined {
    const row = this.#database
      .prepare('SELECT page, sequence, applied, digest, key FROM place')
      .get();
    if (row === undefined || !(row['digest'] instanceof Uint8Array)) return undefined;
    return {
      page: Number(row['page']),
      sequence: BigInt(String(row['sequence'])),
      applied: BigInt(String(row['applied'])),
      digest: row['digest'],
      key: typeof row['key'] === 'string' ? row['key'] : undefined,
    };
  }

  /** Forgets everything, where the file is not that of the log. */
  clear(): void {
    this.#recent.clear();
    this.#database.exec('DELETE FROM batch; DELETE FROM place');
  }

  /** Batches that are not in the file yet. */
  get recent(): number {
    return this.#recent.size;
  }

  /** The page at which the batch with a key begins; undefined where there is none. */
  find(key: Uint8Array): number | undefined {
    const recent = this.#recent.get(nameOf(key));
    if (recent !== undefined) return recent.page;
    const row = this.#find.get(key);
    return row === undefined ? undefined : Number(row['page']);
  }

  add(key: Uint8Array, page: number): void {
    this.#recent.set(nameOf(key), { key, page });
  }

  /** Writes what is safe in the log into the file. */
  write(place: IndexPlace): void {
    this.#database.exec('BEGIN');
    try {
      for (const [name, batch] of this.#recent) {
        if (batch.page >= place.page) continue;
        this.#add.run(batch.key, batch.page);
        this.#recent.delete(name);
      }
      const { page, sequence, applied, digest, key } = place;
      this.#keep.run(page, String(sequence), String(applied), digest, key ?? null);
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    this.#database.close();
  }
}

const nameOf = (key: Uint8Array): string => Buffer.from(key).toString('latin1');
