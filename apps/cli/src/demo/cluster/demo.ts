import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCluster } from '../../cluster/cluster.ts';
import { cross, paint, say, tick } from '../../terminal.ts';
import { version } from '../../version.ts';
import { storyteller } from '../storyteller.ts';
import { runClusterJourney, type ClusterReport } from './journey.ts';

const NODES = 4;
const EPOCH_MS = 6_000;

/** A chain of four processes in a temporary folder, and what happens to it. */
export async function clusterDemo({ json }: { readonly json?: boolean }): Promise<void> {
  const begun = performance.now();
  const isJson = json === true;
  const folder = await mkdtemp(join(tmpdir(), 'q-cluster-'));
  if (!isJson) say(`${paint.bold('Q∞')} ${version}  a chain of ${NODES} processes\n`);
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const order = { folder, nodes: NODES, epoch_ms: EPOCH_MS, network: 'auto' } as const;
  const cluster = await startCluster(order).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  let isLeaving = false;
  // Ctrl-C leaves nothing behind: no process, and no key.
  const leave = async (): Promise<void> => {
    if (isLeaving) return;
    isLeaving = true;
    await cluster.down();
    await remove();
  };
  const interrupted = (): void => void leave().then(() => process.exit(130));
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  let report: ClusterReport;
  try {
    report = await runClusterJourney(cluster, isJson ? () => undefined : storyteller(8));
  } finally {
    await leave();
  }
  const duration_ms = Math.round(performance.now() - begun);
  if (!report.ok) process.exitCode = 1;
  if (isJson) return say(JSON.stringify({ ...report, duration_ms }));
  say();
  say(
    report.ok
      ? `${tick} ${paint.bold('all of it held')}, in ${(duration_ms / 1000).toFixed(1)} s`
      : `${cross} ${paint.bold('something did not hold')}: --json says what`,
  );
  say(`\n  Do it yourself:`);
  say(paint.dim('  ./q cluster up && ./q cluster load && ./q cluster kill n1'));
}
