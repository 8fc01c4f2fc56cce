import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBus, outboxMigrations, type BusEvent } from '@anarq/bus';
import { openStore } from '@anarq/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseBridge, startBridges, type BridgeOrder } from '../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'bridge-'));
let store: Awaited<ReturnType<typeof openStore>>;
let bus: Awaited<ReturnType<typeof createBus>>;
beforeAll(async () => {
  store = await openStore({ file: join(folder, 'data.db') });
  await store.migrate('outbox', outboxMigrations);
  bus = await createBus({ store, now_ms: Date.now, onError: () => undefined });
});
afterAll(async () => {
  await bus.close();
  await store.close();
  rmSync(folder, { recursive: true });
});

type Kind = BridgeOrder['kind'];

/** A bridge to a broker that is made up, so that it can do what no real one does when asked. */
const to = (connect: Kind['connect']): BridgeOrder => {
  const order = parseBridge('mqtt://mq.example?topics=q.*&from=start');
  return { ...order, kind: { ...order.kind, connect } };
};

describe('a bridge', () => {
  it('is none where none is asked for', async () => {
    const bridges = await startBridges([], bus, () => undefined);
    expect(bridges.states()).toEqual([]);
    await bridges.close();
  });

  it('ends although its broker neither takes the connection nor refuses it', async () => {
    const bridges = await startBridges([to(() => new Promise(() => {}))], bus, () => undefined);
    expect(bridges.states()).toMatchObject([{ isConnected: false }]);
    await bridges.close();
  });

  it('ends although its broker never confirms, and brings the event again next time', async () => {
    await store.commit([
      {
        sql: `INSERT INTO kernel_outbox (id, tenant, module, topic, subject, data, record, at_ms)
              VALUES ('1', 'acme', 'shop', 'q.shop.sold.v1', '', '{}', NULL, 1700000000000)`,
      },
    ]);
    const brought: string[] = [];
    const broker = (isDeaf: boolean) =>
      to(async () => {
        const { promise: lost, resolve } = Promise.withResolvers<void>();
        return {
          lost,
          publish: (event: BusEvent) => {
            brought.push(event.id);
            return isDeaf ? lost.then(() => Promise.reject(new Error('lost'))) : Promise.resolve();
          },
          close: async () => resolve(),
        };
      });
    const deaf = await startBridges([broker(true)], bus, () => undefined);
    await expect.poll(() => brought).toEqual(['1']);
    await deaf.close();
    const hearing = await startBridges([broker(false)], bus, () => undefined);
    await expect.poll(() => brought).toEqual(['1', '1']);
    await hearing.close();
    expect(await bus.consumers()).toMatchObject([{ dead: 0 }]);
  });
});
