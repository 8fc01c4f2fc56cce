import { parseArgs } from 'node:util';

import type { Check, Verdict } from './check.ts';
import { checkDerived } from './checks/derived.ts';
import { checkImports, checkPurity } from './checks/house.ts';
import { checkLicences } from './checks/licences.ts';
import { checkRequirements } from './checks/requirements.ts';
import { checkSecrets } from './checks/secrets.ts';
import { runNightly, runServices } from './checks/tiers.ts';
import { runVitest } from './checks/vitest.ts';
import { runConformance } from './conformance.ts';
import { Progress } from './progress.ts';
import { checkLine, exitCodeOf, summaryLine, totalOf } from './report.ts';
import type { Timed } from './report.ts';
import { repositoryRoot, toolVerdict } from './tool.ts';

/** The checks before the tests, in the order they are reported; each counts as one test. */
const checks: readonly Check[] = [
  { name: 'format', run: (cwd) => toolVerdict('oxfmt', ['--check', '.'], { cwd }) },
  { name: 'lint', run: (cwd) => toolVerdict('oxlint', ['--deny-warnings', '.'], { cwd }) },
  {
    name: 'types',
    run: (cwd) => toolVerdict('typescript', ['--noEmit', '--checkers', '1'], { cwd, bin: 'tsc' }),
  },
  { name: 'imports', run: checkImports },
  { name: 'purity', run: checkPurity },
  {
    name: 'dead code',
    run: (cwd) => toolVerdict('knip', ['--no-progress', '--no-config-hints'], { cwd }),
  },
  { name: 'derived', run: checkDerived },
  { name: 'secrets', run: checkSecrets },
  { name: 'licences', run: checkLicences },
  { name: 'requirements', run: checkRequirements },
];

const atOnce = 2;
const usage =
  'usage: q test [services|nightly] [--json] [FILTER]\n       q test conformance [--json] [--write]';

/**
 * `q test`: runs the checks, then the tests, and prints a line for each with its time, and the
 * whole output of those that failed. The last line is `N passed, N failed` (`, N skipped`).
 *
 * @param argv what follows `test`: a tier (`services`, `nightly`, or `conformance`: what is compared
 *   with published standards), `--json`, and a filter: the name of one check, or a part of the paths
 *   of the test files to run.
 * @returns the exit code: 0 where something passed and nothing failed, else 1; 2 for wrong usage.
 */
export async function runTests(argv: readonly string[]): Promise<number> {
  const request = readArguments(argv);
  if (request === undefined) {
    process.stderr.write(`${usage}\n`);
    return 2;
  }
  const began_ms = performance.now();
  const progress = new Progress(!request.json);
  const ran = await runAll(planOf(request, progress), progress, request.json);
  const total = totalOf(ran);
  if (request.json) {
    const duration_ms = Math.round(performance.now() - began_ms);
    process.stdout.write(`${JSON.stringify({ ...total, duration_ms, suites: ran }, null, 2)}\n`);
  } else {
    process.stdout.write(`\n${summaryLine(total)}\n`);
  }
  return exitCodeOf(total);
}

const tiers = ['services', 'nightly', 'conformance'] as const;

interface Request {
  tier: 'unit' | 'services' | 'nightly' | 'conformance';
  json: boolean;
  /** Conformance: puts the counts into the document. */
  write: boolean;
  filter: string | undefined;
}

function readArguments(argv: readonly string[]): Request | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: {
        json: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
      },
      allowPositionals: true,
    });
    const [first, ...rest] = positionals;
    const tier = tiers.find((name) => name === first) ?? 'unit';
    const filters = tier === 'unit' ? positionals : rest;
    const { json, write } = values;
    if (filters.length > (tier === 'conformance' ? 0 : 1)) return undefined;
    if (write && tier !== 'conformance') return undefined;
    return { tier, json, write, filter: filters[0] };
  } catch {
    return undefined; // an option that q test does not know
  }
}

function planOf({ tier, filter, write }: Request, progress: Progress): readonly Check[] {
  const only = checks.filter(({ name }) => tier === 'unit' && name === filter);
  if (only.length > 0) return only;
  const name = tier === 'unit' ? 'tests' : tier;
  const options = { filter, onProgress: (line: string) => progress.detail(name, fileIn(line)) };
  const tests: Check = {
    name,
    run(root): Promise<Verdict> {
      if (tier === 'services') return runServices(root, options);
      if (tier === 'nightly') return runNightly(root, options);
      if (tier === 'conformance')
        return runConformance(root, { write, onProgress: options.onProgress });
      return runVitest(root, { tier, ...options });
    },
  };
  return tier === 'unit' && filter === undefined ? [...checks, tests] : [tests];
}

/** The test file that a line of vitest's reporter speaks of. */
function fileIn(line: string): string {
  return /\S+\.test\.ts/.exec(line)?.[0] ?? '';
}

/**
 * Runs two checks at a time; the tests, which are last, begin when nothing else is left to begin.
 * Prints in the order of the plan.
 */
async function runAll(
  plan: readonly Check[],
  progress: Progress,
  silent: boolean,
): Promise<Timed[]> {
  const ended = plan.map(() => Promise.withResolvers<Timed>());
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < plan.length; at = next++) {
      const check = plan[at];
      if (check !== undefined) ended[at]?.resolve(await runOne(check, progress));
    }
  };
  for (let count = 0; count < atOnce; count++) void lane();
  const ran: Timed[] = [];
  for (const { promise } of ended) {
    const timed = await promise;
    ran.push(timed);
    if (!silent) print(timed, progress);
  }
  return ran;
}

/** A check that throws has failed, and says so. */
async function runOne({ name, run }: Check, progress: Progress): Promise<Timed> {
  const began_ms = performance.now();
  progress.started(name);
  const verdict = await run(repositoryRoot).catch((error: unknown): Verdict => {
    const output = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { passed: 0, failed: 1, skipped: 0, output };
  });
  progress.ended(name);
  return { name, ...verdict, duration_ms: Math.round(performance.now() - began_ms) };
}

function print(timed: Timed, progress: Progress): void {
  progress.clear();
  process.stdout.write(`${checkLine(timed)}\n`);
  for (const line of timed.suites ?? []) process.stdout.write(`${line}\n`);
  const worthReading = timed.failed > 0 || (timed.passed === 0 && timed.output !== '');
  if (worthReading) process.stdout.write(`\n${timed.output.replaceAll(/^/gm, '    ')}\n\n`);
}
