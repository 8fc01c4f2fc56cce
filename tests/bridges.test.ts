import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNode } from '@anarq/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { q } from './qCommand.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'q-bridges-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const start = (...bridges: string[]) =>
  startNode({
    dataFolder: join(folder, 'data'),
    keysFolder: join(folder, 'keys'),
    port: 0,
    version: '0.0.0-test',
    bridges,
  });

describe('a bridge whose broker is not there', () => {
  it('does not hold up the node, keeps its place, and is let go when it is not named again', async () => {
    const node = await start('mqtt://127.0.0.1:9?topics=q.node.*,q.squid.*');
    const { events, telemetry } = node.kernel;
    await expect.poll(() => events.consumers()).not.toHaveLength(0);
    const isBridge = ({ consumer }: { consumer: string }) => consumer.startsWith('bridge/mqtt/');
    const [bridge] = (await events.consumers()).filter(isBridge);
    expect(bridge).toMatchObject({ dead: 0 });
    expect(await telemetry.text()).toContain(`q_bridge_connected{bridge="${bridge?.consumer}"} 0`);
    await node.close();
    const again = await start();
    expect((await again.kernel.events.consumers()).filter(isBridge)).toEqual([]);
    await again.close();
  });

  it('is refused where its address is none, before anything is opened', async () => {
    const where = ['--data', join(folder, 'none'), '--keys', join(folder, 'none-keys')];
    const refused = await q('up', '--port', '0', '--bridge', 'kafka://x?topics=q.*', ...where);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/INPUT_INVALID.*amqp:\/\//);
  });
});
