import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Chunk } from './chunks.ts';

/** A batch that has all its parts. */
export interface Joined {
  readonly key: string;
  readonly bytes: Uint8Array;
}

interface Open {
  readonly key: string;
  readonly count: number;
  /** Number of the commit with its first part. */
  readonly since: number;
  readonly parts: Map<number, Uint8Array>;
}

/** Commits after which a batch without all its parts is given up, at every node alike. */
const JOIN_COMMITS_MAX = 2_000;
/** Bytes of parts that wait; beyond it the batches that began first are given up. */
const JOIN_BYTES_MAX = 64 << 20;

/**
 * Parts of batches that are not whole yet. It follows from the order alone, and is kept, since a chain does
 * not tell twice what is long past.
 */
export class Joins {
  readonly #database: DatabaseSync;
  readonly #addPart: StatementSync;
  readonly #drop: StatementSync;
  readonly #keepThrough: StatementSync;
  readonly #open = new Map<string, Open>();
  /** What has to be written with the next `keep`. */
  readonly #newParts: { readonly name: string; readonly index: number }[] = [];
  readonly #gone = new Set<string>();
  #bytes = 0;
  #through: number;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#database = new DatabaseSync(join(folder, 'joins.sqlite'));
    this.#database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
      CREATE TABLE IF NOT EXISTS part (name TEXT, place INTEGER, key TEXT NOT NULL, count INTEGER NOT NULL,
        since INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (name, place)) STRICT;
      CREATE TABLE IF NOT EXISTS through (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL) STRICT`);
    this.#addPart = this.#database.prepare(
      'INSERT OR IGNORE INTO part (name, place, key, count, since, bytes) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#drop = this.#database.prepare('DELETE FROM part WHERE name = ?');
    this.#keepThrough = this.#database.prepare(
      'INSERT OR REPLACE INTO through (one, number) VALUES (1, ?)',
    );
    const row = this.#database.prepare('SELECT number FROM through').get();
    this.#through = row === undefined ? 0 : Number(row['number']);
    this.#load();
  }

  /** Everything up to this commit is in the books, or waits here; 0 before the first. */
  get through(): number {
    return this.#through;
  }

  /**
   * Takes a part.
   * @param account whose transaction brought it
   * @returns the batch, where it has all of them now
   */
  take(
    commit: number,
    account: string,
    { key, id, index, count, bytes }: Chunk,
  ): Joined | undefined {
    if (count === 1) return { key, bytes };
    const name = `${account} ${id}`;
    const open = this.#open.get(name) ?? { key, count, since: commit, parts: new Map() };
    // Parts that do not belong together are none.
    if (open.key !== key || open.count !== count || open.parts.has(index)) return undefined;
    this.#open.set(name, open);
    open.parts.set(index, bytes);
    this.#bytes += bytes.byteLength;
    this.#newParts.push({ name, index });
    if (open.parts.size < count) {
      this.#limit();
      return undefined;
    }
    this.#giveUp(name, open);
    const parts = Array.from(
      { length: count },
      (_, place) => open.parts.get(place) ?? new Uint8Array(),
    );
    return { key, bytes: new Uint8Array(Buffer.concat(parts)) };
  }

  /** Has what waits written, once what was whole is in the books. */
  keep(commit: number): void {
    for (const [name, open] of this.#open)
      if (open.since + JOIN_COMMITS_MAX <= commit) this.#giveUp(name, open);
    this.#database.exec('BEGIN');
    try {
      for (const { name, index } of this.#newParts.splice(0)) {
        const open = this.#open.get(name);
        const bytes = open?.parts.get(index);
        if (open === undefined || bytes === undefined) continue;
        this.#addPart.run(name, index, open.key, open.count, open.since, bytes);
      }
      for (const name of this.#gone) this.#drop.run(name);
      this.#keepThrough.run(commit);
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
    this.#gone.clear();
    this.#through = commit;
  }

  close(): void {
    this.#database.close();
  }

  #limit(): void {
    for (const [name, open] of this.#open) {
      if (this.#bytes <= JOIN_BYTES_MAX) return;
      this.#giveUp(name, open);
    }
  }

  #giveUp(name: string, { parts }: Open): void {
    this.#open.delete(name);
    this.#gone.add(name);
    for (const bytes of parts.values()) this.#bytes -= bytes.byteLength;
  }

  #load(): void {
    // In the order in which they began, as they came.
    const rows = this.#database.prepare('SELECT * FROM part ORDER BY rowid').all();
    for (const row of rows) {
      const name = String(row['name']);
      const open = this.#open.get(name) ?? {
        key: String(row['key']),
        count: Number(row['count']),
        since: Number(row['since']),
        parts: new Map<number, Uint8Array>(),
      };
      this.#open.set(name, open);
      if (!(row['bytes'] instanceof Uint8Array)) continue;
      open.parts.set(Number(row['place']), row['bytes']);
      this.#bytes += row['bytes'].byteLength;
    }
  }
}
