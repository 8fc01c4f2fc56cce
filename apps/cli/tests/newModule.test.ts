import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { writeModule } from '../src/newModule/writeModule.ts';

const ROOT = join(import.meta.dirname, '../../..');
// Inside the repository, where packages are found by name, and ignored by git and every check.
mkdirSync(join(ROOT, '.q'), { recursive: true });
const root = mkdtempSync(join(ROOT, '.q', 'new-module-'));
mkdirSync(join(root, 'apps/node/src'), { recursive: true });
for (const file of ['apps/node/src/modules.ts', 'apps/node/package.json'])
  cpSync(join(ROOT, file), join(root, file));
await writeModule(root, 'shelf');
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('a module that q new module made', () => {
  it('has its place in the node', () => {
    expect(readFileSync(join(root, 'apps/node/src/modules.ts'), 'utf8')).toContain(
      "  shelf: () => import('@anarq/shelf'),\n} as const",
    );
    const { dependencies } = JSON.parse(
      readFileSync(join(root, 'apps/node/package.json'), 'utf8'),
    ) as { dependencies: Record<string, string> };
    expect(dependencies).toMatchObject({ '@anarq/shelf': '0.1.0', '@anarq/squid': '0.1.0' });
  });

  it('has the types of the house', { timeout: 300_000 }, async () => {
    writeFileSync(
      join(root, 'tsconfig.json'),
      JSON.stringify({ extends: '../../tsconfig.json', include: ['modules'], exclude: [] }),
    );
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const said = await new Promise<string>((resolve) => {
      // One thread: several check the same imports side by side, for twice the work in all.
      const args = [tsc, '-p', root, '--singleThreaded'];
      execFile(process.execPath, args, { cwd: ROOT }, (_error, stdout) => resolve(stdout));
    });
    // What it imports is checked with the rest of the repository.
    expect(said.split('\n').filter((line) => /shelf\/(src|tests)\//.test(line))).toEqual([]);
  });

  it('is not written over, and takes no name that is none', async () => {
    await expect(writeModule(root, 'shelf')).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    for (const name of ['../x', 'Shelf', 'a', 'new', 'with-dash'])
      await expect(writeModule(root, name)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  // Its describe and it register here, as tests of this file.
  describe('its own test', async () => {
    await import(pathToFileURL(join(root, 'modules/shelf/tests/shelf.test.ts')).href);
  });
});
