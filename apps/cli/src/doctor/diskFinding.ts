import { readdir, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bytesText } from '../terminal.ts';
import type { Finding } from './finding.ts';

/** Below this, whoever runs the node is told; below the other, nothing large can be written. */
const LOW_BYTES = 1024 ** 3;
const FULL_BYTES = 64 * 1024 ** 2;
/** Profiles of the node are looked at and then needed no more. */
const PROFILES_FOLDER = 'profiles';

/** How much is free on the disk of a data folder, and what of the node can go. */
export async function diskFinding(dataFolder: string): Promise<Finding> {
  const check = 'Disk';
  const { bavail, bsize } = await statfs(await nearestExisting(dataFolder));
  const free = bavail * bsize;
  const found = `${bytesText(free)} free`;
  if (free >= LOW_BYTES) return { check, state: 'ok', found };
  const profiles = await profilesIn(join(dataFolder, PROFILES_FOLDER));
  return {
    check,
    state: free < FULL_BYTES ? 'fail' : 'warn',
    found,
    fix: `free some space: a full disk stops every write, until there is room again${
      profiles.length === 0
        ? ''
        : `. ${profiles.length} profiles may go: ./q doctor --fix removes them`
    }`,
    ...(profiles.length === 0
      ? {}
      : {
          repair: async () => {
            for (const file of profiles) await rm(file, { force: true });
          },
        }),
  };
}

async function profilesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((): string[] => []);
  return names.filter((name) => name.endsWith('.cpuprofile')).map((name) => join(folder, name));
}

/** A folder that is to be made lies on the disk of the one it is made in. */
export async function nearestExisting(folder: string): Promise<string> {
  for (let path = folder; ; path = dirname(path)) {
    if ((await stat(path).catch(() => undefined)) !== undefined) return path;
    if (path === dirname(path)) return path;
  }
}
