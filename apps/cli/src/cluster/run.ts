import { setTimeout as wait } from 'node:timers/promises';
import { resolve } from 'node:path';
import { fail } from '@anarq/common-schemas';
import { cross, paint, say, tick, warn } from '../terminal.ts';
import { Cluster, startCluster } from './cluster.ts';
import { Load } from './load.ts';
import type { NetworkChoice } from './network.ts';
import { furthest, nameValidators, untilAgreed, untilChain } from './membership.ts';
import { statusLines, viewsOf } from './show.ts';

interface FolderOption {
  readonly data: string;
  readonly json?: boolean;
}

const FINAL_MS = 60_000;
const AGREED_MS = 60_000;
/** Beyond the epoch that has to end first. */
const JOINED_MS = 60_000;

const clusterOf = ({ data }: FolderOption): Cluster => new Cluster(resolve(data));

/** Starts the cluster of a folder, and shows it. */
export async function up(
  options: FolderOption & {
    readonly nodes: number;
    readonly epoch: number;
    readonly network: NetworkChoice;
  },
): Promise<void> {
  const { nodes, epoch, network } = options;
  const cluster = await startCluster({
    folder: resolve(options.data),
    nodes,
    epoch_ms: epoch * 1_000,
    network,
  });
  await untilChain(
    cluster,
    (await furthest(cluster)).name,
    ({ finalized }) => finalized.seq > 0,
    FINAL_MS,
  );
  await show(cluster, options);
  if (options.json !== true)
    say(`\n  Next   ./q cluster load    ./q cluster kill n1    ./q cluster down`);
}

export async function down(options: FolderOption): Promise<void> {
  await clusterOf(options).down();
  if (options.json === true) return say(JSON.stringify({ ok: true }));
  say(`${tick} the cluster is down; its data stays`);
}

export async function status(options: FolderOption): Promise<void> {
  const cluster = clusterOf(options);
  await cluster.plan();
  await show(cluster, options);
}

/** What is done to a single process. */
export async function act(
  name: 'kill' | 'stop' | 'start' | 'pause' | 'resume',
  node: string,
  options: FolderOption,
): Promise<void> {
  const cluster = clusterOf(options);
  await cluster[name](node);
  await show(cluster, options);
}

export async function partition(words: readonly string[], options: FolderOption): Promise<void> {
  const cluster = clusterOf(options);
  const parts = words.map((word) => word.split(',').filter((name) => name !== ''));
  await cluster.partition(parts);
  await show(cluster, options);
}

export async function heal(options: FolderOption): Promise<void> {
  const cluster = clusterOf(options);
  await cluster.heal();
  await show(cluster, options);
}

export async function delay(
  delay_ms: number,
  options: FolderOption & { readonly jitter: number },
): Promise<void> {
  await clusterOf(options).delay(delay_ms, options.jitter);
  if (options.json === true) return say(JSON.stringify({ ok: true }));
  const jitter = options.jitter === 0 ? '' : ` to ${delay_ms + options.jitter}`;
  say(`${tick} every message takes ${delay_ms}${jitter} ms longer`);
}

/** Starts one more process, and has it named a validator. */
export async function add(options: FolderOption & { readonly follower?: boolean }): Promise<void> {
  const cluster = clusterOf(options);
  const { name, publicKey } = await cluster.add();
  if (options.follower !== true) {
    const { validators } = (await furthest(cluster)).chain;
    const isNamed = (now: readonly string[]): boolean => now.includes(publicKey);
    await changeValidators(cluster, [...validators, publicKey], name, isNamed, options).catch(
      (error: unknown) => {
        warn(`${cross} ${name} runs, and is no validator: ./q cluster remove ${name} ends it`);
        throw error;
      },
    );
  }
  await show(cluster, options);
}

/** Has a node named a validator no more, and ends it. */
export async function remove(node: string, options: FolderOption): Promise<void> {
  const cluster = clusterOf(options);
  const { members } = await cluster.status();
  const member = members.find(({ name }) => name === node);
  if (member === undefined) return fail('INPUT_INVALID', `There is no node ${node}.`);
  const others = members.filter(({ name }) => name !== node);
  if (others.length === 0) fail('INPUT_INVALID', 'A cluster has at least one node.');
  const observer = others.find(({ state }) => state === 'RUNNING')?.name ?? node;
  const { validators } = await cluster.chain(observer);
  if (validators.includes(member.publicKey))
    await changeValidators(
      cluster,
      validators.filter((key) => key !== member.publicKey),
      observer,
      (now) => !now.includes(member.publicKey),
      options,
    );
  await cluster.remove(node);
  await show(cluster, options);
}

/** Names validators and waits for the epoch in which they are. */
async function changeValidators(
  cluster: Cluster,
  keys: readonly string[],
  observer: string,
  isDone: (validators: readonly string[]) => boolean,
  { json }: FolderOption,
): Promise<void> {
  const { chain } = await cluster.plan();
  await nameValidators(cluster, keys, FINAL_MS);
  if (json !== true)
    say(paint.dim(`  named; the next epoch begins within ${Math.ceil(chain.epoch_ms / 1_000)} s`));
  await untilChain(
    cluster,
    observer,
    ({ validators }) => isDone(validators),
    chain.epoch_ms + JOINED_MS,
  );
}

/** Lets transfers flow, and then holds every balance to what it must be. */
export async function load(
  options: FolderOption & {
    readonly seconds: number;
    readonly batch: number;
    readonly pause: number;
  },
): Promise<void> {
  const cluster = clusterOf(options);
  const flow = await Load.start(cluster, { batch: options.batch, pause_ms: options.pause });
  await wait(options.seconds * 1_000);
  const report = await flow.stop();
  const agreed = await untilAgreed(cluster, AGREED_MS);
  const wrong = await flow.differences();
  if (wrong.length > 0) process.exitCode = 1;
  if (options.json === true) return say(JSON.stringify({ ...report, agreed, wrong }));
  const { finality_ms } = report;
  say(`${tick} ${report.final} of ${report.sent} transfers are final`);
  say(
    `  final after ${finality_ms.p50} ms (p50), ${finality_ms.p99} ms (p99), ${finality_ms.max} ms at most; the longest gap ${report.gap_ms} ms`,
  );
  say(`  ${report.again} entries were handed to another node, because no receipt had come`);
  say(
    `  ${agreed.members} nodes have the state root ${agreed.stateRoot.slice(0, 12)} at checkpoint ${agreed.seq}`,
  );
  say(
    wrong.length === 0
      ? `${tick} every balance is what it must be: nothing lost, nothing twice`
      : `  ${paint.red('wrong balances:')} ${wrong.join(', ')}`,
  );
}

async function show(cluster: Cluster, { json }: FolderOption): Promise<void> {
  const found = await cluster.status();
  const views = await viewsOf(cluster, found);
  if (json === true) return say(JSON.stringify({ ...found, members: views }));
  for (const line of statusLines(views, found)) say(line);
}
