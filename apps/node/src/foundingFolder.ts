import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
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
  return {
    read,
    keep: async (role, text) => {
      await mkdir(keysFolder, { recursive: true, mode: 0o700 });
      const temporary = `${fileOf(role)}.${toBase64url(randomBytes(9))}.tmp`;
      try {
        const handle = await open(temporary, 'wx', 0o600);
        try {
          await handle.writeFile(`${text}\n`);
          await handle.sync();
        } finally {
          await handle.close();
        }
        // A rename would replace what a process that starts at the same moment has kept.
        await link(temporary, fileOf(role)).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'EEXIST') throw error;
        });
      } finally {
        await unlink(temporary).catch(() => undefined);
      }
      return (await read(role)) ?? text;
    },
  };
}
