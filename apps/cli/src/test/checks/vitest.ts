import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Verdict } from '../check.ts';
import { runTool } from '../tool.ts';

/** Which tests: `unit` needs nothing but this machine's files; the others are named after their files. */
export type Tier = 'unit' | 'services' | 'nightly';

/** The part of vitest's JSON report that is read. */
export interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: ReadonlyArray<{
    status: string;
    assertionResults: readonly unknown[];
    /** Path of the file. */
    name?: string;
    startTime?: number;
    endTime?: number;
  }>;
}

const unitLimit_ms = 1_800_000;
const servicesLimit_ms = 1_800_000;
const nightlyLimit_ms = 6 * 3_600_000;
const tierConfig = fileURLToPath(new URL('../vitest.tier.config.ts', import.meta.url));

/**
 * Runs the tests of a tier and reads their counts from vitest's JSON report.
 *
 * @param root the repository.
 * @param options.filter a part of the paths of the test files to run; all, where absent.
 * @param options.files the test files to run, in place of a filter.
 * @param options.onReport called with what vitest reported, where it did.
 * @param options.env added to the environment of the tests.
 * @param options.onProgress called with each line that vitest prints.
 */
export async function runVitest(
  root: string,
  options: {
    tier: Tier;
    filter?: string | undefined;
    files?: readonly string[];
    env?: Readonly<Record<string, string>>;
    onProgress?: (line: string) => void;
    onReport?: (report: VitestReport) => void;
  },
): Promise<Verdict> {
  const { tier, filter, files = [] } = options;
  const folder = await mkdtemp(join(tmpdir(), 'q-test-'));
  const reportPath = join(folder, 'report.json');
  const args = ['run', '--root', root, '--reporter=default', '--reporter=json'];
  if (filter !== undefined) args.push(filter);
  args.push(...files);
  args.push(`--outputFile.json=${reportPath}`);
  if (tier !== 'unit') args.push(`--config=${tierConfig}`);
  try {
    const ended = await runTool('vitest', args, {
      cwd: root,
      env: { ...options.env, Q_TEST_TIER: tier },
      timeout_ms: { unit: unitLimit_ms, services: servicesLimit_ms, nightly: nightlyLimit_ms }[
        tier
      ],
      ...(options.onProgress === undefined ? {} : { onLine: options.onProgress }),
    });
    const report = await readReport(reportPath);
    if (report !== undefined) options.onReport?.(report);
    const verdict = vitestVerdict(report, ended.code, ended.output);
    return { ...verdict, suites: suiteLines(root, report) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readReport(path: string): Promise<VitestReport | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as VitestReport; // vitest wrote it just now
  } catch {
    return undefined; // it ended before it could report; its exit code says so
  }
}

/**
 * What a run of vitest amounts to. A file that could not be loaded, and an error outside any test,
 * count as one failed test each: vitest itself counts neither.
 */
export function vitestVerdict(
  report: VitestReport | undefined,
  code: number,
  output: string,
): Verdict {
  if (report === undefined) return { passed: 0, failed: 1, skipped: 0, output };
  const unloadable = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  ).length;
  const counted = report.numFailedTests + unloadable;
  return {
    passed: report.numPassedTests,
    failed: counted === 0 && code !== 0 ? 1 : counted,
    skipped: report.numPendingTests + report.numTodoTests,
    output,
  };
}

/**
 * One line a package: its tests, and the seconds of its files together. Files run two at a time, so
 * the lines add up to more than the whole run.
 */
function suiteLines(root: string, report: VitestReport | undefined): string[] {
  const suites = new Map<string, { tests: number; failed: number; duration_ms: number }>();
  for (const file of report?.testResults ?? []) {
    const path = relative(root, file.name ?? '').split(sep);
    const name = path[0] === 'tests' ? 'tests' : path.slice(0, 2).join('/');
    const suite = suites.get(name) ?? { tests: 0, failed: 0, duration_ms: 0 };
    suite.tests += file.assertionResults.length;
    suite.failed += file.status === 'failed' ? 1 : 0;
    suite.duration_ms += Math.max(0, (file.endTime ?? 0) - (file.startTime ?? 0));
    suites.set(name, suite);
  }
  return [...suites]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([name, { tests, failed, duration_ms }]) => {
      const seconds = `${(duration_ms / 1000).toFixed(1)} s`.padStart(8);
      const mark = failed > 0 ? '✗' : '·';
      return `  ${mark} ${name.padEnd(22)}${seconds}  ${tests} tests`;
    });
}
