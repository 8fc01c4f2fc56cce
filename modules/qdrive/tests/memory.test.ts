import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { MIB } from './support.ts';

it('a file of 64 MiB goes up and comes back in constant memory', async () => {
  const child = fileURLToPath(new URL('./memoryChild.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', child]);
  const result: { moved: number; sent: string; fetched: string; growthBytes: number } =
    JSON.parse(stdout);
  expect(result.moved).toBe(128 * MIB);
  expect(result.fetched).toBe(result.sent);
  // Node, surface and client together; the file alone would be 64 MiB, and twice in and out.
  expect(result.growthBytes).toBeLessThan(56 * MIB);
});
