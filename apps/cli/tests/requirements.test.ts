import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import type { Verdict } from '../src/test/check.ts';
import { checkRequirements, requirementsPath } from '../src/test/checks/requirements.ts';
import { withFiles } from './withFiles.ts';

const header = 'id\trequirement\ttest file\ttest name';
const testFile = `
const title = 'not a test';
describe('a group', () => {
  it('does what it\\'s for', () => {});
  it.each([1, 2])('counts %i', () => {});
  test.skipIf(bare)("runs", () => {});
});`;

/** The check on a repository in `repo`, with the full list beside it where `ids` are given. */
function check(rows: readonly string[], ids?: readonly string[], reasons = ''): Promise<Verdict> {
  const files = {
    [`repo/${requirementsPath}`]: `${[header, ...rows].join('\n')}\n`,
    'repo/tests/a.test.ts': testFile,
    'repo/docs/adr/0001-why.md': reasons,
    ...(ids === undefined ? {} : { 'shared/requirements.tsv': `id\tseed\n${ids.join('\n')}\n` }),
  };
  return withFiles(files, async (root) => {
    await mkdir(join(root, 'repo'), { recursive: true });
    return checkRequirements(join(root, 'repo'));
  });
}

describe('the requirements check', () => {
  it('passes a list without rows', async () => {
    expect(await check([])).toMatchObject({ passed: 1, failed: 0 });
  });

  it('passes rows whose tests are there', async () => {
    const titles = ['a group', "does what it's for", 'counts %i', 'runs'];
    const verdict = await check(
      titles.map((title) => `QI-001\tIt works\ttests/a.test.ts\t${title}`),
    );
    expect(verdict, verdict.output).toMatchObject({ passed: 1, failed: 0 });
  });

  it.each([
    ['an id of another shape', 'Q1\tx\ttests/a.test.ts\truns', 'is no id'],
    ['an id that nobody required', 'QI-999\tx\ttests/a.test.ts\truns', 'is no requirement'],
    ['a file that is not there', 'QI-001\tx\ttests/b.test.ts\truns', 'no test file'],
    ['a test that is not there', 'QI-001\tx\ttests/a.test.ts\tflies', 'has no test "flies"'],
    ['a text that is no title', 'QI-001\tx\ttests/a.test.ts\tnot a test', 'has no test'],
    ['a missing column', 'QI-001\tx\ttests/a.test.ts', 'expected 4 columns'],
    ['an empty title', 'QI-001\tx\ttests/a.test.ts\t', 'has no test ""'],
  ])('names the row with %s', async (_what, row, message) => {
    const verdict = await check(['QI-001\tx\ttests/a.test.ts\truns', row], ['QI-001', 'QI-002']);
    expect(verdict.failed).toBe(1);
    expect(verdict.output).toContain(`${requirementsPath}:3: `);
    expect(verdict.output).toContain(message);
  });

  it('asks of a settled home for a test or a reason of each row', async () => {
    const met = ['QI-001\tIt works\ttests/a.test.ts\truns'];
    const ids = [1, 2, 3].map((n) => `QI-00${n}\t000\tx\tx\tops\tkernel\tBUILD`);
    const elsewhere = 'QI-004\t000\tx\tx\tops\tqpic\tBUILD';
    const open = await check(met, [...ids, elsewhere], 'Not QI-002: it has a reason.');
    expect(open.output).toBe('QI-003 (kernel) has no test here, and no reason in docs/adr');
    expect((await check(met, [...ids, elsewhere], 'QI-002, QI-003')).failed).toBe(0);
  });

  it('refuses the same row twice', async () => {
    const row = 'QI-001\tx\ttests/a.test.ts\truns';
    expect((await check([row, row])).output).toContain('twice');
  });
});
