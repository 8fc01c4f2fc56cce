import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { differences, STANDARDS } from '../src/test/conformance.ts';
import { runTests } from '../src/test/run.ts';
import { repositoryRoot } from '../src/test/tool.ts';
import { withFiles } from './withFiles.ts';

describe('the table of docs/conformance.md', () => {
  it('has a row with counts for each standard, and names tests that are there', async () => {
    const text = await readFile(join(repositoryRoot, 'docs/conformance.md'), 'utf8');
    for (const { name, files } of STANDARDS) {
      expect(text).toMatch(
        new RegExp(`^\\| ${RegExp.escape(name)} .*\\| +\\d+ \\| +\\d+ \\|$`, 'm'),
      );
      for (const file of files) {
        expect(existsSync(join(repositoryRoot, file)), file).toBe(true);
        expect(text).toContain(`\`${file}\``);
      }
    }
  });

  it('is held to what a run counted, save for what did not run or failed', async () => {
    const row = { name: 'A standard', source: 'its authors', files: ['a.test.ts'], failed: 0 };
    const page = `<!-- counts: written by ./q test conformance --write -->
| A standard | its authors | \`a.test.ts\` | 12 | 1 |
<!-- end of counts -->`;
    await withFiles({ 'page.md': page }, async (root) => {
      const path = join(root, 'page.md');
      expect(await differences(path, [{ ...row, passed: 12, skipped: 1 }])).toEqual([]);
      expect(await differences(path, [{ ...row, passed: 11, skipped: 2 }])).toEqual([
        expect.stringContaining('says of A standard: 12, 1; this run: 11, 2'),
      ]);
      expect(await differences(path, [{ ...row, passed: 0, skipped: 13 }])).toEqual([]);
      expect(await differences(path, [{ ...row, passed: 9, failed: 1, skipped: 0 }])).toEqual([]);
      await writeFile(path, page.replace('A standard', 'Another'));
      expect(await differences(path, [{ ...row, passed: 12, skipped: 1 }])).toHaveLength(1);
    });
  });

  it('takes no filter, and no other tier is written into it', async () => {
    expect(await runTests(['conformance', 'packages/crypto'])).toBe(2);
    expect(await runTests(['services', '--write'])).toBe(2);
  });
});
