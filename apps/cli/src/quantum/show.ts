import type { Measured, Plan } from '@anarq/quantum/local';
import { bytesText, dot, paint, say } from '../terminal.ts';
import { histogramLines, type Counts } from './histogram.ts';

/** Outcomes that are shown without --plot, and with it. */
const FEW = 16;
const MANY = 256;

/** Where a run was made, beside what came of it. */
export interface ShownRun extends Pick<
  Measured,
  | 'circuit'
  | 'shots'
  | 'outcomes'
  | 'counts'
  | 'expectations'
  | 'method'
  | 'why'
  | 'precision'
  | 'memory_bytes'
  | 'seed'
  | 'executor'
  | 'discardedWeight'
  | 'strict'
> {
  readonly duration_ms: number;
  readonly price?: string;
}

export function showRun(run: ShownRun, name: string, isPlot: boolean): void {
  const { circuit, shots, outcomes } = run;
  say(`${paint.bold(name)}  ${circuitText(circuit)}`);
  say(`  ${paint.cyan(run.method)}  ${run.why}`);
  const counts = isPlot ? run.counts.slice(0, MANY).toSorted(byBits) : run.counts.slice(0, FEW);
  if (counts.length > 0) say();
  for (const line of histogramLines(counts, shots)) say(line);
  if (outcomes > counts.length)
    say(paint.dim(`  … and ${outcomes - counts.length} more outcomes (--json has them)`));
  if (run.expectations.length > 0) say();
  for (const { observable, value, standardError } of run.expectations)
    say(
      `  <${observable}> = ${paint.bold(value.toPrecision(12))}${standardError === 0 ? '' : ` ± ${standardError.toPrecision(3)}`}`,
    );
  say();
  if (circuit.measuresAll)
    say(
      paint.dim('  The circuit measures nothing itself: all its qubits were measured at the end.'),
    );
  const facts = [
    ...(shots > 0 ? [`${shots} shots`] : []),
    `seed ${run.seed}`,
    `${run.duration_ms.toFixed(run.duration_ms < 100 ? 1 : 0)} ms`,
    bytesText(run.memory_bytes),
    run.precision,
    run.executor,
    ...(run.strict === true ? ['the same bits on every machine'] : []),
    ...(run.discardedWeight === undefined
      ? []
      : [`discarded weight ${run.discardedWeight.toExponential(2)}`]),
    ...(run.price === undefined ? [] : [run.price]),
  ];
  say(paint.dim(`  ${facts.join(` ${dot} `)}`));
}

export function showPlan(
  plan: Omit<Plan, 'duration_us' | 'alternatives' | 'method'> & Shown,
  name: string,
): void {
  say(`${paint.bold(name)}  ${circuitText(plan.circuit)}`);
  say(`  ${paint.cyan(plan.method)}  ${plan.why}`);
  say(`  memory    ${bytesText(plan.memory_bytes)} (${plan.memory_bytes} bytes)`);
  say(`  time      about ${timeText(plan.duration_ms)}`);
  if (plan.price !== undefined) say(`  price     ${plan.price}`);
  for (const { method, isPossible, why, memory_bytes, duration_ms } of plan.alternatives) {
    const takes =
      memory_bytes === undefined
        ? ''
        : `${bytesText(memory_bytes)}${duration_ms === undefined ? '' : `, about ${timeText(duration_ms)}`}: `;
    say(paint.dim(`  ${isPossible ? 'or' : 'not'} ${method.padEnd(13)} ${takes}${why}`));
  }
}

interface Shown {
  readonly method: string;
  readonly duration_ms: number;
  readonly price?: string;
  readonly alternatives: readonly (Omit<Plan['alternatives'][number], 'duration_us'> & {
    readonly duration_ms?: number | undefined;
  })[];
}

const circuitText = ({ qubits, bits, instructions, format }: Plan['circuit']): string =>
  paint.dim(
    `${format}: ${counted(qubits, 'qubit')}, ${counted(bits, 'bit')}, ${counted(instructions, 'instruction')}`,
  );

const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`;
const byBits = ([a]: Counts[number], [b]: Counts[number]): number => (a < b ? -1 : 1);
function timeText(ms: number): string {
  if (ms < 1_000) return `${Math.ceil(ms)} ms`;
  if (ms < 120_000) return `${(ms / 1_000).toPrecision(3)} s`;
  const minutes = Math.round(ms / 60_000);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
