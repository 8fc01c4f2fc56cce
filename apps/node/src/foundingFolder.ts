import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createPrivateFile, replacePrivateFile } from '@anarq/crypto';
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
      await createPrivateFile(fileOf(role), `${text}\n`);
      return (await read(role)) ?? text;
    },
    replace: (role, text) => replacePrivateFile(fileOf(role), `${text}\n`),
  };
}
