import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('./foundFiles.ts', import.meta.url));
const SHORT = new URL('../src/shortResolve.ts', import.meta.url).href;

/** Where a process found each file that a node loads. */
async function foundFiles(...options: readonly string[]): Promise<readonly [string, string][]> {
  const args = ['--disable-warning=ExperimentalWarning', ...options, SCRIPT];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 16 << 20 });
  // The script prints nothing else.
  return JSON.parse(stdout) as [string, string][];
}

it('finds every file of a node where Node itself finds it', async () => {
  const own = await foundFiles();
  expect(own.length).toBeGreaterThan(3_000);
  expect(await foundFiles(`--import=${SHORT}`)).toEqual(own);
});
