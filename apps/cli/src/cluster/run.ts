import { setTimeout as wait } from 'node:timers/promises';
import { resolve } from 'node:path';
import { fail } from '@anarq/common-schemas';
import { paint, say, tick } from '../terminal.ts';
import { Cluster, startCluster } from './cluster.ts';
import { Load } from './load.ts';
import { furthest, nameValidators, untilAgreed, untilChain } from './membership.ts';
import { statusLines, viewsOf } from './show.ts';

interface FolderOption {
  readonly data: string;
}
interface JsonOption {
  readonly json?: boolean;
}

const FINAL_MS = 60_000;
const AGREED_MS = 60_000;
/** Beyond the epoch that has to end first. */
const JOINED_MS = 60_000;

const clusterOf = ({ data }: FolderOption): Cluster => new Cluster(resolve(data));

/** Starts the cluster of a folder, and shows it. */
export async function up(
  options: FolderOption & JsonOption & { readonly nodes: number; readonly epoch: number },
): Promise<void> {
  const { nodes, epoch } = options;
  const cluster = await startCluster({
    folder: resolve(options.data),
    nodes,
    epoch_ms: epoch * 1_000,
  });
  await untilChain(
    cluster,
    (await furthest(cluster)).name,
    ({ finalized }) => finalized.seq > 0,
    FINAL_MS,
  );
  if (options.json === true) return showJson(cluster);
  await show(cluster);
  say(`\n  Next   ./q cluster load    ./q cluster kill n1    ./q cluster down`);
}

export async function down(options: FolderOption): Promise<void> {
  await clusterOf(options).down();
  say(`${tick} the cluster is down; its data stays`);
}

export async function status(options: FolderOption & JsonOption): Promise<void> {
  const cluster = clusterOf(options);
  await cluster.plan();
  await (options.json === true ? showJson(cluster) : show(cluster));
}

/** What is done to a single process. */
export async function act(
  name: 'kill' | 'stop' | 'start' | 'pause' | 'resume',
  node: string,
  options: FolderOption,
): Promise<void> {
  const cluster = clusterOf(options);
  await cluster[name](node);
  await show(cluster);
}

export async function partition(words: readonly string[], options: FolderOption): Promise<void> {
  const cluster = clusterOf(options);
  const parts = words.map((word) => word.split(',').filter((name) => name !== ''));
  await cluster.partition(parts);
  await show(cluster);
}

export async function heal(options: FolderOption): Promise<void> {
  const cluster = clusterOf(options);
  await cluster.heal();
  await show(cluster);
}

export async function delay(
  delay_ms: number,
  options: FolderOption & { readonly jitter: number },
): Promise<void> {
  await clusterOf(options).delay(delay_ms, options.jitter);
  const jitter = options.jitter === 0 ? '' : ` to ${delay_ms + options.jitter}`;
  say(`${tick} every message takes ${delay_ms}${jitter} ms longer`);
}

/** Starts one more process, and has it named a validator. */
export async function add(options: FolderOption & { readonly follower?: boolean }): Promise<void> {
  const cluster = clusterOf(options);
  const { name, publicKey } = await cluster.add();
  if (options.follower !== true) {
    const { validators } = (await furthest(cluster)).chain;
    await changeValidators(cluster, [...validators, publicKey], name, true);
  }
  await show(cluster);
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
      false,
      member.publicKey,
    );
  await cluster.remove(node);
  await show(cluster);
}

/** Names validators and waits for the epoch in which they are. */
async function changeValidators(
  cluster: Cluster,
  keys: readonly string[],
  observer: string,
  isIn: boolean,
  key = keys.at(-1) ?? '',
): Promise<void> {
  const { chain } = await cluster.plan();
  await nameValidators(cluster, keys, FINAL_MS);
  say(paint.dim(`  named; the next epoch begins within ${Math.ceil(chain.epoch_ms / 1_000)} s`));
  await untilChain(
    cluster,
    observer,
    ({ validators }) => validators.includes(key) === isIn,
    chain.epoch_ms + JOINED_MS,
  );
}

/** Lets transfers flow, and then holds every balance to what it must be. */
export async function load(
  options: FolderOption &
    JsonOption & { readonly seconds: number; readonly batch: number; readonly pause: number },
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

async function show(cluster: Cluster): Promise<void> {
  const found = await cluster.status();
  for (const line of statusLines(await viewsOf(cluster, found), found.parts)) say(line);
}

async function showJson(cluster: Cluster): Promise<void> {
  const found = await cluster.status();
  say(JSON.stringify({ ...found, members: await viewsOf(cluster, found) }));
}
