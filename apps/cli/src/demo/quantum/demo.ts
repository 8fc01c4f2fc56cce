import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startNode } from '@anarq/node';
import { cross, paint, say, tick, warn } from '../../terminal.ts';
import { version } from '../../version.ts';
import { storyteller } from '../storyteller.ts';
import { runQuantumJourney, type QuantumReport } from './journey.ts';

interface QuantumDemoOptions {
  readonly receipt?: string;
  readonly store?: string;
  readonly bus?: string;
  readonly json?: boolean;
}

/** Circuits that an agent runs within its budget, on a node of their own in a temporary folder. */
export async function quantumDemo(options: QuantumDemoOptions): Promise<void> {
  const begun = performance.now();
  const folder = await mkdtemp(join(tmpdir(), 'q-demo-'));
  const isJson = options.json === true;
  const receiptPath = resolve(options.receipt ?? join(tmpdir(), `q-receipt-${process.pid}.json`));
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
  let report: QuantumReport;
  try {
    report = await runQuantumJourney(node, isJson ? () => undefined : storyteller(8));
  } finally {
    await node.close();
    await rm(folder, { recursive: true, force: true });
  }
  await writeFile(receiptPath, `${JSON.stringify(report.receipts.last, null, 2)}\n`);
  const duration_ms = Math.round(performance.now() - begun);
  if (!report.ok) process.exitCode = 1;
  const { last: _, ...receipts } = report.receipts;
  if (isJson)
    return say(
      JSON.stringify({ ...report, receipts: { ...receipts, path: receiptPath }, duration_ms }),
    );
  say();
  say(
    report.ok
      ? `${tick} ${paint.bold('all of it held')}, in ${(duration_ms / 1000).toFixed(1)} s`
      : `${cross} ${paint.bold('something did not hold')}: --json says what`,
  );
  say(`\n  Verify a receipt yourself, without a node and without a network:`);
  say(paint.dim(`  ./q verify ${receiptPath} \\\n    --trust '${receipts.trust}'`));
}
