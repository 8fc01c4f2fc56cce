import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chainIdOf, hexOf } from '@anarq/dag';
import type { Genesis } from '@anarq/dag';
import { openValidator } from '@anarq/validator';
import type { Validator } from '@anarq/validator';
import { Person } from '@anarq/validator/testing';
import { expect, it, onTestFinished } from 'vitest';
import { defaultLimits, startPeerNetwork } from '../src/index.ts';
import type { OwnPeerNetwork } from '../src/index.ts';
import { FaultMesh } from '../src/testing/index.ts';
import { seedOf } from './peers.ts';

const NAMES = ['v0', 'v1', 'v2', 'v3'] as const;
const FUNDS = 1_000_000n;

interface Up {
  readonly network: OwnPeerNetwork;
  readonly validator: Validator;
}

/** Four validators with real keys and files, whose connections all pass proxies. */
class Cluster {
  readonly ana = new Person(seedOf('ana'));
  readonly ben = new Person(seedOf('ben'));
  readonly mesh = new FaultMesh(11);
  readonly up: Up[] = [];
  readonly genesis: Genesis;

  constructor() {
    const authority = new Person(seedOf('authority'));
    this.genesis = {
      name: 'over sockets',
      time_ms: Date.now() - 1_000,
      validators: NAMES.map((name) => new Person(seedOf(name)).publicKey),
      authority: authority.account,
      treasury: authority.account,
      fee_min: 1n,
      accounts: [authority, this.ana, this.ben].map(({ account: id, publicKey }) => ({
        id,
        publicKey,
        balance: FUNDS,
      })),
    };
  }

  get chainId(): string {
    return hexOf(chainIdOf(this.genesis));
  }

  async start(): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'q-p2p-'));
    onTestFinished(async () => {
      for (const { validator, network } of this.up) {
        await validator.close();
        await network.close();
      }
      await this.mesh.close();
      await rm(folder, { recursive: true, force: true });
    });
    for (const name of NAMES) {
      const network = await this.listen(name);
      await this.mesh.add({ name, address: network.address });
      const validator = await openValidator({
        folder: join(folder, name),
        genesis: this.genesis,
        seed: seedOf(name),
        network,
        settings: { checkpoint_ms: 300, listenFirst_ms: 0 },
      });
      this.up.push({ network, validator });
    }
    for (const [at, name] of NAMES.entries()) {
      for (const [other, { network }] of this.up.entries()) {
        const address = this.mesh.addressFor(name, NAMES[other] ?? '');
        if (address !== undefined) {
          this.at(at).network.addPeer({ publicKey: network.publicKey, address });
        }
      }
    }
  }

  listen(name: string): Promise<OwnPeerNetwork> {
    return startPeerNetwork({
      seed: seedOf(name),
      chainId: this.chainId,
      listen: '127.0.0.1:0',
      peers: [],
      discover: false,
      // A partition is seen within a second, and several processes' work shares two cores.
      limits: { ...defaultLimits, ping_ms: 300, silence_ms: 2_000 },
    });
  }

  at(at: number): Up {
    const up = this.up[at];
    if (up === undefined) throw new RangeError(`no validator ${at}`);
    return up;
  }

  /** Hands a transfer in at one validator; its id. */
  async pay(at: number, amount: bigint): Promise<string> {
    const entry = this.ana.sign(this.chainId, this.ana.pay(this.ben.account, amount));
    const [id = ''] = await this.at(at).validator.submit(entry);
    return id;
  }
}

const patient = { timeout: 60_000 };

const isFinal = (cluster: Cluster, at: number, id: string): boolean =>
  cluster.at(at).validator.status(id)?.state === 'Finalized';

it('four validators over sockets go on without one that is cut off, and agree when it is healed', async () => {
  const cluster = new Cluster();
  await cluster.start();
  const first = await cluster.pay(0, 10n);
  await expect
    .poll(() => [...NAMES.keys()].every((at) => isFinal(cluster, at, first)), patient)
    .toBe(true);

  cluster.mesh.partition(['v3']);
  const without = await cluster.pay(1, 20n);
  await expect
    .poll(() => [0, 1, 2].every((at) => isFinal(cluster, at, without)), patient)
    .toBe(true);
  await expect.poll(() => cluster.at(3).network.connected(), { timeout: 30_000 }).toEqual([]);
  expect(cluster.at(3).validator.status(without)?.state).not.toBe('Finalized');

  cluster.mesh.heal();
  await expect.poll(() => isFinal(cluster, 3, without), patient).toBe(true);
  const last = await cluster.pay(3, 30n);
  await expect
    .poll(() => [...NAMES.keys()].every((at) => isFinal(cluster, at, last)), patient)
    .toBe(true);
  const { balance } = cluster.at(3).validator.account(cluster.ben.account) ?? {};
  expect(balance).toBe(FUNDS + 60n);
  await expect
    .poll(
      () => new Set(cluster.up.map(({ validator }) => validator.chain().finalized.stateRoot)).size,
      patient,
    )
    .toBe(1);
  for (const { network } of cluster.up) {
    expect(network.peers().map(({ score }) => score)).toEqual([0, 0, 0]);
  }
}, 240_000);
