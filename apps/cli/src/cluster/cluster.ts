import type { ChildProcess } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fail, QError } from '@anarq/common-schemas';
import { FolderLock } from '@anarq/store/folder';
import type { ChainStatus } from '@anarq/validator';
import { chooseNetwork, type ChosenNetwork } from './chooseNetwork.ts';
import { forkThrough } from './forkThrough.ts';
import {
  foundCluster,
  makeClusterFolder,
  memberSocket,
  readPlan,
  supervisorLog,
  supervisorSocket,
  type ClusterPlan,
  type MemberPlan,
} from './layout.ts';
import type { FromMember } from './messages.ts';
import type { NetworkChoice, NetworkKind } from './network.ts';
import { freePorts } from './ports.ts';
import { callRpc } from './rpc.ts';
import type { MemberStatus, Parts } from './supervisor.ts';

const ENTRY = fileURLToPath(new URL('./supervisorMain.ts', import.meta.url));

/** What a member says of the chain as it has it: in JSON large numbers are decimal strings. */
export type ChainView = {
  readonly [K in keyof ChainStatus]: ChainStatus[K] extends bigint ? string : ChainStatus[K];
};

export interface ClusterStatus {
  readonly pid: number;
  readonly network: NetworkKind;
  readonly members: readonly MemberStatus[];
  readonly parts?: Parts;
}

/** A cluster that runs, spoken to through the sockets in its folder. */
export class Cluster {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  async plan(): Promise<ClusterPlan> {
    return (
      (await readPlan(this.folder)) ??
      fail('STATE_CONFLICT', 'There is no cluster here: ./q cluster up', { state: 'ABSENT' })
    );
  }

  async isUp(): Promise<boolean> {
    if ((await readPlan(this.folder)) === undefined) return false;
    try {
      await this.status();
      return true;
    } catch (error) {
      if (error instanceof QError && error.details?.['state'] === DOWN) return false;
      throw error;
    }
  }

  status(): Promise<ClusterStatus> {
    return this.#supervise('status');
  }

  async start(name: string): Promise<void> {
    await this.#supervise('start', { name });
  }
  async stop(name: string): Promise<void> {
    await this.#supervise('stop', { name });
  }
  async kill(name: string): Promise<void> {
    await this.#supervise('kill', { name });
  }
  async pause(name: string): Promise<void> {
    await this.#supervise('pause', { name });
  }
  async resume(name: string): Promise<void> {
    await this.#supervise('resume', { name });
  }
  async partition(parts: Parts): Promise<void> {
    await this.#supervise('partition', { parts });
  }
  async heal(): Promise<void> {
    await this.#supervise('heal');
  }
  async delay(fixed_ms: number, jitter_ms: number): Promise<void> {
    await this.#supervise('delay', { fixed_ms, jitter_ms });
  }
  /** One more process; it follows the chain until the authority names it a validator. */
  add(): Promise<MemberPlan> {
    return this.#supervise('add');
  }
  async remove(name: string): Promise<void> {
    await this.#supervise('remove', { name });
  }

  /** Ends all processes of it, and waits until they have ended. */
  async down(): Promise<void> {
    const { pid } = await this.status();
    await this.#supervise('down');
    await untilEnded(pid);
  }

  chain(name: string): Promise<ChainView> {
    return this.ask(name, 'chain');
  }

  /** @throws SERVICE_UNAVAILABLE where it does not run */
  ask<T>(name: string, operation: string, input: object = {}): Promise<T> {
    return callRpc(memberSocket(this.folder, name), operation, input, MEMBER_MS);
  }

  async #supervise<T>(operation: string, input: object = {}): Promise<T> {
    try {
      return await callRpc(supervisorSocket(this.folder), operation, input, SUPERVISOR_MS);
    } catch (error) {
      if (!(error instanceof QError) || error.code !== 'SERVICE_UNAVAILABLE') throw error;
      await this.plan();
      throw new QError(
        'STATE_CONFLICT',
        'This cluster is down: ./q cluster up',
        { state: DOWN },
        { cause: error },
      );
    }
  }
}

/** A member that is busy answers late; one that is held not at all. */
const MEMBER_MS = 10_000;
/** It waits for members that start or end. */
const SUPERVISOR_MS = 120_000;
const DOWN = 'DOWN';

const ENDED_MS = 30_000;
const LOOK_MS = 50;

async function untilEnded(pid: number): Promise<void> {
  for (let waited_ms = 0; waited_ms < ENDED_MS; waited_ms += LOOK_MS) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  fail('STATE_CONFLICT', `Process ${pid} has not ended.`, { state: 'ENDING' });
}

export interface ClusterOrder {
  readonly folder: string;
  /** Of a new cluster; one that is there already has its own. */
  readonly nodes: number;
  readonly epoch_ms: number;
  /** Of this start; the next one may have another. */
  readonly network: NetworkChoice;
}

/** Starts the cluster of a folder, and founds it where there is none; it goes on without this process. */
export async function startCluster(order: ClusterOrder): Promise<Cluster> {
  const { folder, nodes, epoch_ms } = order;
  const cluster = new Cluster(folder);
  // Before anything is made, since it may be refused.
  const network = await chooseNetwork(order.network);
  // Two starts at once would each found a chain, and each take some of its ports.
  await makeClusterFolder(folder);
  const lock = new FolderLock(
    folder,
    `Another ./q cluster up is starting the cluster in ${folder}.`,
  );
  try {
    if (await cluster.isUp())
      fail('STATE_CONFLICT', 'This cluster is up already.', { state: 'UP' });
    if ((await readPlan(folder)) === undefined)
      await foundCluster(folder, {
        nodes,
        epoch_ms,
        now_ms: Date.now(),
        ports: await freePorts(nodes),
      });
    await startSupervisor(folder, network);
  } finally {
    lock.release();
  }
  return cluster;
}

/** Starts it, and waits until all members run; Ctrl-C meanwhile ends them. */
async function startSupervisor(folder: string, network: ChosenNetwork): Promise<void> {
  let child: ChildProcess | undefined;
  let isInterrupted = false;
  const interrupt = (): void => {
    isInterrupted = true;
    child?.kill('SIGTERM');
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    child = forkSupervisor(folder, network);
    await untilReady(child);
  } catch (error) {
    if (isInterrupted) return fail('CANCELLED', 'The start was stopped; no node runs.');
    throw error;
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
  child.unref();
  if (child.connected) child.disconnect();
}

function forkSupervisor(folder: string, { kind, through }: ChosenNetwork): ChildProcess {
  const log = openSync(supervisorLog(folder), 'a', 0o600);
  try {
    return forkThrough(through, [ENTRY, folder, kind], {
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
    });
  } finally {
    closeSync(log);
  }
}

async function untilReady(child: ChildProcess): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // Only supervisorMain.ts sends on this channel.
  child.once('message', (message) => {
    const news = message as FromMember;
    if (news.kind === 'ready') resolve();
    else reject(new QError('STATE_CONFLICT', news.message, { state: 'FAILED' }));
  });
  child.once('exit', (code, signal) =>
    reject(
      new QError('STATE_CONFLICT', `The supervisor ended with ${signal ?? code}.`, {
        state: 'FAILED',
      }),
    ),
  );
  await promise;
}
