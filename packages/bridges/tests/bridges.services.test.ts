import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBus, outboxMigrations, type Bus } from '@anarq/bus';
import { openStore, type Store } from '@anarq/store';
import { afterEach, describe, expect, it } from 'vitest';
import { parseBridge, startBridges, type Bridges } from '../src/index.ts';
import { isThere, MOSQUITTO, RABBITMQ, wayTo, type TestBroker } from './brokers.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

const unique = () => `${process.pid}-${Math.random().toString(36).slice(2, 10)}`;

async function world(): Promise<{ store: Store; bus: Bus; emit: typeof emit }> {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-'));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  const store = await openStore({ file: join(folder, 'data.db') });
  undo.push(() => store.close());
  await store.migrate('outbox', outboxMigrations);
  const bus = await createBus({ store, now_ms: Date.now, onError: () => undefined });
  undo.push(() => bus.close());
  const emit = async (ids: readonly string[], topic = 'q.shop.sold.v1', tenant = 'acme') => {
    await store.commit(
      ids.map((id) => ({
        sql: `INSERT INTO kernel_outbox (id, tenant, module, topic, subject, data, record, at_ms)
              VALUES (:id, :tenant, 'shop', :topic, 'order/1', :data, NULL, 1700000000000)`,
        params: { id, tenant, topic, data: JSON.stringify({ id, text: 'Grüße' }) },
      })),
    );
    bus.wake();
  };
  return { store, bus, emit };
}

async function bridge(bus: Bus, ...addresses: string[]): Promise<Bridges> {
  const bridges = await startBridges(addresses.map(parseBridge), bus, () => undefined);
  undo.push(() => bridges.close());
  return bridges;
}

const idsOf = (received: readonly { readonly body: unknown }[]) =>
  received.map(({ body }) => (body as { id: string }).id);

describe.each([RABBITMQ, MOSQUITTO])('a bridge to $name', (broker: TestBroker) => {
  async function listening() {
    const name = unique();
    const listener = await broker.listen(name);
    undo.push(() => listener.close());
    return { ...listener, name };
  }

  it('brings the events of its topics as CloudEvents, in order', async ({ skip }) => {
    if (!(await isThere(broker))) skip();
    const { bus, emit } = await world();
    const { at, received, name } = await listening();
    await bridge(bus, `${broker.url}?${at}&topics=q.shop.*`);
    // What is there before a bridge is asked for is not for it.
    await expect.poll(() => bus.consumers()).toHaveLength(1);
    await emit(['1', '2']);
    await emit(['x'], 'q.other.thing.v1');
    await emit(['3']);
    await expect.poll(() => idsOf(received)).toEqual(['1', '2', '3']);
    expect(received[0]).toMatchObject({
      place: broker.placeOf('q.shop.sold.v1', name),
      contentType: 'application/cloudevents+json; charset=utf-8',
      body: {
        specversion: '1.0',
        id: '1',
        source: '/modules/shop',
        type: 'q.shop.sold.v1',
        subject: 'order/1',
        time: '2023-11-14T22:13:20.000Z',
        datacontenttype: 'application/json',
        qtenant: 'acme',
        data: { id: '1', text: 'Grüße' },
      },
    });
  });

  it('keeps what happens while the broker is away, and goes on where its word ended', async ({
    skip,
  }) => {
    if (!(await isThere(broker))) skip();
    const { bus, emit } = await world();
    const { at, received } = await listening();
    const way = await wayTo(broker);
    undo.push(() => way.close());
    const bridges = await bridge(bus, `${way.url}?${at}&topics=q.shop.*`);
    await expect.poll(() => bridges.states()[0]?.isConnected).toBe(true);
    await emit(['1']);
    await expect.poll(() => idsOf(received)).toEqual(['1']);
    way.cut();
    await expect.poll(() => bridges.states()[0]?.isConnected).toBe(false);
    await emit(['2', '3']);
    way.open();
    // At least once: what the broker had and could not say so may come again, behind nothing newer.
    await expect.poll(() => idsOf(received).at(-1)).toBe('3');
    expect([...new Set(idsOf(received))]).toEqual(['1', '2', '3']);
    expect(await bus.consumers()).toMatchObject([{ dead: 0 }]);
  });

  it('goes on after a restart, and is forgotten when it is no longer asked for', async ({
    skip,
  }) => {
    if (!(await isThere(broker))) skip();
    const { bus, emit } = await world();
    const { at, received } = await listening();
    const address = `${broker.url}?${at}&topics=q.shop.*&tenant=acme&from=start`;
    await emit(['0']);
    const first = await bridge(bus, address);
    await expect.poll(() => idsOf(received)).toEqual(['0']);
    await first.close();
    await emit(['1']);
    await emit(['other'], 'q.shop.sold.v1', 'umbrella');
    const second = await bridge(bus, address);
    await expect.poll(() => idsOf(received)).toEqual(['0', '1']);
    await second.close();
    await bridge(bus);
    expect(await bus.consumers()).toEqual([]);
  });
});

describe('two addresses of one bridge', () => {
  it('are one bridge', async ({ skip }) => {
    if (!(await isThere(MOSQUITTO))) skip();
    const { bus } = await world();
    const address = `${MOSQUITTO.url}?prefix=${unique()}/&topics=q.shop.*`;
    expect((await bridge(bus, address, address)).states()).toHaveLength(1);
  });
});
