import { rmSync } from 'node:fs';
import { access, constants, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fail, QError } from '@anarq/common-schemas';
import { startNode } from '@anarq/node';
import { cross, paint, say, tick, warn } from '../terminal.ts';
import { version } from '../version.ts';
import { runJourney, type JourneyReport } from './journey.ts';
import { storyteller } from './storyteller.ts';

const EXAMPLE = join(import.meta.dirname, '../../../../examples/time-zones/zone1970.tab');

/** Runs the journey on a node of its own, in a temporary folder, and tells it as it happens. */
export async function demo(name: string | undefined, options: DemoOptions): Promise<void> {
  try {
    if (name === undefined) await runDemo(options);
    else if (name === 'quantum') await (await import('./quantum/demo.ts')).quantumDemo(options);
    else if (name === 'cluster') await (await import('./cluster/demo.ts')).clusterDemo(options);
    else
      fail('OPERATION_UNKNOWN', `There is no demo ${name}; there are two more: quantum, cluster.`);
  } catch (error) {
    if (options.json !== true) throw error;
    const code = error instanceof QError ? error.code : 'INTERNAL';
    say(JSON.stringify({ ok: false, code, message: (error as Error).message }));
    process.exitCode = 1;
  }
}

interface DemoOptions {
  readonly file?: string;
  readonly receipt?: string;
  readonly store?: string;
  readonly bus?: string;
  readonly json?: boolean;
}

async function runDemo(options: DemoOptions): Promise<void> {
  const begun = performance.now();
  const file = resolve(options.file ?? EXAMPLE);
  const info = await stat(file).catch(() => undefined);
  if (info?.isFile() !== true) fail('INPUT_INVALID', `${file} is not a file that can be read.`);
  const folder = await mkdtemp(join(tmpdir(), 'q-demo-'));
  const receiptPath = resolve(options.receipt ?? join(tmpdir(), `q-receipt-${process.pid}.json`));
  const isJson = options.json === true;
  await access(dirname(receiptPath), constants.W_OK).catch(() =>
    fail('FOLDER_UNUSABLE', `The receipt cannot be written to ${receiptPath}.`),
  );
  if (!isJson) say(`${paint.bold('Q∞')} ${version}  a node in a temporary folder, on loopback\n`);
  const node = await startNode({
    dataFolder: join(folder, 'data'),
    keysFolder: join(folder, 'keys'),
    store: options.store,
    bus: options.bus,
    port: 0,
    version,
    onError: (error, where) => warn(`${cross} ${where}: ${String(error)}`),
  });
  // Ctrl-C leaves nothing behind: the folder holds keys.
  const leave = (): void => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(130);
  };
  process.once('SIGINT', leave);
  process.once('SIGTERM', leave);
  let report: JourneyReport;
  try {
    report = await runJourney({
      node,
      file,
      receiptPath,
      show: isJson ? () => undefined : storyteller(10),
    });
  } finally {
    await node.close();
    await rm(folder, { recursive: true, force: true });
  }
  const duration_ms = Math.round(performance.now() - begun);
  if (!report.ok) process.exitCode = 1;
  if (isJson) return say(JSON.stringify({ ...report, duration_ms }));
  closing(report, duration_ms);
}

function closing(report: JourneyReport, duration_ms: number): void {
  const { receipt } = report;
  say();
  say(
    report.ok
      ? `${tick} ${paint.bold('all of it held')}, in ${(duration_ms / 1000).toFixed(1)} s`
      : `${cross} ${paint.bold('something did not hold')}: --json says what`,
  );
  say(`\n  Verify the receipt yourself, without a node and without a network:`);
  say(paint.dim(`  ./q verify ${receipt.path} \\\n    --trust '${receipt.trust}'`));
}
