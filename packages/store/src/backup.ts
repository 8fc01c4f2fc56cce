/** A copy of a data file that may be in use, by this process or another. */

import { closeSync, fsyncSync, openSync, rmSync } from 'node:fs';
import { backup, DatabaseSync } from 'node:sqlite';

import { StoreError, toStoreError } from './errors.ts';

/** All pages in one step: a copy in several begins anew whenever somebody writes. */
const ALL_PAGES = 2 ** 31 - 1;

/**
 * Copies the data file as it is between two commits, while its owner goes on; page by page, so that
 * nothing in it changes its place. The copy is on the disk when this resolves.
 * @throws StoreError where the file is none, or the copy cannot be written; then there is none
 */
export async function copyStore(file: string, copy: string): Promise<void> {
  try {
    const source = new DatabaseSync(file, { readOnly: true, timeout: 30_000 });
    try {
      await backup(source, copy, { rate: ALL_PAGES });
    } finally {
      source.close();
    }
    syncFile(copy);
  } catch (error) {
    rmSync(copy, { force: true });
    throw error instanceof StoreError ? error : toStoreError(error);
  }
}

function syncFile(file: string): void {
  const handle = openSync(file, 'r+');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
