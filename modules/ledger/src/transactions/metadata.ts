import { fail } from '@anarq/common-schemas';
import type { WriteContext } from '@anarq/kernel';
import type { LedgerReader } from '../names.ts';
import { METADATA_CHARS_MAX, METADATA_MAX } from '../metadataModel.ts';

export type Metadata = Readonly<Record<string, string>>;
type Noun = 'transaction' | 'account';

/** Metadata of transactions or accounts, by their ids. */
export async function metadataOf(
  ctx: LedgerReader,
  noun: Noun,
  ids: readonly string[],
): Promise<Map<string, Metadata>> {
  if (ids.length === 0) return new Map();
  const rows = await ctx.select(
    `SELECT id, meta_key, meta_value FROM ledger_metadata
     WHERE tenant = :tenant AND noun = :noun AND id IN (SELECT value FROM json_each(:ids))
     ORDER BY id, meta_key`,
    { noun, ids: JSON.stringify(ids) },
  );
  const entries = Map.groupBy(rows, (row) => row['id'] as string);
  return new Map(
    [...entries].map(([id, of]) => [
      id,
      // Also a key like __proto__ becomes a member of its own.
      Object.fromEntries(of.map((row) => [row['meta_key'] as string, row['meta_value'] as string])),
    ]),
  );
}

/** @throws LIMIT_EXCEEDED for more, or longer, entries than are kept of one thing */
export function checkBounds(entries: Metadata): void {
  const count = Object.keys(entries).length;
  if (count > METADATA_MAX)
    fail('LIMIT_EXCEEDED', `There are at most ${METADATA_MAX} entries of metadata.`, {
      limit: METADATA_MAX,
      entries: count,
    });
  for (const text of Object.entries(entries).flat())
    if (text.length > METADATA_CHARS_MAX)
      fail('LIMIT_EXCEEDED', `Metadata have at most ${METADATA_CHARS_MAX} characters.`, {
        limit: METADATA_CHARS_MAX,
      });
}

/** Puts an entry beside those that are there, or in the place of the one of its key. */
export function setEntry(
  ctx: Pick<WriteContext, 'write' | 'call'>,
  noun: Noun,
  id: string,
  [key, value]: readonly [key: string, value: string],
): void {
  ctx.write({
    sql: `INSERT INTO ledger_metadata (tenant, noun, id, meta_key, meta_value)
          VALUES (:tenant, :noun, :id, :key, :value)
          ON CONFLICT (tenant, noun, id, meta_key) DO UPDATE SET meta_value = :value`,
    params: { tenant: ctx.call.tenant, noun, id, key, value },
  });
}

/** What a call changes of the metadata of one thing. */
interface Change {
  readonly set?: Metadata;
  readonly remove?: readonly string[];
}

/**
 * Merges a change into the metadata of one thing, of which no other call changes them meanwhile.
 * @returns the metadata after it
 * @throws INPUT_INVALID for a key that is both set and removed, LIMIT_EXCEEDED
 */
export async function changeMetadata(
  ctx: LedgerReader & Pick<WriteContext, 'write'>,
  noun: Noun,
  id: string,
  { set = {}, remove = [] }: Change,
): Promise<Metadata> {
  const both = remove.find((key) => Object.hasOwn(set, key));
  if (both !== undefined) fail('INPUT_INVALID', `${both} is both set and removed.`, { key: both });
  const before = (await metadataOf(ctx, noun, [id])).get(id) ?? {};
  const kept = Object.entries(before).filter(([key]) => !remove.includes(key));
  const after = Object.fromEntries([...kept, ...Object.entries(set)]);
  checkBounds(after);
  for (const key of remove)
    ctx.write({
      sql: `DELETE FROM ledger_metadata
            WHERE tenant = :tenant AND noun = :noun AND id = :id AND meta_key = :key`,
      params: { tenant: ctx.call.tenant, noun, id, key },
    });
  for (const entry of Object.entries(set)) setEntry(ctx, noun, id, entry);
  return after;
}
