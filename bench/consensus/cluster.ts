import type { ChainStatus } from '@anarq/validator';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Child } from '../measuring/child.ts';
import type { Cast } from './cast.ts';
import { LANES_MAX, type Shape } from './shapes.ts';
import type { SentBlocks, SideArgument, SideLoad, SidePeer } from './validatorSide.ts';

const SCRIPT = new URL('./validatorSide.ts', import.meta.url);
const START_MS_MAX = 180_000;

/** What all validators together did with one load. */
export interface ClusterLoad {
  readonly transactions: number;
  readonly duration_ms: number;
  readonly commit_ms: readonly number[];
  readonly finality_ms: readonly number[];
  readonly sent_bytes: number;
  /** Bytes of blocks that were sent because somebody asked, for each byte that was sent as it was said. */
  readonly again: number;
  readonly cpu_us: number;
}

/** Validators in processes of their own, over TCP and TLS on loopback, with their logs on the disk. */
export class Cluster {
  readonly cast: Cast;
  readonly #folder: string;
  readonly #children: Child[] = [];
  #peers: SidePeer[] = [];

  private constructor(folder: string, validators: number) {
    this.#folder = folder;
    this.cast = { validators, accounts: LANES_MAX, time_ms: Date.now() };
  }

  static async start(folder: string, validators: number): Promise<Cluster> {
    const cluster = new Cluster(folder, validators);
    for (let at = 0; at < validators; at++)
      cluster.#children.push(cluster.#spawn(at, '127.0.0.1:0'));
    cluster.#peers = await cluster.#all<SidePeer>({ kind: 'address' });
    await cluster.#all({ kind: 'meet', peers: cluster.#peers });
    await cluster.until('all commit', ({ commits }) => commits > 5);
    return cluster;
  }

  #spawn(at: number, listen: string): Child {
    const folder = join(this.#folder, `${this.cast.validators}-${at}`);
    const argument: SideArgument = { cast: this.cast, at, folder, listen };
    return new Child(SCRIPT, argument);
  }

  child(at: number): Child {
    const child = this.#children[at];
    if (child === undefined) throw new RangeError(`there is no validator ${at}`);
    return child;
  }

  #all<T>(order: unknown): Promise<T[]> {
    return Promise.all(this.#children.map((child) => child.ask<T>(order)));
  }

  chain(at: number): Promise<ChainStatus> {
    return this.child(at).ask<ChainStatus>({ kind: 'chain' });
  }

  /** Waits until something is so at all of these validators. */
  async until(
    what: string,
    isSo: (chain: ChainStatus) => boolean,
    of: readonly number[] = [...this.#children.keys()],
  ): Promise<void> {
    const end_ms = Date.now() + START_MS_MAX;
    for (const at of of)
      while (!isSo(await this.chain(at))) {
        if (Date.now() > end_ms) throw new Error(`waited in vain until ${what} at validator ${at}`);
        await setTimeout(10);
      }
  }

  async load(shape: Shape, share: number): Promise<ClusterLoad> {
    await this.#all({ kind: 'prepare', shape, share });
    const [sent, cpu, before] = [await this.#sent(), await this.cpu_us(), await this.#sentBlocks()];
    const loads = await this.#all<SideLoad>({ kind: 'load' });
    const after = await this.#sentBlocks();
    return {
      transactions: loads.reduce((sum, { transactions }) => sum + transactions, 0),
      duration_ms: Math.max(...loads.map(({ duration_ms }) => duration_ms)),
      commit_ms: loads.flatMap(({ commit_ms }) => commit_ms),
      finality_ms: loads.flatMap(({ finality_ms }) => finality_ms),
      sent_bytes: (await this.#sent()) - sent,
      again: (after.again_bytes - before.again_bytes) / (after.said_bytes - before.said_bytes),
      cpu_us: (await this.cpu_us()) - cpu,
    };
  }

  /** Microseconds of CPU that all processes took since they began. */
  async cpu_us(): Promise<number> {
    return sum(await Promise.all(this.#children.map((child) => child.cpu_us())));
  }

  async #sentBlocks(): Promise<SentBlocks> {
    const each = await this.#all<SentBlocks>({ kind: 'sentBlocks' });
    return {
      said_bytes: sum(each.map(({ said_bytes }) => said_bytes)),
      again_bytes: sum(each.map(({ again_bytes }) => again_bytes)),
    };
  }

  async #sent(): Promise<number> {
    return sum(await this.#all<number>({ kind: 'sent' }));
  }

  /** Milliseconds of CPU a second that each takes while nobody hands anything in. */
  async idle(watched_ms: number): Promise<number> {
    const [before, began_ms] = [await this.cpu_us(), performance.now()];
    await setTimeout(watched_ms);
    const took_us = (await this.cpu_us()) - before;
    return took_us / (performance.now() - began_ms) / this.cast.validators;
  }

  /** Kills a validator. */
  async kill(at: number): Promise<void> {
    await this.child(at).kill();
  }

  /** Starts it again, on its folder and its port, and waits until it is with the others. */
  async restart(at: number): Promise<void> {
    const address = this.#peers[at]?.address ?? '';
    this.#children[at] = this.#spawn(at, address);
    await this.child(at).ask({ kind: 'meet', peers: this.#peers });
    const other = await this.chain((at + 1) % this.cast.validators);
    await this.until('it has caught up', ({ commits }) => commits >= other.commits, [at]);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.stop()));
  }
}

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);
