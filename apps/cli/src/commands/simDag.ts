import { accessSync, constants, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import {
  FAULTS,
  simulateDag,
  STRATEGIES,
  type DagReport,
  type SampledCounts,
  type SimulationOptions,
} from '@anarq/dag/testing';
import { fail } from '@anarq/common-schemas';
import { mlDsa65 } from './mlDsa65.ts';
import { followersOf, followersRows } from './simFollowers.ts';
import { columns, cross, paint, say, tick, warn } from '../terminal.ts';

export interface SimDagOptions {
  readonly runs: number;
  readonly seed: number;
  readonly nodes?: number;
  /** A number, or `max`. */
  readonly byzantine?: string;
  readonly fault?: string;
  readonly strategy?: string;
  /** `ideal`, or the share of signatures that are checked with ML-DSA-65, too. */
  readonly signatures?: string;
  /** Followers beside the validators. */
  readonly followers?: number;
  readonly svg?: string;
  readonly json?: boolean;
}

const TOLD = 10;
const EVERY_MS = 200;

const LABELS: Readonly<Record<keyof DagReport['counts'], string>> = {
  transactions: 'transactions handed in',
  conflicts: 'of them in conflict with another',
  messages: 'messages between nodes',
  lost: 'of them lost',
  duplicated: 'of them twice',
  late: 'of them up to 1.5 s late, behind others',
  cut: 'of them cut off by a partition',
  refused: 'of them refused: signatures of nobody, states that nobody signed',
  lies: 'lies told by validators',
  crashes: 'crashes',
  lostWrites: 'writes lost by crashes',
  tornWrites: 'times a log had a torn end',
  clockJumps: 'clocks that jumped',
  equivocations: 'proofs of two blocks for one round',
  misbehaviour: 'blocks refused for their shape',
  adopted: 'states taken over by nodes that were behind',
  epochs: 'changes of the committee',
  certificates: 'certificates, at all nodes',
};

/**
 * Simulates chains of validators that lie, crash and lose messages, a run a seed, and prints what must not have
 * happened. Sets the exit code to 1 where something did, or where a chain stood still after all was quiet.
 * @throws INPUT_INVALID for a number of validators, a fault, a strategy or a share that there is not
 */
export function simDag(options: SimDagOptions): void {
  const asked = askedOf(options);
  const { svg } = options;
  // Before all the runs, and not after them.
  if (svg !== undefined) writing(svg, () => accessSync(dirname(resolve(svg)), constants.W_OK));
  const reports: DagReport[] = [];
  const began_ms = performance.now();
  let shown_ms = began_ms;
  for (let run = 0; run < options.runs; run += 1) {
    const draws = options.svg !== undefined && options.runs === 1;
    reports.push(simulateDag({ ...asked, seed: options.seed + run, draws }));
    if (!process.stderr.isTTY || performance.now() - shown_ms < EVERY_MS) continue;
    shown_ms = performance.now();
    process.stderr.write(`\r\u001b[K${paint.dim(`… ${run + 1} of ${options.runs} runs`)}`);
  }
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  const failed = reports.filter(({ violations, stalled }) => violations.length > 0 || stalled);
  if (failed.length > 0) process.exitCode = 1;
  draw(options, asked, reports, failed);
  const result = summaryOf(options, reports, failed, Math.round(performance.now() - began_ms));
  if (options.json === true) return say(JSON.stringify(result));
  tell(options, failed, result);
}

function askedOf(options: SimDagOptions): Omit<SimulationOptions, 'seed'> {
  const fault = ([...FAULTS, 'none'] as const).find((known) => known === options.fault);
  if (options.fault !== undefined && fault === undefined)
    fail(
      'INPUT_INVALID',
      `There is no fault ${options.fault}; there are ${FAULTS.join(', ')}, none.`,
    );
  const strategy = STRATEGIES.find((known) => known === options.strategy);
  if (options.strategy !== undefined && strategy === undefined)
    fail(
      'INPUT_INVALID',
      `There is no strategy ${options.strategy}; there are ${STRATEGIES.join(', ')}.`,
    );
  const nodes = options.nodes;
  const byzantine = options.byzantine === 'max' ? 'max' : numberOf(options.byzantine);
  if (typeof byzantine === 'number' && byzantine >= (nodes ?? 4))
    fail(
      'INPUT_INVALID',
      `Of ${nodes ?? 4} validators ${byzantine} cannot lie: one must be honest.`,
    );
  const share = shareOf(options.signatures);
  return {
    ...(share === undefined ? {} : { signatures: { scheme: mlDsa65(), share } }),
    ...(nodes === undefined ? {} : { nodes }),
    ...(byzantine === undefined ? {} : { byzantine }),
    ...(fault === undefined ? {} : { fault }),
    ...(strategy === undefined ? {} : { strategy }),
  };
}

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,3}$/.test(text))
    fail('INPUT_INVALID', `--byzantine takes a number or max, not ${text}.`);
  return Number(text);
}

function shareOf(text: string | undefined): number | undefined {
  if (text === undefined || text === 'ideal') return undefined;
  const share = Number(text);
  if (!/^[\d.]+$/.test(text) || !(share > 0 && share <= 1))
    fail('INPUT_INVALID', `--signatures takes ideal or a share above 0, up to 1, not ${text}.`);
  return share;
}

/** @throws FOLDER_UNUSABLE where no picture can be written there */
function writing(svg: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    // What node:fs throws.
    const { code } = error as NodeJS.ErrnoException;
    fail('FOLDER_UNUSABLE', `${svg} cannot be written: ${code}.`);
  }
}

/** The picture of a single run, or of the first that failed. */
function draw(
  { svg }: SimDagOptions,
  asked: Omit<SimulationOptions, 'seed'>,
  reports: readonly DagReport[],
  failed: readonly DagReport[],
): void {
  const shown = failed[0] ?? reports[0];
  if (svg === undefined || shown === undefined) return;
  const picture = shown.picture ?? simulateDag({ ...asked, seed: shown.seed, draws: true }).picture;
  writing(svg, () => writeFileSync(svg, `${picture ?? ''}\n`));
}

/** What `--json` writes. */
export type Summary = ReturnType<typeof summaryOf>;

/** What all runs with real signatures did together; undefined where they were ideal. */
function signaturesOf(reports: readonly DagReport[]): SampledCounts | undefined {
  const sampled = reports.flatMap(({ signatures }) => signatures ?? []);
  const [first] = sampled;
  if (first === undefined) return undefined;
  const sum = (name: Exclude<keyof SampledCounts, 'share'>) =>
    sampled.reduce((total, counts) => total + counts[name], 0);
  return {
    share: first.share,
    checked: sum('checked'),
    verified: sum('verified'),
    forged: sum('forged'),
    signed: sum('signed'),
  };
}

function summaryOf(
  { runs, seed, nodes: validators = 4, followers }: SimDagOptions,
  reports: readonly DagReport[],
  failed: readonly DagReport[],
  duration_ms: number,
) {
  const counts = Object.fromEntries(
    Object.keys(LABELS).map((name) => [
      name,
      reports.reduce((sum, report) => sum + report.counts[name as keyof typeof LABELS], 0),
    ]),
  ) as DagReport['counts'];
  const signatures = signaturesOf(reports);
  const latencies_ms = reports.flatMap((report) => report.latencies_ms).toSorted((a, b) => a - b);
  const at = (share: number) =>
    Math.round(latencies_ms[Math.floor(share * latencies_ms.length)] ?? 0);
  return {
    runs,
    firstSeed: seed,
    violations: reports.reduce((sum, { violations }) => sum + violations.length, 0),
    stalled: reports.filter(({ stalled }) => stalled !== undefined).length,
    seeds: failed.map(({ seed: failedSeed, nodes, strategies, faults, violations, stalled }) => ({
      seed: failedSeed,
      nodes,
      strategies,
      faults,
      violations,
      ...(stalled === undefined ? {} : { stalled }),
    })),
    commits: reports.reduce((sum, { commits }) => sum + commits, 0),
    commit_ms: { p50: at(0.5), p99: at(0.99) },
    counts,
    ...(signatures && { signatures }),
    ...(followers === undefined ? {} : { followers: followersOf(followers, validators, seed) }),
    duration_ms,
  };
}

function tell(options: SimDagOptions, failed: readonly DagReport[], result: Summary): void {
  const { runs, seed } = options;
  const mark = failed.length === 0 ? tick : cross;
  const found = paint.bold(`${result.violations} violations, ${result.stalled} stalled`);
  say(
    `${mark} ${paint.bold(`${runs} runs`)} of a chain, seeds ${seed} to ${seed + runs - 1}: ${found}, ${(result.duration_ms / 1000).toFixed(1)} s`,
  );
  const rows = (Object.keys(LABELS) as (keyof typeof LABELS)[]).map((name) => [
    result.counts[name].toLocaleString('en'),
    LABELS[name],
  ]);
  rows.unshift(
    [result.commits.toLocaleString('en'), 'commits'],
    [`${result.commit_ms.p50}`, 'ms from a block to its commit, p50, in simulated time'],
    [`${result.commit_ms.p99}`, 'ms, p99, times of faults included'],
  );
  const { signatures, followers } = result;
  if (signatures !== undefined)
    rows.push(
      [signatures.checked.toLocaleString('en'), 'signatures checked'],
      [signatures.verified.toLocaleString('en'), 'of them with ML-DSA-65, drawn by the seed'],
      [signatures.forged.toLocaleString('en'), 'of those forged, and found so'],
      [signatures.signed.toLocaleString('en'), 'ML-DSA-65 signatures made for these checks'],
    );
  if (followers !== undefined) rows.push(...followersRows(followers).map((row) => [...row]));
  const width = Math.max(...rows.map(([count = '']) => count.length));
  for (const line of columns(
    rows.map(([count = '', label = '']) => [count.padStart(width), label]),
  ))
    say(`  ${line}`);
  for (const { seed: at, nodes, strategies, faults, violations, stalled } of failed.slice(
    0,
    TOLD,
  )) {
    const liars = strategies.length === 0 ? 'no liar' : strategies.join(', ');
    warn(
      `${cross} seed ${paint.bold(String(at))}: ${nodes} validators, ${liars}; ${faults.join(', ') || 'no fault'}`,
    );
    for (const sentence of [...violations.slice(0, 3), ...((stalled ?? '') ? [stalled] : [])])
      warn(`    ${sentence}`);
  }
  const [first] = failed;
  if (first === undefined) return;
  const given = (['nodes', 'byzantine', 'fault', 'strategy', 'signatures'] as const)
    .filter((name) => options[name] !== undefined)
    .map((name) => ` --${name} ${options[name]}`);
  warn(
    `  do    ./q sim dag --runs 1 --seed ${first.seed}${given.join('')} --svg dag.svg   does it again, and draws it`,
  );
}
