import { fail } from '@anarq/common-schemas';
import {
  addCounts,
  noCounts,
  PLANTED_BUGS,
  simulate,
  type SimulationCounts,
  type SimulationReport,
} from '@anarq/ledger-engine/testing';
import { columns, cross, paint, say, tick, warn } from '../terminal.ts';

/** Failed runs that are told in full; the JSON has them all. */
const TOLD = 10;
const SENTENCES_TOLD = 3;
const EVERY_MS = 200;

const LABELS: Readonly<Record<keyof SimulationCounts, string>> = {
  batches: 'batches applied',
  events: 'accounts and transfers in them',
  answers: 'batches answered',
  retries: 'batches sent again with the same ids',
  undone: 'batches undone by a crash, unanswered',
  expiries: 'pending transfers that expired',
  crashes: 'times the power went',
  kills: 'times the process was killed',
  crashesInRecovery: 'of both, during a recovery',
  tornWrites: 'writes of a page cut at some byte',
  lostWrites: 'writes of a page lost',
  reorderedWrites: 'writes of a page kept after a lost one',
  failedSyncs: 'syncs that failed',
  flips: 'bits flipped in acknowledged pages',
  flipsFound: 'of them refused as damage',
  snapshotFlips: 'bits flipped in snapshots',
  indexFlips: 'bits flipped in indexes',
  indexFlipsFound: 'of them refused when they were read',
  fullRefusals: 'batches refused by a full disk',
  clockJumpsForward: 'jumps of the clock forward',
  clockJumpsBack: 'jumps of the clock back',
  snapshots: 'snapshots kept',
  recoveriesFromSnapshot: 'recoveries from a snapshot',
};

interface SimOptions {
  readonly runs: number;
  readonly seed: number;
  readonly bug?: string;
  readonly json?: boolean;
}

/**
 * Simulates the writer of a ledger through everything that can go wrong, a run a seed, and prints what must
 * not have happened. Sets the exit code to 1 where something did.
 * @throws OPERATION_UNKNOWN for a simulation that there is not
 * @throws INPUT_INVALID for a mistake that there is not
 */
export function sim(name: string | undefined, options: SimOptions): void {
  if (name === undefined) return say('Simulations: ledger, dag. Run one with ./q sim ledger.');
  if (name !== 'ledger')
    fail('OPERATION_UNKNOWN', `There is no simulation ${name}; there are ledger and dag.`);
  const bug = PLANTED_BUGS.find((known) => known === options.bug);
  if (bug === undefined && options.bug !== undefined)
    fail(
      'INPUT_INVALID',
      `There is no mistake ${options.bug}; there are ${PLANTED_BUGS.join(', ')}.`,
    );
  const counts = noCounts();
  const failed: SimulationReport[] = [];
  const began_ms = performance.now();
  let shown_ms = began_ms;
  for (let run = 0; run < options.runs; run++) {
    const report = simulate(options.seed + run, bug);
    addCounts(counts, report.counts);
    if (report.violations.length > 0) failed.push(report);
    if (!process.stderr.isTTY || performance.now() - shown_ms < EVERY_MS) continue;
    shown_ms = performance.now();
    const line = `… ${run + 1} of ${options.runs} runs, ${violationsOf(failed)} violations`;
    process.stderr.write(`\r\u001b[K${paint.dim(line)}`);
  }
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  const duration_ms = Math.round(performance.now() - began_ms);
  if (failed.length > 0) process.exitCode = 1;
  if (options.json === true) {
    const { runs, seed } = options;
    const violations = violationsOf(failed);
    const seeds = failed.map(({ seed: at, violations: sentences }) => ({
      seed: at,
      violations: sentences,
    }));
    return say(JSON.stringify({ runs, firstSeed: seed, violations, seeds, counts, duration_ms }));
  }
  tell(options, failed, counts, duration_ms);
}

const violationsOf = (failed: readonly SimulationReport[]): number =>
  failed.reduce((sum, { violations }) => sum + violations.length, 0);

function tell(
  { runs, seed, bug }: SimOptions,
  failed: readonly SimulationReport[],
  counts: SimulationCounts,
  duration_ms: number,
): void {
  const mark = failed.length === 0 ? tick : cross;
  const violations = paint.bold(`${violationsOf(failed)} violations`);
  say(
    `${mark} ${paint.bold(`${runs} runs`)} of the ledger, seeds ${seed} to ${seed + runs - 1}: ${violations}, ${(duration_ms / 1000).toFixed(1)} s`,
  );
  const names = Object.keys(LABELS) as (keyof SimulationCounts)[];
  const rows = names.map((name) => [counts[name].toLocaleString('en'), LABELS[name]]);
  const width = Math.max(...rows.map(([count = '']) => count.length));
  for (const line of columns(
    rows.map(([count = '', label = '']) => [count.padStart(width), label]),
  ))
    say(`  ${line}`);
  if (failed.length === 0) return;
  for (const { seed: at, violations: sentences } of failed.slice(0, TOLD)) {
    warn(`${cross} seed ${paint.bold(String(at))}`);
    for (const sentence of sentences.slice(0, SENTENCES_TOLD)) warn(`    ${sentence}`);
    if (sentences.length > SENTENCES_TOLD)
      warn(paint.dim(`    and ${sentences.length - SENTENCES_TOLD} more`));
  }
  const rest = failed.slice(TOLD).map(({ seed: at }) => at);
  if (rest.length > 0) warn(`  further seeds: ${rest.join(', ')}`);
  const again = `--runs 1 --seed ${failed[0]?.seed ?? seed}${bug === undefined ? '' : ` --bug ${bug}`}`;
  warn(`  do    ./q sim ledger ${again}   does it again`);
}
