import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { withFolder } from './support.ts';

const MIB = 1_048_576;

describe('a file of 256 MiB', () => {
  it('is hashed, sealed and opened in constant memory', async () => {
    await withFolder(async (folder) => {
      const child = fileURLToPath(new URL('./memoryChild.ts', import.meta.url));
      for (const what of ['rootCid', 'seal', 'open']) {
        const args = ['--expose-gc', child, what, join(folder, 'sealed')];
        const { stdout } = await promisify(execFile)(process.execPath, args);
        const result: { bytes: number; growthBytes: number } = JSON.parse(stdout);
        expect(result.bytes, what).toBe(256 * MIB);
        expect(result.growthBytes, what).toBeLessThan(64 * MIB);
      }
    });
  });
});
