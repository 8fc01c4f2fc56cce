import { createHash } from 'node:crypto';
import type { LogPosition } from '../../log/pages.ts';
import type { SimulatedDisk } from './disk.ts';
import type { Work } from './segments.ts';

/** How many are kept: the newest, and one to fall back on. */
const KEPT = 2;
const DIGEST_BYTES = 32;
const POSITION_BYTES = 48;

export interface Snapshot {
  readonly position: LogPosition;
  readonly books: Uint8Array;
}

/** The names of the snapshots that there are, the newest first. */
export const snapshotNames = (disk: SimulatedDisk): string[] =>
  disk.names
    .filter((name) => /^snapshot-\d+$/.test(name))
    .toSorted()
    .toReversed();

/** Writes a snapshot. Whoever reads finds it whole, or not at all. */
export function* writeSnapshot(disk: SimulatedDisk, { position, books }: Snapshot): Work {
  const head = Buffer.alloc(POSITION_BYTES);
  head.writeBigUInt64LE(BigInt(position.page), 0);
  head.writeBigUInt64LE(BigInt(position.batch), 8);
  head.set(position.previous, 16);
  const digest = createHash('sha256').update(head).update(books).digest();
  const name = `snapshot-${String(position.page).padStart(12, '0')}`;
  disk.create(`${name}.half`, Buffer.concat([head, books, digest]));
  yield;
  disk.sync(`${name}.half`);
  yield;
  disk.rename(`${name}.half`, name);
  yield;
  disk.syncNames();
  yield;
  for (const old of snapshotNames(disk).slice(KEPT)) disk.remove(old);
}

/** Reads a snapshot, or undefined where it is damaged. */
export function readSnapshot(disk: SimulatedDisk, name: string): Snapshot | undefined {
  const bytes = disk.readAll(name);
  const end = bytes.byteLength - DIGEST_BYTES;
  if (end < POSITION_BYTES) return undefined;
  const body = bytes.subarray(0, end);
  if (!createHash('sha256').update(body).digest().equals(bytes.subarray(end))) return undefined;
  const page = Number(body.readBigUInt64LE(0));
  const batch = Number(body.readBigUInt64LE(8));
  const previous = new Uint8Array(body.subarray(16, POSITION_BYTES));
  return {
    position: { page, batch, safe: page, previous },
    books: body.subarray(POSITION_BYTES),
  };
}
