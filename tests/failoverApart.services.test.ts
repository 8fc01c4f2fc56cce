import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, http, keys } from '@anarq/common-clients';
import { node as nodeModule } from '@anarq/node-module/contract';
import { qwallet } from '@anarq/qwallet/contract';
import { isOnPostgres } from '@anarq/store/testing';
import { startNodeProcess, type NodeProcess } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePort, MONEY } from './apartWorld.ts';
import { buy, look, outcomeOf } from './purchaseKills.ts';
import { clientOf, peopled, removeWorld, type PurchaseWorld } from './purchaseWorld.ts';

const PATIENT = { timeout: 90_000, interval: 200 };

/**
 * The process that keeps the money has two addresses. Where its store is on a server, another waits
 * there to take over; where it is a file, somebody starts it at the other address.
 */
describe('a module with two addresses', () => {
  let folder: string;
  let front: NodeProcess;
  let first: NodeProcess;
  let second: Promise<NodeProcess> | undefined;
  let urls: readonly string[];
  let world: PurchaseWorld;

  const startMoney = (port: number, how: object = {}) =>
    startNodeProcess({
      dataFolder: join(folder, 'money'),
      keysFolder: join(folder, 'keys'),
      modules: MONEY,
      port,
      ...how,
    });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'q-failover-'));
    const ports = [await freePort(), await freePort()] as const;
    urls = ports.map((port) => `http://127.0.0.1:${port}`);
    first = await startMoney(ports[0], { killAt: 'after-step qwallet.reserve hold' });
    const takeOver = () =>
      isOnPostgres()
        ? // The books of the ledger lie in the folder: whoever takes over needs the same one.
          startMoney(ports[1], { standby: true })
        : first.exited.then(() => startMoney(ports[1]));
    second = takeOver();
    front = await startNodeProcess({
      dataFolder: join(folder, 'data'),
      keysFolder: join(folder, 'keys'),
      remotes: Object.fromEntries(MONEY.map((name) => [name, urls])),
    });
    world = await peopled(front.address, folder);
  }, 240_000);
  afterAll(async () => {
    await front.stop();
    await (await second)?.stop();
    await removeWorld(world);
  });

  it('goes on at the other when the one dies within a purchase, which ends exactly once', async () => {
    await buy(front, world, false);
    expect(await first.exited).toBe('SIGKILL');
    await second;
    await vi.waitFor(async () => {
      const { status } = await clientOf(front.address, world.buyer).result(qwallet.accounts, {});
      expect(status).toBe('ok');
    }, PATIENT);
    const found = await look(front, world);
    expect(outcomeOf(found), JSON.stringify(found)).toBe('bought');
  }, 240_000);

  it('spares the dead one, and says so in its health, its metrics and its status', async () => {
    const [dead = '', alive = ''] = urls;
    const { url, node, operator } = front.address;
    const client = createClient({
      contracts: [nodeModule],
      transport: http({
        url,
        credentials: keys({ did: operator, seed: world.operatorSeed, nodeDid: node }),
      }),
    });
    const buyer = clientOf(front.address, world.buyer);
    await vi.waitFor(async () => {
      await buyer.call(qwallet.accounts, {});
      const { remotes } = await client.call(nodeModule.status, {});
      expect(remotes.find(({ target }) => target === dead)).toMatchObject({
        modules: MONEY,
        breaker: 'open',
        problem: expect.stringContaining('cannot be asked'),
      });
      expect(remotes.find(({ target }) => target === alive)).toMatchObject({ breaker: 'closed' });
    }, PATIENT);
    const health = (await (await fetch(`${url}/health`)).json()) as {
      dependencies: Record<string, { status: string; latency: number; lastCheck: string }>;
    };
    expect(health).toMatchObject({ status: 'degraded' });
    expect(health.dependencies[`qwallet+ledger at ${dead}`]?.status).toBe('down');
    expect(health.dependencies[`qwallet+ledger at ${alive}`]?.status).toBe('up');
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const value = (name: string, target: string) =>
      Number(new RegExp(`^${name}\\{target="${target}"\\} (\\S+)$`, 'm').exec(metrics)?.[1]);
    expect(value('q_remote_breaker_state', dead)).toBe(2);
    expect(value('q_remote_breaker_state', alive)).toBe(0);
    expect(value('q_remote_breaker_opened_total', dead)).toBeGreaterThan(0);
    expect(value('q_remote_retries_total', dead)).toBeGreaterThan(0);
    expect(value('q_remote_calls_running', alive)).toBe(0);
    expect(value('q_remote_calls_running_max', alive)).toBeGreaterThan(0);
  }, 240_000);
});
