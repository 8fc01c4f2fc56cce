import { readdir } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fail } from '@anarq/common-schemas';
import { columns, paint, say } from '../terminal.ts';

/** A figure as the programs of bench/ give it (bench/measuring/figures.ts). */
interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly runs: number;
  readonly min: number;
  readonly max: number;
  readonly against?: { readonly name: string; readonly value: number };
  readonly ratio?: number;
  readonly target?: { readonly max?: number; readonly min?: number };
  readonly conditions: string;
}

const FOLDER = join(import.meta.dirname, '../../../../bench');

/** Runs a benchmark of bench/ and prints its figures. */
export async function bench(
  name: string | undefined,
  options: { readonly json?: boolean; readonly quick?: boolean; readonly plot?: string },
): Promise<void> {
  const names = (await readdir(FOLDER))
    .filter((file) => file.endsWith('.bench.ts'))
    .map((file) => file.slice(0, -'.bench.ts'.length));
  if (name === undefined)
    return say(`Benchmarks: ${names.join(', ')}. Run one with ./q bench NAME.`);
  if (!names.includes(name))
    fail('OPERATION_UNKNOWN', `There is no benchmark ${name}; there are ${names.join(', ')}.`);
  const { run } = (await import(pathToFileURL(join(FOLDER, `${name}.bench.ts`)).href)) as {
    run: (order: {
      progress: (line: string) => void;
      quick: boolean;
      plotPath: string | undefined;
    }) => Promise<Figure[]>;
  };
  const loadBefore = loadavg()[0] ?? 0;
  const figures = await run({
    progress: (line) => void process.stderr.write(`${paint.dim(line)}\n`),
    quick: options.quick === true,
    plotPath: options.plot,
  });
  const machine = machineOf(loadBefore);
  if (options.json === true)
    return say(JSON.stringify({ bench: name, machine, results: figures.map(resultOf) }, null, 2));
  for (const [at, line] of columns(figures.map(rowOf)).entries()) {
    say(line.trimEnd());
    say(paint.dim(`  ${figures[at]?.conditions ?? ''}`));
  }
  const gib = Math.round(machine.memoryBytes / 2 ** 30);
  say(
    paint.dim(
      `\n${machine.cores} x ${machine.cpu}, ${gib} GiB, Node ${machine.node}, ${machine.platform}; load ${machine.loadAverage.before.toFixed(1)} before, ${machine.loadAverage.after.toFixed(1)} after`,
    ),
  );
}

/** What the figures were measured on; the load says how much else ran there. */
const machineOf = (before: number) => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryBytes: totalmem(),
  node: process.versions.node,
  platform: `${process.platform} ${process.arch}`,
  loadAverage: { before, after: loadavg()[0] ?? 0 },
});

/** Every result has every member, so that a program need not ask which are there. */
const resultOf = ({ name, value, unit, against, ratio, target, conditions, ...runs }: Figure) => ({
  name,
  value,
  unit,
  against: against ?? null,
  ratio: ratio ?? null,
  target: target ?? null,
  conditions,
  ...runs,
});

const rowOf = (f: Figure): string[] => [
  paint.bold(f.name),
  `${round(f.value)} ${f.unit}`,
  paint.dim(`${round(f.min)} to ${round(f.max)}, ${f.runs} runs`),
  f.against === undefined || f.ratio === undefined
    ? ''
    : `${f.ratio.toFixed(2)} x ${f.against.name} (${round(f.against.value)})`,
  targetOf(f),
];

/** Held against the ratio where there is one, else against the figure itself. */
function targetOf({ target, ratio, value }: Figure): string {
  if (target === undefined) return '';
  const measured = ratio ?? value;
  if (target.max !== undefined)
    return `${measured <= target.max ? 'within' : 'OVER'} the target of at most ${target.max}`;
  return `${measured >= (target.min ?? 0) ? 'within' : 'BELOW'} the target of at least ${target.min}`;
}

const round = (value: number): string =>
  value >= 100 ? String(Math.round(value)) : value.toPrecision(3);
