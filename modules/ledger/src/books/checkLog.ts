import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import type { OwnLogKind } from '@anarq/kernel';
import { LogDamaged, logStart, readBatches } from '@anarq/ledger-engine';
import { ledgerIdIn } from '../engine/ledgerId.ts';
import { readMark } from '../engine/mark.ts';
import { Segments } from '../engine/segments.ts';
import { SEGMENT_PAGES } from './books.ts';
import { lastPageIn } from './lastPage.ts';

/** Batches after which others have their turn. */
const STEP = 1_000;

/**
 * Reads every page of the books' log: its checksum, that it follows the one before, and that nothing is
 * missing at the end.
 */
export async function checkLog({
  folder,
  read,
}: Parameters<OwnLogKind['check']>[0]): ReturnType<OwnLogKind['check']> {
  if (!existsSync(join(folder, 'id'))) return { found: 'no log', problem: `${folder} has no log` };
  const segments = new Segments(folder, SEGMENT_PAGES);
  const position = logStart();
  try {
    let batches = 0;
    for (const _ of readBatches(segments, ledgerIdIn(folder), position))
      if (++batches % STEP === 0) await breathe();
    const found = `${batches} batches in ${position.page} pages`;
    const last = await lastPageIn(read);
    const mark = Math.max(readMark(folder), last === undefined ? 0 : last + 1);
    if (position.page >= mark) return { found };
    return { found, problem: `page ${position.page} is damaged: the log had reached page ${mark}` };
  } catch (error) {
    if (!(error instanceof LogDamaged)) throw error;
    return { found: `${position.page} pages`, problem: error.message };
  } finally {
    segments.close();
  }
}
