import { link, mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { randomBytes, toBase64url } from './bytes.ts';

/**
 * Writes a file with mode 0600 that was not there; folders that are made have mode 0700. When it
 * returns, file and name are on disk. A file that is there stays as it is: whoever was first, also a
 * process that starts at the same moment, has decided.
 */
export async function createPrivateFile(file: string, content: Uint8Array | string): Promise<void> {
  const place = resolve(file);
  const folder = dirname(place);
  const firstMade = await mkdir(folder, { recursive: true, mode: 0o700 });
  await withTemporary(place, content, (temporary) =>
    // A rename would replace what the other process has written; a link never does.
    link(temporary, place).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    }),
  );
  // A name is on disk only when its folder is: so for the file, and for each folder made above it.
  const last = firstMade === undefined ? folder : dirname(firstMade);
  for (let made = folder; made !== last; made = dirname(made)) await syncFolder(made);
  await syncFolder(last);
}

/**
 * Puts other content in the place of a private file. It has the old or the new one, whole, at every
 * instant; what an interrupted call leaves beside it ends in `.tmp`.
 */
export async function replacePrivateFile(
  file: string,
  content: Uint8Array | string,
): Promise<void> {
  const place = resolve(file);
  await withTemporary(place, content, (temporary) => rename(temporary, place));
  await syncFolder(dirname(place));
}

async function withTemporary(
  file: string,
  content: Uint8Array | string,
  place: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = `${file}.${toBase64url(randomBytes(9))}.tmp`;
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await place(temporary);
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
}

/** Windows cannot open folders; its file system journals names by itself. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
