import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

/**
 * The example in CONTRIBUTING.md is true: its blocks are taken out of the page, written as the files
 * they name, type-checked, and their own test is run here.
 */
const ROOT = join(import.meta.dirname, '..');
/** A code block whose first line is a comment with the path of the file that it is. */
const FILE_BLOCK = /^```ts\n\/\/ (modules\/[\w./-]+\.ts)\n([\s\S]*?)^```$/gm;

const page = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
const files = new Map(
  [...page.matchAll(FILE_BLOCK)].map(([, path = '', text = '']) => [path, text] as const),
);

// Inside the repository, where packages are found by name, and ignored by git and every check.
mkdirSync(join(ROOT, '.q'), { recursive: true });
const folder = mkdtempSync(join(ROOT, '.q', 'contributing-'));
for (const [path, text] of files) {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the example of CONTRIBUTING.md', () => {
  it('is a whole module', () => {
    expect([...files.keys()]).toEqual([
      'modules/tally/src/contract.ts',
      'modules/tally/src/store.ts',
      'modules/tally/src/count.ts',
      'modules/tally/src/handlers/open.ts',
      'modules/tally/src/handlers/add.ts',
      'modules/tally/src/handlers/read.ts',
      'modules/tally/src/module.ts',
      'modules/tally/tests/tally.test.ts',
    ]);
  });

  it('has the types that it says, under the rules of the house', { timeout: 300_000 }, async () => {
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: '../../tsconfig.json', include: ['modules'], exclude: [] }),
    );
    const said = await typeCheck(folder);
    // What it imports is checked with the rest of the repository.
    expect(said.split('\n').filter((line) => /tally\/(src|tests)\//.test(line))).toEqual([]);
  });

  // Its describe and it register here, as tests of this file.
  describe('its own test', async () => {
    await import(pathToFileURL(join(folder, 'modules/tally/tests/tally.test.ts')).href);
  });
});

/** What the compiler says of the project in a folder; nothing where it is in order. */
const typeCheck = (project: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    // One thread: several check the same imports side by side, for twice the work in all.
    const args = [tsc, '-p', project, '--singleThreaded'];
    execFile(process.execPath, args, { cwd: ROOT }, (error, stdout) => {
      if (error !== null && stdout === '') reject(error);
      else resolve(stdout);
    });
  });
