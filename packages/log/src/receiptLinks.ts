import type { OpenedRecord } from './receiptVerdict.ts';

/**
 * Checks that every opened record after the first is a step of it, directly or through another record: its `parent` is
 * the CID or the id of one. A record that may hang on one whose contents are sealed to others counts as unlinked.
 */
export function linkProblems(records: readonly OpenedRecord[]): {
  readonly problems: readonly string[];
  readonly unlinked: number;
} {
  const reached = new Set<OpenedRecord>(records.slice(0, 1));
  const names = new Set<unknown>();
  for (const record of reached) {
    names.add(record.cid);
    if (record.body?.['id'] !== undefined) names.add(record.body['id']);
    for (const other of records) {
      const parent = other.body?.['parent'];
      if (parent !== undefined && names.has(parent)) reached.add(other);
    }
  }
  const rest = records.filter((record) => !reached.has(record));
  const sealed = rest.some(({ body }) => body === null);
  const problems = sealed
    ? []
    : rest.map(({ cid }) => `record ${cid} is not a step of the root record`);
  return { problems, unlinked: rest.length };
}
