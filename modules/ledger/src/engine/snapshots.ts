import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogPosition } from '@anarq/ledger-engine';
import { syncFolder } from '@anarq/store/folder';
import { numbersIn } from './folder.ts';

/** How many are kept: the newest, and one to fall back on. */
const KEPT = 2;
const DIGEST_BYTES = 32;
const POSITION_BYTES = 16 + DIGEST_BYTES;

const pathOf = (folder: string, page: number): string =>
  join(folder, `snapshot-${String(page).padStart(12, '0')}`);

/** The books at a position of the log. */
export interface Snapshot {
  readonly position: LogPosition;
  readonly books: Uint8Array;
}

/** Writes a snapshot. Whoever reads finds it whole, or not at all. */
export async function writeSnapshot(folder: string, { position, books }: Snapshot): Promise<void> {
  const head = Buffer.alloc(POSITION_BYTES);
  head.writeBigUInt64LE(BigInt(position.page), 0);
  head.writeBigUInt64LE(BigInt(position.batch), 8);
  head.set(position.previous, 16);
  const path = pathOf(folder, position.page);
  const handle = await open(`${path}.half`, 'w', 0o600);
  try {
    for (const part of [head, books, createHash('sha256').update(head).update(books).digest()])
      await handle.writeFile(part);
    await handle.sync();
  } catch (error) {
    await rm(`${path}.half`, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  await rename(`${path}.half`, path);
  await syncFolder(folder);
  const pages = numbersIn(folder, 'snapshot-', '');
  for (const page of pages.slice(0, -KEPT)) await rm(pathOf(folder, page), { force: true });
}

/** Forgets all snapshots: the next start makes the books from the log alone. */
export function dropSnapshots(folder: string): void {
  for (const page of numbersIn(folder, 'snapshot-', ''))
    rmSync(pathOf(folder, page), { force: true });
}

/** The positions of the snapshots that there are, the newest first. */
export const snapshotPages = (folder: string): number[] =>
  numbersIn(folder, 'snapshot-', '').toReversed();

/** Reads a snapshot, or undefined where it is damaged. */
export function readSnapshot(folder: string, page: number): Snapshot | undefined {
  const bytes = readFileSync(pathOf(folder, page));
  const end = bytes.byteLength - DIGEST_BYTES;
  if (end < POSITION_BYTES) return undefined;
  const body = bytes.subarray(0, end);
  if (!createHash('sha256').update(body).digest().equals(bytes.subarray(end))) return undefined;
  const at = Number(body.readBigUInt64LE(0));
  return {
    position: {
      page: at,
      batch: Number(body.readBigUInt64LE(8)),
      safe: at,
      previous: new Uint8Array(body.subarray(16, POSITION_BYTES)),
    },
    books: body.subarray(POSITION_BYTES),
  };
}
