import { readdir } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fail } from '@anarq/common-schemas';
import { columns, paint, say } from '../terminal.ts';

/** One measured figure: the median of several runs, and what it is compared with. */
interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly runs: number;
  readonly min: number;
  readonly max: number;
  /** What the figure is compared with in the same run, and the ratio to it. */
  readonly against?: { readonly name: string; readonly value: number; readonly ratio: number };
  readonly conditions: string;
}

const FOLDER = join(import.meta.dirname, '../../../../bench');

/** Runs a benchmark of bench/ and prints its figures. */
export async function bench(
  name: string | undefined,
  options: { readonly json?: boolean },
): Promise<void> {
  const names = (await readdir(FOLDER))
    .filter((file) => file.endsWith('.bench.ts'))
    .map((file) => file.slice(0, -'.bench.ts'.length));
  if (name === undefined)
    return say(`Benchmarks: ${names.join(', ')}. Run one with ./q bench NAME.`);
  if (!names.includes(name))
    fail('OPERATION_UNKNOWN', `There is no benchmark ${name}; there are ${names.join(', ')}.`);
  const { run } = (await import(pathToFileURL(join(FOLDER, `${name}.bench.ts`)).href)) as {
    run: (progress: (line: string) => void) => Promise<Figure[]>;
  };
  const machine = `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}, ${process.platform}`;
  const figures = await run((line) => void process.stderr.write(`${paint.dim(line)}\n`));
  if (options.json === true)
    return say(
      JSON.stringify({
        bench: name,
        machine,
        figures: Object.fromEntries(figures.map(({ name: figure, ...rest }) => [figure, rest])),
      }),
    );
  const rows = figures.map((f) => [
    paint.bold(f.name),
    `${round(f.value)} ${f.unit}`,
    paint.dim(`${round(f.min)} to ${round(f.max)}, ${f.runs} runs`),
    f.against === undefined
      ? ''
      : `${f.against.ratio.toFixed(2)} x ${f.against.name} (${round(f.against.value)})`,
    paint.dim(f.conditions),
  ]);
  for (const line of columns(rows)) say(line);
  say(paint.dim(`\n${machine}`));
}

const round = (value: number): string =>
  value >= 100 ? String(Math.round(value)) : value.toPrecision(3);
