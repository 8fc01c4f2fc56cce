import { fail } from '@anarq/common-schemas';
import type { Log } from '@anarq/log';
import type { Statement } from '@anarq/store';

/** Statements that a service of the kernel prepared, and nobody changed since. */
const made = new WeakSet<Statement>();

/** Marks what a service prepared: only this may a module carry into its commit. */
export function prepared<T extends readonly Statement[]>(statements: T): T {
  for (const statement of statements) {
    if (statement.params !== undefined) Object.freeze(statement.params);
    made.add(Object.freeze(statement));
  }
  return statements;
}

/** @throws INTERNAL for a statement that a module wrote itself */
export function assertPrepared(statement: Statement): void {
  if (!made.has(statement))
    fail('INTERNAL', 'A module may carry only what a service of the kernel prepared.');
}

/** The log as modules use it: what its recorder prepares may be carried. */
export function carriedLog(log: Log): Log {
  return {
    ...log,
    recorder: {
      prepare: (body, parties) => {
        const record = log.recorder.prepare(body, parties);
        return { ...record, statements: prepared(record.statements) };
      },
    },
    erase: (party) => prepared(log.erase(party)),
    endRetention: (before_ms) => prepared(log.endRetention(before_ms)),
  };
}
