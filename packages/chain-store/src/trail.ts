import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeRecord, readRecords } from '@anarq/chain-archive';
import type { EpochEnd } from '@anarq/dag';
import { takeName, type Probe } from './files.ts';
import { checkHead, FILE_HEAD_BYTES, fileHead, inFile, packFrame, readFrame } from './frames.ts';
import { LEVELS } from './settings.ts';

const NAME = 'epochs.trail';
/** Ends in one frame. */
const GROUP = 256;

/**
 * Ends of epochs whose segments were pruned: by them every later certificate is still checked from the first
 * validators on.
 * @throws SegmentDamaged
 */
export async function readTrail(folder: string, chainId: Uint8Array): Promise<EpochEnd[]> {
  const path = join(folder, NAME);
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (handle === undefined) return [];
  try {
    await checkHead(handle, path, chainId);
    const { size } = await handle.stat();
    const ends: EpochEnd[] = [];
    for (let at = FILE_HEAD_BYTES; at < size;) {
      const { raw, end } = await readFrame(handle, path, at);
      for (const { record } of inFile(path, at, () => [...readRecords(raw)]))
        if (record.kind === 'certificate') ends.push(record);
      at = end;
    }
    return ends;
  } finally {
    await handle.close();
  }
}

export async function writeTrail(
  folder: string,
  chainId: Uint8Array,
  ends: readonly EpochEnd[],
  probe: Probe,
): Promise<void> {
  const handle = await open(join(folder, `${NAME}.half`), 'w', 0o600);
  try {
    await handle.writeFile(fileHead(chainId));
    for (let at = 0; at < ends.length; at += GROUP) {
      const records = ends
        .slice(at, at + GROUP)
        .map((end) => encodeRecord({ kind: 'certificate', ...end }));
      await handle.writeFile(await packFrame(Buffer.concat(records), LEVELS.cold));
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  await takeName(folder, NAME, probe);
}
