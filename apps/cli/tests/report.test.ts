import { describe, expect, it } from 'vitest';

import { vitestVerdict } from '../src/test/checks/vitest.ts';
import { checkLine, exitCodeOf, summaryLine, totalOf } from '../src/test/report.ts';
import { runTests } from '../src/test/run.ts';

const counts = (passed: number, failed: number, skipped: number) => ({ passed, failed, skipped });

describe('the report of a test run', () => {
  it('ends with the counts, and names skipped tests only where there are any', () => {
    expect(summaryLine(counts(12, 0, 0))).toBe('12 passed, 0 failed');
    expect(summaryLine(counts(1, 2, 3))).toBe('1 passed, 2 failed, 3 skipped');
  });

  it('sums what the checks counted', () => {
    const ran = [counts(1, 0, 0), counts(10, 2, 1)].map((each) => ({ ...each, output: '' }));
    expect(totalOf(ran)).toEqual(counts(11, 2, 1));
  });

  it('fails when anything failed, and when nothing ran', () => {
    expect(exitCodeOf(counts(5, 0, 1))).toBe(0);
    expect(exitCodeOf(counts(5, 1, 0))).toBe(1);
    expect(exitCodeOf(counts(0, 0, 1))).toBe(1);
    expect(exitCodeOf(counts(0, 0, 0))).toBe(1);
  });

  it('gives a line to each check, with its seconds', () => {
    const check = { name: 'lint', output: '', duration_ms: 1234 };
    expect(checkLine({ ...check, ...counts(1, 0, 0) })).toMatch(/^✓ lint +1\.2 s +ok$/);
    expect(checkLine({ ...check, ...counts(0, 1, 0) })).toMatch(/^✗ lint +1\.2 s +failed$/);
    expect(checkLine({ ...check, ...counts(7, 1, 2) })).toMatch(/7 passed, 1 failed, 2 skipped$/);
  });

  it('refuses an option it does not know', async () => {
    expect(await runTests(['--fast'])).toBe(2);
    expect(await runTests(['one', 'two'])).toBe(2);
  });
});

describe('reading what vitest reports', () => {
  const report = {
    numPassedTests: 3,
    numFailedTests: 0,
    numPendingTests: 1,
    numTodoTests: 1,
    testResults: [{ status: 'passed', assertionResults: [1] }],
  };

  it('takes the counts of a run that went well', () => {
    expect(vitestVerdict(report, 0, '')).toMatchObject(counts(3, 0, 2));
  });

  it('counts a file that cannot be loaded as a failed test', () => {
    const testResults = [{ status: 'failed', assertionResults: [] }];
    expect(vitestVerdict({ ...report, testResults }, 1, '')).toMatchObject(counts(3, 1, 2));
  });

  it('counts an error outside any test, and a run that died, as failed', () => {
    expect(vitestVerdict(report, 1, '')).toMatchObject(counts(3, 1, 2));
    expect(vitestVerdict(undefined, 137, '')).toMatchObject(counts(0, 1, 0));
  });
});
