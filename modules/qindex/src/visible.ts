import { fail } from '@anarq/common-schemas';
import type { ReadContext } from '@anarq/kernel';
import type { SqlValue } from '@anarq/store';
import { records, type RecordRow } from './store.ts';

type Reader = Pick<ReadContext, 'call' | 'readable' | 'rows' | 'allows'>;

/** A condition on `qindex_record r`, with the parameters that it names. */
export interface Condition {
  readonly sql: string;
  readonly params: Readonly<Record<string, SqlValue>>;
}

/**
 * The records that the caller may see: its own, those of the tenant, those that grants open.
 * Removed ones are seen by nobody.
 */
export async function visible(ctx: Reader): Promise<Condition> {
  const params: Record<string, SqlValue> = { subject: ctx.call.subject };
  const ways = ["r.visibility = 'tenant'", 'r.owner = :subject'];
  for (const [i, { owner, resourceGlob }] of (await ctx.readable('record')).entries()) {
    params[`owner_${i}`] = owner;
    if (resourceGlob === undefined) {
      ways.push(`r.owner = :owner_${i}`);
      continue;
    }
    params[`glob_${i}`] = resourceGlob;
    ways.push(`(r.owner = :owner_${i} AND glob(:glob_${i}, 'qindex/record/' || r.id) = 1)`);
  }
  return { sql: `r.removed_ms IS NULL AND (${ways.join(' OR ')})`, params };
}

/**
 * One record that the caller may see. To others it does not exist.
 * @throws QINDEX_NOT_FOUND
 */
export async function requireVisible(ctx: Reader, id: string): Promise<RecordRow> {
  const row = await ctx.rows(records).get(id);
  if (row !== undefined && row.removed_ms === null)
    if (row.visibility === 'tenant' || (await isOpen(ctx, row))) return row;
  return fail('QINDEX_NOT_FOUND', `There is no record ${id} that you may see.`, { recordId: id });
}

/** Whether the caller may see all of a record's past: as its owner, or under a grant. */
export const isOpen = async (ctx: Reader, row: RecordRow): Promise<boolean> =>
  row.owner === ctx.call.subject || ctx.allows('/qindex/get', `qindex/record/${row.id}`);
