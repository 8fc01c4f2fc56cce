/** Whether a file is whole: its pages, and the rows that point to others. */

import type { DatabaseSync } from 'node:sqlite';

import { PROBLEMS_MAX } from './limits.ts';
import type { CheckResult } from './types.ts';

/** Both checks, on one snapshot. The connection's pragmas must be allowed. */
export function checkIntegrity(db: DatabaseSync): CheckResult {
  db.exec('begin');
  try {
    const problems = db
      .prepare(`pragma quick_check(${PROBLEMS_MAX})`)
      .all()
      .map((row) => String(row['quick_check']))
      .filter((line) => line !== 'ok');
    problems.push(...foreignKeyProblems(db, PROBLEMS_MAX - problems.length));
    return { ok: problems.length === 0, problems };
  } finally {
    db.exec('rollback');
  }
}

/** A line for each row whose foreign key leads nowhere, at most `max`. */
export function foreignKeyProblems(db: DatabaseSync, max: number): string[] {
  const check = db.prepare('pragma foreign_key_check');
  // A rowid may be larger than a number can hold.
  check.setReadBigInts(true);
  const problems: string[] = [];
  for (const row of check.iterate()) {
    if (problems.length >= max) break;
    problems.push(`${row['table']} row ${row['rowid']}: no such row of ${row['parent']}`);
  }
  return problems;
}
