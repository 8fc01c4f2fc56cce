import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { QError } from '@anarq/common-schemas';
import { decodeBegin, encodeBegin, Malformed, REACH_ROUNDS, type BeginState } from '@anarq/dag';
import type { Mark, Since } from './blockLog.ts';
import type { Disk } from './disk.ts';

const MAGIC = 0x51_44_42_31;
const HEAD_BYTES = 16;

const pathOf = (folder: string): string => join(folder, 'begin');

/** Where a start begins, and how far the log was when that was written. */
export interface Beginning {
  readonly begin: BeginState;
  readonly mark: Mark;
}

/** @returns how many bytes were written */
export async function writeBegin(
  disk: Disk,
  folder: string,
  { begin, mark }: Beginning,
): Promise<number> {
  const head = Buffer.alloc(HEAD_BYTES);
  const body = encodeBegin(begin);
  head.writeUInt32BE(MAGIC, 0);
  head.writeUInt32BE(mark.segment, 8);
  head.writeUInt32BE(mark.bytes, 12);
  head.writeUInt32BE(crc32(body, crc32(head.subarray(8))), 4);
  const path = pathOf(folder);
  await disk.remove(`${path}.half`);
  const file = await disk.create(`${path}.half`);
  try {
    await file.write(head);
    await file.write(body);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(`${path}.half`, path);
  await disk.syncFolder(folder);
  return HEAD_BYTES + body.length;
}

/** @throws QError FOLDER_UNUSABLE where it is damaged: it had its name only once it was safe */
export async function readBegin(disk: Disk, folder: string): Promise<Beginning | undefined> {
  const path = pathOf(folder);
  if (!existsSync(path)) return undefined;
  const bytes = Buffer.from(await disk.read(path));
  const damaged = (why: string): QError =>
    new QError('FOLDER_UNUSABLE', `${path} is damaged: ${why}`, { path });
  if (bytes.length < HEAD_BYTES || bytes.readUInt32BE(0) !== MAGIC) throw damaged('no beginning');
  if (crc32(bytes.subarray(8)) !== bytes.readUInt32BE(4)) throw damaged('its sum is wrong');
  const mark = { segment: bytes.readUInt32BE(8), bytes: bytes.readUInt32BE(12) };
  try {
    return { begin: decodeBegin(bytes.subarray(HEAD_BYTES)), mark };
  } catch (error) {
    if (error instanceof Malformed) throw damaged(error.message);
    throw error;
  }
}

/** What blocks a start from here needs: those that a later commit can still reach. */
export function sinceOf({ committee, executed }: BeginState): Since {
  const leaderRound = executed.recent.at(-1)?.leaderRound ?? 0;
  return { epoch: committee.epoch, round: Math.max(0, leaderRound - REACH_ROUNDS) };
}
