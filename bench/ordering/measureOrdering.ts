import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forgetJetStreamOrder } from '@anarq/ordering';
import { Child } from '../measuring/child.ts';
import type { NodeArgument, NodeLoad, NodeShape } from './node.ts';

/** What is measured, and how. */
export interface OrderingOrder {
  readonly ordering: 'local' | 'jetstream';
  /** Of the broker, for `jetstream`: `nats://host:port`. */
  readonly url?: string;
  /** That follow a broker, the one that hands in included. */
  readonly nodes?: number;
  /** Loads of the same shape one after the other; the first is for the caches, and is not told. */
  readonly rounds: number;
  readonly shape: NodeShape;
}

export interface OrderingMeasured extends NodeLoad {
  /** Of the process that hands in, each thread counted, for a transfer. */
  readonly cpu_us: number;
  /** Likewise, of all that follow. */
  readonly followers_cpu_us: number;
}

/**
 * The same load on one writer, or on nodes that follow a broker: each node in a process of its own, batches
 * handed in at one of them, and answered after its sync. At the end all have the same state, or it throws.
 */
export async function measureOrdering(order: OrderingOrder): Promise<OrderingMeasured[]> {
  const { ordering, url, nodes: count = 2 } = order;
  const folder = await mkdtemp(join(tmpdir(), 'q-bench-ordering-'));
  const space = `bench_${process.pid}_${Date.now()}`;
  const broker = ordering === 'local' ? undefined : { url: brokerOf(url), space };
  const nodes: Child[] = [];
  try {
    for (let at = 0; at < (broker === undefined ? 1 : count); at++) {
      const argument: NodeArgument = { folder: join(folder, String(at)), broker };
      const node = new Child(new URL('node.ts', import.meta.url), argument);
      nodes.push(node);
      await node.ask({ kind: 'open' });
    }
    return await measureRounds(nodes, order);
  } finally {
    for (const node of nodes) await node.stop();
    if (broker !== undefined) await forgetJetStreamOrder(broker.url, space);
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureRounds(
  nodes: readonly Child[],
  { rounds, shape }: OrderingOrder,
): Promise<OrderingMeasured[]> {
  const [first, ...followers] = nodes;
  if (first === undefined) throw new Error('a load needs a node');
  const measured: OrderingMeasured[] = [];
  const transfers = shape.requests * shape.batch;
  for (let round = 0; round <= rounds; round++) {
    const before = await cpuOf([first]);
    const followersBefore = await cpuOf(followers);
    const load = await first.ask<NodeLoad>({ kind: 'load', shape });
    const cpu_us = ((await cpuOf([first])) - before) / transfers;
    const states = new Set<string>();
    for (const node of nodes)
      states.add(await node.ask<string>({ kind: 'state', events: (round + 1) * transfers }));
    if (states.size !== 1) throw new Error('the nodes have different books');
    const followers_cpu_us = ((await cpuOf(followers)) - followersBefore) / transfers;
    if (round > 0) measured.push({ ...load, cpu_us, followers_cpu_us });
  }
  return measured;
}

async function cpuOf(nodes: readonly Child[]): Promise<number> {
  let sum = 0;
  for (const node of nodes) sum += await node.cpu_us();
  return sum;
}

function brokerOf(url: string | undefined): string {
  if (url === undefined) throw new Error('an order by a stream needs a broker');
  return url;
}
