import { copyFile, mkdir, open, readdir } from 'node:fs/promises';
import { constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { OwnLogKind } from '@anarq/kernel';
import { isWholePage, PAGE_BYTES, pagesOf, readHeader } from '@anarq/ledger-engine';
import { syncFolder } from '@anarq/store/folder';
import { writeMark } from '../engine/mark.ts';
import { Segments } from '../engine/segments.ts';
import { SEGMENT_PAGES } from './books.ts';
import { lastPageIn } from './lastPage.ts';

/**
 * Copies the log of books that may be open meanwhile, up to the last batch that a copied store knows:
 * what comes before it was safe when it was made, and is never written again. A call that was under
 * way then goes on from the store, and comes into the copy as it came into the first.
 * @returns names of the files
 * @throws Error where the log has no such batch
 */
export async function copyBooks({
  from,
  to,
  read,
}: Parameters<OwnLogKind['copy']>[0]): Promise<string[]> {
  const lastPage = await lastPageIn(read);
  await mkdir(to, { recursive: true, mode: 0o700 });
  await copyFile(join(from, 'id'), join(to, 'id'));
  const segments = new Segments(from, SEGMENT_PAGES);
  try {
    const end = lastPage === undefined ? 0 : endOf(segments, lastPage);
    for (let first = 0; first < end; first += SEGMENT_PAGES)
      await copySegment(segments, { from, to, first, end });
    if (end > 0) await writeMark(to, end);
  } finally {
    segments.close();
  }
  await syncFolder(to);
  return (await readdir(to)).toSorted();
}

/** The page after the batch to which a page belongs. */
function endOf(segments: Segments, known: number): number {
  const page = segments.read(known);
  if (page === undefined || !isWholePage(page))
    throw new Error(`the log of the books has no page ${known}, of which the store knows`);
  const { index, batchCount } = readHeader(page);
  return known - index + pagesOf(batchCount);
}

interface SegmentCopy {
  readonly from: string;
  readonly to: string;
  /** The first page of the segment, and the first that is not copied. */
  readonly first: number;
  readonly end: number;
}

async function copySegment(
  segments: Segments,
  { from, to, first, end }: SegmentCopy,
): Promise<void> {
  const name = `log-${String(first / SEGMENT_PAGES).padStart(8, '0')}`;
  const isWhole = end >= first + SEGMENT_PAGES;
  // Packed ones are whole, and stay as they are.
  if (isWhole && existsSync(join(from, `${name}.zst`))) {
    await copyFile(join(from, `${name}.zst`), join(to, `${name}.zst`), constants.COPYFILE_FICLONE);
    return;
  }
  const handle = await open(join(to, name), 'wx', 0o600);
  try {
    const empty = Buffer.alloc(PAGE_BYTES);
    for (let page = first; page < first + SEGMENT_PAGES; page++)
      await handle.writeFile((page < end ? segments.read(page) : undefined) ?? empty);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
