import { link, mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { randomBytes, toBase64url } from '@anarq/crypto';
import type { FoundingPlace } from '@anarq/kernel';

/** Who the node is, beside its root key: one file for each of its own identities. */
export function foundingFolder(keysFolder: string): FoundingPlace {
  const fileOf = (role: string) => join(keysFolder, `identity-${role}`);
  const read = async (role: string): Promise<string | undefined> => {
    try {
      return await readFile(fileOf(role), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  };
  const write = async (
    file: string,
    text: string,
    place: (temporary: string) => Promise<void>,
  ): Promise<void> => {
    await mkdir(keysFolder, { recursive: true, mode: 0o700 });
    const temporary = `${file}.${toBase64url(randomBytes(9))}.tmp`;
    try {
      const handle = await open(temporary, 'wx', 0o600);
      try {
        await handle.writeFile(`${text}\n`);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await place(temporary);
    } finally {
      await unlink(temporary).catch(() => undefined);
    }
  };
  return {
    read,
    keep: async (role, text) => {
      await write(fileOf(role), text, (temporary) =>
        // A rename would replace what a process that starts at the same moment has kept.
        link(temporary, fileOf(role)).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'EEXIST') throw error;
        }),
      );
      return (await read(role)) ?? text;
    },
    replace: (role, text) =>
      write(fileOf(role), text, (temporary) => rename(temporary, fileOf(role))),
  };
}
