import { spawnSync } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A small disk of memory that a test fills up and empties again. */
export interface SmallDisk {
  readonly folder: string;
  /** Leaves no room, but what the file system keeps for itself. */
  fill(): Promise<void>;
  /** Makes room again. */
  empty(): Promise<void>;
  remove(): Promise<void>;
}

const mount = (...args: string[]): boolean => spawnSync('mount', args).status === 0;

/** Whether this user may mount a disk of memory. */
export const canMount = (): boolean => {
  if (process.getuid?.() !== 0) return false;
  const probe = spawnSync('sh', [
    '-c',
    'd=$(mktemp -d) && mount -t tmpfs -o size=1m tmpfs "$d" && umount "$d"; s=$?; rmdir "$d"; exit $s',
  ]);
  return probe.status === 0;
};

/**
 * Mounts a disk of memory of so many megabytes; for the superuser only.
 * @throws Error where it cannot be mounted
 */
export async function smallDisk(megabytes: number): Promise<SmallDisk> {
  const folder = await mkdtemp(join(tmpdir(), 'q-disk-'));
  if (!mount('-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder))
    throw new Error('a disk of memory cannot be mounted here');
  const filler = join(folder, 'filler');
  return {
    folder,
    fill: async () => {
      const file = await open(filler, 'a');
      try {
        // Ever smaller pieces, down to the last page.
        for (const size of [1024 ** 2, 65_536, 4_096, 512])
          for (;;) {
            const { bytesWritten } = await file.write(new Uint8Array(size)).catch(() => ({
              bytesWritten: 0,
            }));
            if (bytesWritten < size) break;
          }
      } finally {
        await file.close();
      }
    },
    empty: () => rm(filler, { force: true }),
    remove: async () => {
      spawnSync('umount', ['-l', folder]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
