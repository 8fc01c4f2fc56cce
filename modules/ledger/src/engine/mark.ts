import { existsSync, readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '@anarq/store/folder';

const pathOf = (folder: string): string => join(folder, 'safe');

/**
 * Notes that the log reached a page, now and then and when it is closed. A log that ends before it lost
 * its end, which nothing in the rest of it could tell.
 */
export async function writeMark(folder: string, page: number): Promise<void> {
  const path = pathOf(folder);
  const handle = await open(`${path}.half`, 'w', 0o600);
  try {
    await handle.writeFile(`${page}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${path}.half`, path);
  await syncFolder(folder);
}

/** The page that was noted last; 0 where none was. @throws Error where the note is damaged */
export function readMark(folder: string): number {
  const path = pathOf(folder);
  if (!existsSync(path)) return 0;
  const text = readFileSync(path, 'utf8');
  if (!/^\d{1,15}\n$/.test(text)) throw new Error(`${path} is damaged`);
  return Number(text);
}
