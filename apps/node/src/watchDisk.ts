import { access, constants, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kernel } from '@anarq/kernel';

/** Content blocks, below the data folder. */
export const BLOCKS_FOLDER = 'blocks';

/** Below this, whoever runs the node is told; a full disk stops every write. */
const LOW_BYTES = 1024 ** 3;
/** Below this, nothing large can be written any more. */
const FULL_BYTES = 64 * 1024 ** 2;

/** The folders of a node and the disk they lie on, as part of its health and of its metrics. */
export function watchDisk({ monitor, telemetry }: Kernel, dataFolder: string): void {
  monitor.add({
    name: 'content',
    isEssential: true,
    look: async () => {
      await access(join(dataFolder, BLOCKS_FOLDER), constants.R_OK | constants.W_OK);
      return 'up';
    },
  });
  monitor.add({
    name: 'disk',
    isEssential: false,
    look: async () => {
      const { free } = await diskOf(dataFolder);
      return free < FULL_BYTES ? 'down' : free < LOW_BYTES ? 'degraded' : 'up';
    },
  });
  telemetry.gauges.gauge(
    { name: 'q_disk_free_bytes', help: 'Free on the disk of the data folder.' },
    async () => [{ value: (await diskOf(dataFolder)).free }],
  );
  telemetry.gauges.gauge(
    { name: 'q_disk_size_bytes', help: 'Size of the disk of the data folder.' },
    async () => [{ value: (await diskOf(dataFolder)).size }],
  );
}

async function diskOf(folder: string): Promise<{ free: number; size: number }> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { free: bavail * bsize, size: blocks * bsize };
}
