import type { WriteContext } from '@anarq/kernel';
import { uploads, type Select } from './store.ts';
import { ended } from './upload.ts';

const UPLOADS_A_SWEEP = 10;
const FILES_A_SWEEP = 10;
const KEPT_AFTER_END_MS = 30 * 24 * 3_600_000;
/** A part whose row is older was given up: its block is written within moments of its row. */
const PART_UNDER_WAY_MS = 60_000;

type SweepContext = Pick<WriteContext, 'now_ms' | 'select' | 'services' | 'rows' | 'write'>;

/**
 * Ends uploads whose time is over, and deletes up to `blocks_max` blocks that no file needs.
 *
 * Blocks go before the commit that forgets their rows: so a crash between leaves rows of blocks that
 * are gone, which the next sweep takes, never blocks that nobody knows of. What is swept was given
 * up in an earlier commit for good, so that running this again, or for nothing, does no harm.
 *
 * @returns how many blocks were deleted, and whether there may be more
 */
export async function sweep(
  ctx: SweepContext,
  blocks_max: number,
): Promise<{ blocks: number; more: boolean }> {
  const expired = await expireUploads(ctx);
  await forgetEndedUploads(ctx);
  const files = await ctx.select(
    `SELECT file FROM qdrive_garbage WHERE tenant = :tenant ORDER BY file LIMIT ${FILES_A_SWEEP}`,
  );
  let blocks = 0;
  for (const row of files) {
    if (blocks >= blocks_max) break;
    blocks += await sweepFile(ctx, row['file'] as string, blocks_max - blocks);
  }
  const more = blocks >= blocks_max || files.length === FILES_A_SWEEP || expired > 0;
  return { blocks, more };
}

/** Says, in the commit of a call, that the blocks of a file are to be deleted. */
export const giveUp = (ctx: Pick<WriteContext, 'write' | 'now_ms'>, file: string): void =>
  ctx.write({
    name: `blocks of ${file}`,
    sql: 'INSERT INTO qdrive_garbage (tenant, file, at_ms) VALUES (:tenant, :file, :now_ms)',
    params: { file, now_ms: ctx.now_ms },
  });

/**
 * Deletes the blocks of a file that was given up, after the commit that did so, to free the disk
 * soon. What it does not reach, because the node ends or the disk fails, a later sweep does.
 */
export function deleteBlocksSoon(
  ctx: Pick<WriteContext, 'select' | 'services' | 'now_ms'>,
  file: string,
): void {
  const work = async () => {
    for (let after = ''; ;) {
      const blocks = await blocksOf(ctx.select, { file, after, limit: 256, now_ms: ctx.now_ms });
      for (const block of blocks) await ctx.services.blocks.delete(block);
      const last = blocks.at(-1);
      if (last === undefined) return;
      after = last;
    }
  };
  work().catch(() => undefined);
}

/** Deletes blocks of a file that were written but never counted; the counted ones stay. */
export async function sweepStrays(ctx: SweepContext, file: string): Promise<void> {
  const strays = await ctx.select(
    `SELECT block FROM qdrive_part WHERE tenant = :tenant AND file = :file AND received = 0
       AND created_ms < :before LIMIT 1000`,
    { file, before: ctx.now_ms - PART_UNDER_WAY_MS },
  );
  for (const row of strays) {
    const block = row['block'] as string;
    await ctx.services.blocks.delete(block);
    ctx.write({
      sql: 'DELETE FROM qdrive_part WHERE tenant = :tenant AND file = :file AND block = :block AND received = 0',
      params: { file, block },
    });
  }
}

async function expireUploads(ctx: SweepContext): Promise<number> {
  const over = await ctx.select(
    `SELECT id FROM qdrive_upload WHERE tenant = :tenant AND state = 'OPEN' AND expires_ms <= :now_ms
     ORDER BY expires_ms LIMIT ${UPLOADS_A_SWEEP}`,
    { now_ms: ctx.now_ms },
  );
  for (const { id } of over) {
    const upload = await ctx.rows(uploads).get(id as string);
    if (upload?.state !== 'OPEN') continue;
    ctx.rows(uploads).update(upload, ended('EXPIRED'));
    giveUp(ctx, upload.file_id);
  }
  return over.length;
}

async function forgetEndedUploads(ctx: SweepContext): Promise<void> {
  const old = await ctx.select(
    `SELECT id FROM qdrive_upload WHERE tenant = :tenant AND state <> 'OPEN' AND updated_ms < :before
     LIMIT ${UPLOADS_A_SWEEP}`,
    { before: ctx.now_ms - KEPT_AFTER_END_MS },
  );
  for (const { id } of old) {
    const upload = await ctx.rows(uploads).get(id as string);
    if (upload !== undefined && upload.state !== 'OPEN') ctx.rows(uploads).remove(upload);
  }
}

async function sweepFile(ctx: SweepContext, file: string, limit: number): Promise<number> {
  const blocks = await blocksOf(ctx.select, { file, after: '', limit, now_ms: ctx.now_ms });
  for (const block of blocks) await ctx.services.blocks.delete(block);
  const last = blocks.at(-1);
  if (last !== undefined)
    ctx.write({
      sql: `DELETE FROM qdrive_part WHERE tenant = :tenant AND file = :file AND block <= :last
              AND (received = 1 OR created_ms < :before)`,
      params: { file, last, before: ctx.now_ms - PART_UNDER_WAY_MS },
    });
  if (blocks.length < limit)
    ctx.write({
      sql: `DELETE FROM qdrive_garbage WHERE tenant = :tenant AND file = :file
              AND NOT EXISTS (SELECT 1 FROM qdrive_part WHERE tenant = :tenant AND file = :file)`,
      params: { file },
    });
  return blocks.length;
}

/** Blocks of a file in order, but for those whose part may be under way. */
async function blocksOf(
  select: Select,
  { file, after, limit, now_ms }: { file: string; after: string; limit: number; now_ms: number },
): Promise<string[]> {
  const rows = await select(
    `SELECT block FROM qdrive_part WHERE tenant = :tenant AND file = :file AND block > :after
       AND (received = 1 OR created_ms < :before) ORDER BY block LIMIT :limit`,
    { file, after, limit, before: now_ms - PART_UNDER_WAY_MS },
  );
  return rows.map((row) => row['block'] as string);
}
