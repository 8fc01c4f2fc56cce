import { LogDamaged } from '../../log/recovery.ts';
import type { SimulatedDisk } from './disk.ts';
import type { Work } from './segments.ts';

const NAME = 'safe';

/** Notes that the log reached a page: one that ends before it lost its end. */
export function* writeMark(disk: SimulatedDisk, page: number): Work {
  disk.create(`${NAME}.half`, Buffer.from(`${page}\n`));
  yield;
  disk.sync(`${NAME}.half`);
  yield;
  disk.rename(`${NAME}.half`, NAME);
  yield;
  disk.syncNames();
}

/** The page that was noted last; 0 where none was. */
export const readMark = (disk: SimulatedDisk): number =>
  disk.names.includes(NAME) ? Number(disk.readAll(NAME).toString()) : 0;

/** @throws LogDamaged where a log ends before a page that it had reached */
export function checkMark(disk: SimulatedDisk, end: number): void {
  const mark = readMark(disk);
  if (end < mark)
    throw new LogDamaged(end, `page ${end} of the log is damaged: it had reached page ${mark}`);
}
